/** Heads read as the sockets' side does, of bytes that come in any pieces. */
import { fromLatin1 } from "../../../gateway/egress/bytes.ts";
import { findHeadEnd } from "../../../gateway/egress/fields.ts";
import { parseRequest, requestText, resolveBound } from "../../../gateway/egress/request.ts";

/** Of what is one character for each byte, and UTF-8 beyond that. */
export function bytesOf(text: string): Uint8Array {
  return /^[\x00-\xff]*$/.test(text) ? fromLatin1(text) : new TextEncoder().encode(text);
}

export type Read = { fault: string } | { forwards: string; rest: number } | null;

/** Null: more is needed. `ends`: how many bytes are there at each look. */
export function readInPieces(bytes: Uint8Array, ends: readonly number[]): Read {
  let from = 0;
  for (const end of ends) {
    const found = findHeadEnd(bytes.subarray(0, end), from);
    if (!found.ok) return { fault: found.fault };
    from = found.value.next;
    if (found.value.end === -1) continue;
    const head = parseRequest(bytes.subarray(0, found.value.end));
    if (!head.ok) return { fault: head.fault };
    const bound = resolveBound(head.value, null, 80);
    if (!bound.ok) return { fault: bound.fault };
    return { forwards: requestText(head.value, bound.value, 80), rest: bytes.length - found.value.end };
  }
  return null;
}

export function readWhole(bytes: Uint8Array): Read {
  return readInPieces(bytes, [bytes.length]);
}
