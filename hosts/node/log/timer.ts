import type { SignedCheckpoint } from "../../../control/audit/checkpoint.ts";
import type { SegmentedLog } from "./log.ts";
import type { Notary } from "./notary.ts";

export interface CheckpointTimes {
  /** After so many records; 100,000 when left out. */
  everyRecords?: number;
  /** After so long, when there are new records; a minute when left out. */
  everyMs?: number;
  onCheckpoint?: (checkpoint: SignedCheckpoint) => void;
  /** Without it a failure is thrown where nobody can catch it: checkpoints do not fail unnoticed. */
  onFailure?: (failure: unknown) => void;
}

const LOOK_MS = 500;

/**
 * Makes checkpoints while records are appended, off the way of the appends.
 * @returns what ends it: makes a last checkpoint and resolves.
 */
export function startCheckpoints(
  log: SegmentedLog,
  notary: Notary,
  times: CheckpointTimes = {},
): () => Promise<void> {
  const { everyRecords = 100_000, everyMs = 60_000 } = times;
  let lastMs = performance.now();
  let running: Promise<void> | null = null;
  const make = async (): Promise<void> => {
    try {
      lastMs = performance.now();
      const made = await notary.checkpoint((await log.tip()).sequence);
      if (made !== null) times.onCheckpoint?.(made);
    } catch (error) {
      if (times.onFailure === undefined) throw error;
      times.onFailure(error);
    } finally {
      running = null;
    }
  };
  const look = async (): Promise<void> => {
    const { sequence } = await log.tip();
    const waiting = sequence - (notary.latest?.size ?? 0);
    const due = waiting >= everyRecords || (waiting > 0 && performance.now() - lastMs >= everyMs);
    if (due) running ??= make();
  };
  const timer = setInterval(() => void look(), Math.min(LOOK_MS, everyMs));
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
    await make();
  };
}
