/** Reads the records of a log folder, verified, without holding it: for its owner, and for those who only look. */
import { open } from "node:fs/promises";
import { hexToBytes } from "@noble/hashes/utils.js";
import { genesis, LINE_HEAD, RECORD_AT } from "../../../control/audit/line.ts";
import { LogVerifier } from "../../../control/audit/verify.ts";
import type { ChainTip, SealedRecord } from "../../../control/ports.ts";
import { LogFailure } from "./failure.ts";
import { listSegments, type Segment, segmentOf } from "./segments.ts";
import { NATIVE_SHA256 } from "./sha256.ts";

const CHUNK_BYTES = 1_048_576;

export interface ReadOptions {
  /** Sequence of the first record that is wanted. */
  from: number;
  /** Sequence behind the last one; null: whatever is whole in the files, for who does not write them. */
  to: number | null;
}

function sealedAt(sequence: number, bytes: Uint8Array, start: number, end: number): SealedRecord {
  const digits = Buffer.from(bytes.buffer, bytes.byteOffset + start + LINE_HEAD.length, 64);
  return {
    sequence,
    record: new Uint8Array(bytes.subarray(start + RECORD_AT, end - 1)),
    hash: hexToBytes(digits.toString("latin1")),
  };
}

/**
 * Records of one segment from `from` on, in lists of about 1 MiB. `start` is where its chain begins, null to take that from the
 * segment. With `last`, an unfinished line at the end is left out: somebody may be writing it.
 * @returns where the chain goes on behind it.
 */
async function* readSegment(
  segment: Segment,
  start: ChainTip | null,
  { from, to }: ReadOptions,
  last: boolean,
): AsyncGenerator<SealedRecord[], ChainTip | null> {
  let found: SealedRecord[] = [];
  let done = false;
  const verifier = new LogVerifier({
    start,
    sha256: NATIVE_SHA256,
    onRecord: (sequence, bytes, begin, end) => {
      if (to !== null && sequence >= to) done = true;
      else if (sequence >= from) found.push(sealedAt(sequence, bytes, begin, end));
    },
  });
  const handle = await open(segment.path, "r");
  try {
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let at = 0, going = true; going && !done; ) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) break;
      at += bytesRead;
      going = verifier.push(buffer.subarray(0, bytesRead));
      if (found.length > 0) yield found;
      found = [];
    }
  } finally {
    await handle.close();
  }
  const { fault, tip } = verifier.finish();
  if (fault !== null && !done && !(last && fault.code === "line_torn")) {
    const place = `${segment.path}:${fault.line}`;
    throw new LogFailure("log_damaged", `${place}: ${fault.message} (${fault.code})`, fault.help);
  }
  return tip;
}

/**
 * Records in order. Rejects with LogFailure: `log_pruned` for a sequence that is no longer kept, `log_damaged` where the chain does
 * not hold; or with the file system's error.
 */
export async function* readRecords(folder: string, options: ReadOptions): AsyncGenerator<SealedRecord> {
  const segments = listSegments(folder);
  if (options.to !== null && options.from >= options.to) return;
  const begin = segmentOf(segments, options.from);
  if (begin < 0) {
    const kept = segments[0]?.first;
    if (kept === undefined) return;
    throw new LogFailure("log_pruned", `sequence ${options.from}, the first one kept is ${kept}`);
  }
  let tip: ChainTip | null = segments[begin]!.first === 0 ? genesis() : null;
  for (let index = begin; index < segments.length; index++) {
    const segment = segments[index]!;
    if (tip !== null && tip.sequence !== segment.first) {
      const text = `${segment.path} begins at ${segment.first}, the segment before it ends at ${tip.sequence - 1}`;
      throw new LogFailure(
        "log_damaged",
        text,
        "a segment is missing or was renamed; restore it from a copy",
      );
    }
    if (options.to !== null && segment.first >= options.to) return;
    const lists = readSegment(segment, tip, options, index === segments.length - 1);
    for (let list = await lists.next(); ; list = await lists.next()) {
      if (list.done === true) {
        tip = list.value;
        break;
      }
      yield* list.value;
    }
  }
}
