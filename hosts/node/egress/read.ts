/** Reading what a parser asks for, within a time. */
import { fault, type Parsed } from "../../../gateway/egress/faults.ts";
import { findHeadEnd } from "../../../gateway/egress/fields.ts";
import { HEAD_MS } from "../../../gateway/egress/limits.ts";
import { type ByteStream, Gone } from "./stream.ts";

/** What more is waited for until: a head that comes byte by byte has no more time than another. */
class Deadline {
  readonly #endMs: number;

  constructor(limitMs: number) {
    this.#endMs = performance.now() + limitMs;
  }

  get leftMs(): number {
    return Math.max(0, this.#endMs - performance.now());
  }
}

/** Parses what comes until it is whole. Nothing is taken. Rejects with Gone when it ends before. */
export async function readParsed<T>(
  stream: ByteStream,
  parse: (bytes: Uint8Array) => Parsed<T> | null,
): Promise<Parsed<T>> {
  const deadline = new Deadline(HEAD_MS);
  for (;;) {
    const read = parse(stream.pending);
    if (read !== null) return read;
    const came = await stream.more(deadline.leftMs);
    if (came === null) return fault("head_slow");
    if (!came) throw new Gone("the connection ended within a message");
  }
}

/** A head of HTTP, taken. Rejects with Gone when the connection ends before it does. */
export async function readHead(stream: ByteStream, limitMs = HEAD_MS): Promise<Parsed<Uint8Array>> {
  const deadline = new Deadline(limitMs);
  let from = 0;
  for (;;) {
    const found = findHeadEnd(stream.pending, from);
    if (!found.ok) return found;
    if (found.value.end !== -1) return { ok: true, value: stream.take(found.value.end) };
    from = found.value.next;
    const came = await stream.more(deadline.leftMs);
    if (came === null) return fault("head_slow");
    if (!came) throw new Gone("the connection ended within a head");
  }
}
