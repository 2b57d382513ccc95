/**
 * A log is a folder of segments: files of lines (control/audit/line.ts), each named by the sequence of its first record. The
 * names are the whole index: the last one is written to, all others end with a whole line and never change.
 *
 *   0000000000000000.jsonl  0000000000065536.jsonl  lock  cut  checkpoints  tile/…
 */
import { closeSync, existsSync, fstatSync, openSync, readdirSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { type Cut, isCutProven, parseCut } from "../../../control/audit/cut.ts";
import { genesis } from "../../../control/audit/line.ts";
import type { ChainTip } from "../../../control/ports.ts";
import { LogFailure } from "./failure.ts";
import { NATIVE_SHA256 } from "./sha256.ts";

const NAME = /^([0-9]{16})\.jsonl$/;
export const LOCK_NAME = "lock";
export const CUT_NAME = "cut";
export const CHECKPOINTS_NAME = "checkpoints";

export interface Segment {
  /** Sequence of its first record. */
  first: number;
  path: string;
}

export function segmentName(first: number): string {
  return `${String(first).padStart(16, "0")}.jsonl`;
}

export function segmentAt(folder: string, first: number): Segment {
  return { first, path: join(folder, segmentName(first)) };
}

/** Ascending by first sequence. @throws the file system's error. */
export function listSegments(folder: string): Segment[] {
  return readdirSync(folder)
    .map((name) => NAME.exec(name))
    .filter((match) => match !== null)
    .map((match) => segmentAt(folder, Number(match[1])))
    .sort((left, right) => left.first - right.first);
}

/** Whether there is anything of a log in a folder. @throws the file system's error. */
export function holdsLog(folder: string): boolean {
  return readdirSync(folder).some(
    (name) => NAME.test(name) || name === CUT_NAME || name === CHECKPOINTS_NAME,
  );
}

/** What is kept of a log. */
export interface Kept {
  /** Ascending; the first one begins at `start`. */
  segments: Segment[];
  /** Where the chain of the first one begins: at zero, or where the cut note says. */
  start: ChainTip;
  /** Null when nothing was ever removed. */
  cut: Cut | null;
}

/** Null when there is no cut note. @throws LogFailure for one that does not hold. */
function readCut(folder: string): Cut | null {
  const path = join(folder, CUT_NAME);
  if (!existsSync(path)) return null;
  const cut = parseCut(readFileSync(path, "utf8"));
  if (cut !== null && isCutProven(cut, NATIVE_SHA256)) return cut;
  throw new LogFailure("log_damaged", `${path} is not a cut note whose proof holds`);
}

/**
 * The segments that are kept, without those that a cut note has given up but a crash has left. @throws LogFailure `log_damaged` when the
 * first one is missing, or the file system's error.
 */
export function keptSegments(folder: string): Kept {
  const cut = readCut(folder);
  const start = cut === null ? genesis() : { sequence: cut.first, previous: cut.previous };
  const segments = listSegments(folder).filter(({ first }) => first >= start.sequence);
  const first = segments[0]?.first ?? start.sequence;
  if (first !== start.sequence || (cut !== null && segments.length === 0)) {
    const text = `${segmentAt(folder, start.sequence).path} is missing`;
    throw new LogFailure(
      "log_damaged",
      text,
      "restore it from a copy; without a cut note no record may be missing",
    );
  }
  return { segments, start, cut };
}

/** The segment in which a sequence stands, if any does: the last one that begins at or before it. */
export function segmentOf(segments: readonly Segment[], sequence: number): number {
  let low = 0;
  let high = segments.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (segments[middle]!.first <= sequence) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Fills the buffer from `position` on. @returns how many bytes there were. */
export function readAt(descriptor: number, buffer: Uint8Array, position: number): number {
  let at = 0;
  while (at < buffer.length) {
    const count = readSync(descriptor, buffer, at, buffer.length - at, position + at);
    if (count === 0) break;
    at += count;
  }
  return at;
}

/** Opens a file, hands it with its size to `work` and closes it. */
export function withFile<Result>(
  path: string,
  flags: string,
  work: (descriptor: number, bytes: number) => Result,
): Result {
  const descriptor = openSync(path, flags);
  try {
    return work(descriptor, fstatSync(descriptor).size);
  } finally {
    closeSync(descriptor);
  }
}
