import { mkdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ChainTip, genesis } from "../../../control/audit/line.ts";
import { errorText, syncFolder } from "../files.ts";
import { acquireLock, type Lock } from "../lock.ts";
import { type HostRefusal, refusal } from "../refusals.ts";
import { readCheckpoints } from "./checkpoints.ts";
import { asRefusal, LogFailure } from "./failure.ts";
import { DEFAULT_SEGMENT_BYTES, SegmentedLog } from "./log.ts";
import { recoverTail, tipOfSealed } from "./recover.ts";
import { type Kept, keptSegments, LOCK_NAME } from "./segments.ts";
import { SegmentWriter } from "./writer.ts";

export interface LogOptions {
  /** A segment is followed by another before it grows beyond this; 64 MiB when left out. */
  segmentBytes?: number;
}

export type OpenedLog = { ok: true; log: SegmentedLog; cutBytes: number } | HostRefusal;

/** Where the chain of the last segment begins: behind the one before it. */
function startOf({ segments, start }: Kept): ChainTip {
  const last = segments.at(-1)!;
  const before = segments.at(-2);
  const tip = before === undefined ? start : tipOfSealed(before);
  if (tip.sequence !== last.first) {
    const text = `${last.path} begins at ${last.first}, what is before it ends at ${tip.sequence - 1}`;
    throw new LogFailure("log_bad_tail", text, "a segment is missing or was renamed; restore it from a copy");
  }
  return tip;
}

/** A signed checkpoint over more records than there are: the newest ones were removed. */
function checkAgainstCheckpoints(folder: string, tip: ChainTip): void {
  const { size } = readCheckpoints(folder).checkpoints.at(-1) ?? { size: 0 };
  if (size <= tip.sequence) return;
  const text = `${folder} ends at ${tip.sequence - 1}, its newest checkpoint is over ${size} records`;
  throw new LogFailure("log_bad_tail", text, "records were cut off at the end; compare the log with a copy");
}

async function makeFolder(folder: string): Promise<void> {
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) await syncFolder(dirname(folder));
  if (!(await stat(folder)).isDirectory()) throw new Error(`${folder} is not a folder`);
}

async function openLocked(folder: string, lock: Lock, segmentBytes: number): Promise<OpenedLog> {
  const kept = keptSegments(folder);
  const last = kept.segments.at(-1);
  if (last === undefined) {
    checkAgainstCheckpoints(folder, genesis());
    const writer = await SegmentWriter.create(folder, 0);
    const log = new SegmentedLog({ folder, lock, writer, tip: genesis(), segmentBytes });
    return { ok: true, log, cutBytes: 0 };
  }
  const { tip, bytes, cutBytes } = await recoverTail(last, startOf(kept));
  checkAgainstCheckpoints(folder, tip);
  const writer = new SegmentWriter(last, bytes);
  return { ok: true, log: new SegmentedLog({ folder, lock, writer, tip, segmentBytes }), cutBytes };
}

/**
 * Opens or makes a log for appending, exclusively: a second opener is refused, so that the chain cannot fork. A write that a crash
 * interrupted is cut off. Refused with `log_locked`, `log_bad_tail` (the end does not verify), `log_unwritable`.
 */
export async function openLog(folder: string, options: LogOptions = {}): Promise<OpenedLog> {
  let lock: Lock | null = null;
  let result: OpenedLog;
  try {
    await makeFolder(folder);
    const acquired = await acquireLock(join(folder, LOCK_NAME));
    if (!acquired.ok) return refusal("log_locked", `${join(folder, LOCK_NAME)}, by ${acquired.holder}`);
    lock = acquired.lock;
    result = await openLocked(folder, lock, options.segmentBytes ?? DEFAULT_SEGMENT_BYTES);
  } catch (error) {
    result = error instanceof LogFailure ? asRefusal(error) : refusal("log_unwritable", errorText(error));
  }
  if (!result.ok) await lock?.release();
  return result;
}
