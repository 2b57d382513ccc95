/** Bodies from one side to the other, framed anew. */
import { CHUNK_END, ChunkedDecoder, chunkHead, LAST_CHUNK } from "../../../gateway/egress/chunked.ts";
import type { FaultCode } from "../../../gateway/egress/faults.ts";
import type { Framing } from "../../../gateway/egress/fields.ts";
import { type ByteStream, Gone } from "./stream.ts";

/** A body that is not what its head said. */
export class BodyFault extends Error {
  readonly fault: FaultCode;

  constructor(fault: FaultCode) {
    super(fault);
    this.fault = fault;
  }
}

/** The body's data as it comes. Takes nothing behind its end. Throws BodyFault, or Gone when the sender ends too early. */
async function* dataOf(from: ByteStream, framing: Framing): AsyncGenerator<readonly Uint8Array[]> {
  let left = framing.kind === "length" ? framing.bytes : Number.POSITIVE_INFINITY;
  const decoder = framing.kind === "chunked" ? new ChunkedDecoder() : null;
  while (framing.kind !== "none" && left > 0) {
    const chunk = await from.next();
    if (chunk === null) {
      if (framing.kind === "close") return;
      throw new Gone("the connection ended within a body");
    }
    if (decoder === null) {
      const part = chunk.subarray(0, left);
      from.unshift(chunk.subarray(part.length));
      left -= part.length;
      yield [part];
      continue;
    }
    const decoded = decoder.push(chunk);
    if (!decoded.ok) throw new BodyFault(decoded.fault);
    const { data, end } = decoded.value;
    if (end !== null) from.unshift(chunk.subarray(end));
    if (data.length > 0) yield data;
    if (end !== null) return;
  }
}

/** Copies a body. @param framing as it comes. @param as as it goes on. @returns bytes of data. */
export async function copyBody(
  from: ByteStream,
  to: ByteStream,
  framing: Framing,
  as: Framing,
): Promise<number> {
  let total = 0;
  for await (const data of dataOf(from, framing)) {
    let waiting: Promise<void> | undefined;
    to.socket.cork();
    for (const part of data) {
      total += part.length;
      if (as.kind === "chunked") to.write(chunkHead(part.length))?.catch(() => {});
      waiting = to.write(part);
      if (as.kind === "chunked") {
        waiting?.catch(() => {});
        waiting = to.write(CHUNK_END);
      }
    }
    to.socket.uncork();
    await waiting;
  }
  if (as.kind === "chunked") await to.write(LAST_CHUNK);
  return total;
}
