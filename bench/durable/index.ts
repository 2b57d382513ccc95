/** The figures of the control plane, in a temporary folder of their own that is removed. */
import { mkdtempSync, rmSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Timing } from "../measure.ts";
import { measureCore } from "./core-state.ts";
import { type Floor, sha256Ns, sqliteFloor } from "./floors.ts";
import { type Lengths, lineOf, measureLengths } from "./lengths.ts";
import { measureRecovery, type Recovery } from "./recovery.ts";
import { measureSteps } from "./steps.ts";
import { measurePostgres, measureStores, type StoreLoads } from "./stores.ts";

export interface Durable {
  core: Timing[];
  /** Of one durable decision, each alone. */
  steps: Timing[];
  lengths: Lengths;
  recovery: Recovery;
  stores: StoreLoads[];
  /** Databases that insert the same line, and nothing else. */
  floors: Floor[];
  /** Of node:crypto, over one line. */
  sha256Ns: number;
  /** Of the line. */
  lineBytes: number;
}

export interface DurableOptions {
  /** Records in the log, ascending. */
  lengths: readonly number[];
  rounds: number;
  durationMs: number;
}

/** A line takes less, and there is more beside it. */
const BYTES_PER_RECORD = 3_000;

function checkRoom(records: number): void {
  const { bavail, bsize } = statfsSync(tmpdir());
  const [free, needed] = [bavail * bsize, records * BYTES_PER_RECORD];
  if (free > needed) return;
  const wanted = Math.ceil(needed / 1e9);
  throw new Error(
    `${tmpdir()} has no room for ${records} records: free ${wanted} GB, or give --durable 0,10000`,
  );
}

export async function measureDurable({ lengths, rounds, durationMs }: DurableOptions): Promise<Durable> {
  checkRoom(lengths.reduce((sum, length) => sum + length, 0));
  const folder = mkdtempSync(join(tmpdir(), "faramesh-bench-"));
  try {
    const own = join(folder, "own");
    const { lengths: found, longest } = await measureLengths(own, lengths, { rounds, durationMs });
    const line = await lineOf(longest, 0);
    const recovery = await measureRecovery(longest);
    rmSync(own, { recursive: true });
    const floors = [1, 64].map((batch) => sqliteFloor(folder, line, batch, durationMs));
    const stores = await measureStores(folder, durationMs);
    const postgres = await measurePostgres(line, durationMs);
    return {
      core: await measureCore(),
      steps: await measureSteps(folder),
      lengths: found,
      recovery,
      stores: [...stores, ...(postgres?.stores ?? [])],
      floors: [...floors, ...(postgres?.floors ?? [])],
      sha256Ns: sha256Ns(line),
      lineBytes: line.length,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
