/** What opening a log does before anything is appended: finds its tip, verifies its end, and cuts a torn write off. */
import { fsyncSync, ftruncateSync } from "node:fs";
import { type ChainTip, MAX_LINE_BYTES } from "../../../control/audit/line.ts";
import { type LogReport, LogVerifier } from "../../../control/audit/verify.ts";
import { writeAtomic } from "../files.ts";
import { LogFailure } from "./failure.ts";
import { readAt, type Segment, withFile } from "./segments.ts";
import { NATIVE_SHA256 } from "./sha256.ts";

/** How much of the last segment is verified at most: no more than a fraction of a second. */
const VERIFIED_BYTES = 67_108_864;
const CHUNK_BYTES = 1_048_576;
const TAIL_BYTES = 65_536;
const LINE_BREAK = 0x0a;

export interface Recovered {
  tip: ChainTip;
  /** Bytes of the last segment that verified. */
  bytes: number;
  /** What was cut off behind them. */
  cutBytes: number;
}

function verifyFrom(descriptor: number, from: number, size: number, start: ChainTip | null): LogReport {
  const verifier = new LogVerifier({ start, offset: from, sha256: NATIVE_SHA256 });
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let at = from; at < size; ) {
    const count = readAt(descriptor, buffer, at);
    if (count === 0) break;
    at += count;
    if (!verifier.push(buffer.subarray(0, count))) break;
  }
  return verifier.finish();
}

/** Where the first line begins that starts within the last `window` bytes; 0 for the file's start, -1 when none does. */
function lineStart(descriptor: number, size: number, window: number): number {
  const from = size - window;
  if (from <= 0) return 0;
  const buffer = Buffer.allocUnsafe(TAIL_BYTES);
  for (let at = from; at < size; at += TAIL_BYTES) {
    const count = readAt(descriptor, buffer, at);
    const found = buffer.subarray(0, count).indexOf(LINE_BREAK);
    if (found >= 0) return at + found + 1 < size ? at + found + 1 : -1;
  }
  return -1;
}

/** The tip behind a segment that is no longer written to, from its last lines: it must end with a whole, true line. */
export function tipOfSealed({ path }: Segment): ChainTip {
  return withFile(path, "r", (descriptor, size) => {
    for (let window = TAIL_BYTES; ; window *= 4) {
      const from = lineStart(descriptor, size, window);
      if (from < 0 && window < 2 * MAX_LINE_BYTES) continue;
      const { fault, tip } = verifyFrom(descriptor, Math.max(from, 0), size, null);
      if (fault !== null) {
        throw new LogFailure("log_bad_tail", `${path}, byte ${fault.offset}: ${fault.message}`, fault.help);
      }
      if (tip === null) throw new LogFailure("log_bad_tail", `${path} holds no record`);
      return tip;
    }
  });
}

/** Bytes of a torn write, without the zeros that some file systems leave behind them. */
function tornBytes(descriptor: number, from: number, size: number): Uint8Array {
  const bytes = Buffer.alloc(size - from);
  readAt(descriptor, bytes, from);
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}

/**
 * Verifies the end of the last segment and cuts off a last line without its end, which was never acknowledged; its bytes are kept in
 * `SEGMENT.torn-OFFSET`. What is left is durable. Any other fault is `log_bad_tail`, and nothing is touched.
 * @param start where its chain begins.
 * @throws LogFailure, or the file system's error.
 */
export async function recoverTail({ path }: Segment, start: ChainTip): Promise<Recovered> {
  const found = withFile(path, "r", (descriptor, size) => {
    const from = Math.max(0, lineStart(descriptor, size, VERIFIED_BYTES));
    const report = verifyFrom(descriptor, from, size, from === 0 ? start : null);
    const { fault } = report;
    if (fault !== null && fault.code !== "line_torn") {
      throw new LogFailure("log_bad_tail", `${path}, byte ${fault.offset}: ${fault.message}`, fault.help);
    }
    const torn = fault === null ? null : tornBytes(descriptor, report.end, size);
    return { ...report, size, torn };
  });
  if (found.torn !== null && found.torn.length > 0)
    await writeAtomic(`${path}.torn-${found.end}`, found.torn, { mode: 0o600 });
  withFile(path, "r+", (descriptor) => {
    if (found.torn !== null) ftruncateSync(descriptor, found.end);
    // Whole lines of a process that was killed before it could synchronise them count from now on, so they must be durable.
    fsyncSync(descriptor);
  });
  return { tip: found.tip ?? start, bytes: found.end, cutBytes: found.size - found.end };
}
