/**
 * How much of the log the state store holds: one value under one key, in one encoding, written with the states themselves.
 *
 *     {"hash":"<64 hex digits>","sequence":7,"version":1}
 *
 * `sequence`: of the next record that is not applied; `hash`: of the last one that is, zeros before the first.
 */
import type { ChainTip } from "../ports.ts";

export const APPLIED_KEY = "meta/applied";
/** Of the state's meaning in the store: other versions are refused. */
const VERSION = 1;

const TEXT = /^\{"hash":"([0-9a-f]{64})","sequence":(0|[1-9][0-9]{0,15}),"version":1\}$/;
const ANY_VERSION = /"version":([1-9][0-9]{0,8})\}$/;
/** While all of the state is made anew from the log. */
const REBUILDING = "rebuilding";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeApplied({ sequence, previous }: ChainTip): Uint8Array {
  return encoder.encode(`{"hash":"${toHex(previous)}","sequence":${sequence},"version":${VERSION}}`);
}

export function encodeRebuilding(): Uint8Array {
  return encoder.encode(REBUILDING);
}

export type Applied =
  | { readonly kind: "applied"; readonly tip: ChainTip }
  | { readonly kind: "rebuilding" }
  | { readonly kind: "version"; readonly version: number }
  | { readonly kind: "malformed" };

export function decodeApplied(bytes: Uint8Array): Applied {
  const text = decoder.decode(bytes);
  if (text === REBUILDING) return { kind: "rebuilding" };
  const version = Number(ANY_VERSION.exec(text)?.[1] ?? VERSION);
  if (version !== VERSION) return { kind: "version", version };
  const fields = TEXT.exec(text);
  const sequence = Number(fields?.[2]);
  if (fields === null || !Number.isSafeInteger(sequence)) return { kind: "malformed" };
  return { kind: "applied", tip: { sequence, previous: fromHex(fields[1]!) } };
}

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) =>
    Number.parseInt(text.slice(2 * index, 2 * index + 2), 16),
  );
}
