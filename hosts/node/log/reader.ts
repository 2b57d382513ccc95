/** Reads the records of a log folder, verified, without holding it: for its owner, and for those who only look. */
import { type FileHandle, open } from "node:fs/promises";
import { isFramed, LINE_HEAD, RECORD_AT, readHash } from "../../../control/audit/line.ts";
import { LogVerifier } from "../../../control/audit/verify.ts";
import type { ChainTip, SealedRecord } from "../../../control/ports.ts";
import { LogFailure } from "./failure.ts";
import { type Kept, keptSegments, type Segment, segmentOf } from "./segments.ts";
import { NATIVE_SHA256 } from "./sha256.ts";

const CHUNK_BYTES = 1_048_576;
const LINE_BREAK = 0x0a;

export interface ReadOptions {
  /** Sequence of the first record that is wanted. */
  from: number;
  /** Sequence behind the last one; null: whatever is whole in the files, for who does not write them. */
  to: number | null;
}

/** The record of a framed line, in memory of its own. */
export function sealedAt(sequence: number, bytes: Uint8Array, start: number, end: number): SealedRecord {
  return {
    sequence,
    record: new Uint8Array(bytes.subarray(start + RECORD_AT, end - 1)),
    hash: readHash(bytes, start + LINE_HEAD.length),
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

function missing(segment: Segment, sequence: number): LogFailure {
  const text = `${segment.path} begins at ${segment.first}, what is before it ends at ${sequence - 1}`;
  return new LogFailure("log_damaged", text, "a segment is missing or was renamed; restore it from a copy");
}

/**
 * Records in order. Rejects with LogFailure: `log_pruned` for a sequence that is no longer kept, `log_damaged` where the chain does
 * not hold; or with the file system's error.
 */
export async function* readRecords(folder: string, options: ReadOptions): AsyncGenerator<SealedRecord> {
  const { segments, start }: Kept = keptSegments(folder);
  if (options.to !== null && options.from >= options.to) return;
  if (options.from < start.sequence) {
    throw new LogFailure("log_pruned", `sequence ${options.from}, the first one kept is ${start.sequence}`);
  }
  const begin = segmentOf(segments, options.from);
  if (begin < 0) return;
  let tip: ChainTip | null = begin === 0 ? start : null;
  for (let index = begin; index < segments.length; index++) {
    const segment = segments[index]!;
    if (options.to !== null && segment.first >= options.to) return;
    if (tip !== null && tip.sequence !== segment.first) throw missing(segment, tip.sequence);
    const lists = readSegment(segment, tip, options, index === segments.length - 1);
    try {
      for (let list = await lists.next(); ; list = await lists.next()) {
        if (list.done === true) {
          tip = list.value;
          break;
        }
        yield* list.value;
      }
    } finally {
      // Who stops reading early must not leave the segment open.
      await lists.return(null);
    }
  }
}

/** A place in a log between two records. */
export interface LogPlace {
  sequence: number;
  /** First sequence of the segment. */
  segment: number;
  offset: number;
}

/**
 * Hashes of records as their lines state them, in lists of about 1 MiB of log: nothing is verified but the frame. `place` is moved on, so
 * that the next call goes on there; a place of another sequence than `from` is looked for from its segment's start.
 */
export async function* readHashes(
  folder: string,
  { from, to }: ReadOptions,
  place: LogPlace,
): AsyncGenerator<Uint8Array[]> {
  const { segments } = keptSegments(folder);
  for (let index = segmentOf(segments, from); index >= 0 && index < segments.length; index++) {
    const segment = segments[index]!;
    const known = place.sequence === from && place.segment === segment.first;
    if (!known) Object.assign(place, { sequence: segment.first, segment: segment.first, offset: 0 });
    const handle = await open(segment.path, "r");
    try {
      yield* hashesOf(handle, { from, to }, place);
    } finally {
      await handle.close();
    }
    if (to !== null && place.sequence >= to) return;
    const next = segments[index + 1];
    if (next !== undefined && next.first !== place.sequence) throw missing(next, place.sequence);
  }
}

async function* hashesOf(
  handle: FileHandle,
  { from, to }: ReadOptions,
  place: LogPlace,
): AsyncGenerator<Uint8Array[]> {
  let buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  for (;;) {
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, place.offset);
    const hashes: Uint8Array[] = [];
    let start = 0;
    for (let end = buffer.indexOf(LINE_BREAK); end >= 0 && end < bytesRead; ) {
      if (to !== null && place.sequence >= to) break;
      if (!isFramed(buffer, start, end)) {
        throw new LogFailure("log_damaged", `the line of record ${place.sequence} has not the form of one`);
      }
      const at = start + LINE_HEAD.length;
      if (place.sequence >= from) hashes.push(readHash(buffer, at));
      place.sequence++;
      start = end + 1;
      end = buffer.indexOf(LINE_BREAK, start);
    }
    place.offset += start;
    if (hashes.length > 0) yield hashes;
    if (bytesRead === 0 || (to !== null && place.sequence >= to)) return;
    if (start > 0) continue;
    if (bytesRead < buffer.length) return;
    buffer = Buffer.allocUnsafe(buffer.length * 2);
  }
}
