/** Throughput and waits of the control plane of a folder at several lengths of its log, beside the disk alone. */
import { statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { openControl, RECORDS_NAME } from "../../hosts/node/control.ts";
import { readRecords } from "../../hosts/node/log/index.ts";
import { median } from "../measure.ts";
import { appendFloor, type Floor } from "./floors.ts";
import { type Load, runLoad } from "./load.ts";
import { durableFile, KINDS, type Kind, openSessions } from "./workload.ts";

export interface LengthLoads {
  /** Records in the log before. */
  length: number;
  kind: Kind;
  loads: Load[];
}

export interface Lengths {
  loads: LengthLoads[];
  /** Write and fdatasync of a plain record's line, in the same minute; by the batch that so many callers would make. */
  floors: Floor[];
  /** Bytes of the log for each record, by kind. */
  bytesPerRecord: Record<Kind, number>;
}

const CALLERS = [1, 8, 64];
const FILLING_CALLERS = 512;

/** The median of each figure over the rounds. */
function middle(rounds: readonly Load[]): Load {
  const of = (figure: (load: Load) => number): number => median(rounds.map(figure));
  return {
    callers: rounds[0]!.callers,
    decisionsPerSecond: of((load) => load.decisionsPerSecond),
    recordsPerSecond: of((load) => load.recordsPerSecond),
    p50Ms: of((load) => load.p50Ms),
    p99Ms: of((load) => load.p99Ms),
    last: Math.max(...rounds.map((load) => load.last)),
  };
}

async function bytesOf(folder: string): Promise<number> {
  const records = join(folder, RECORDS_NAME);
  const names = (await readdir(records)).filter((name) => name.endsWith(".jsonl"));
  return names.reduce((sum, name) => sum + statSync(join(records, name)).size, 0);
}

/** One line of the log, from its beginning. */
export async function lineOf(folder: string, sequence: number): Promise<Uint8Array> {
  for await (const { record } of readRecords(join(folder, RECORDS_NAME), {
    from: sequence,
    to: sequence + 1,
  })) {
    return Buffer.concat([Buffer.alloc(85, "0"), record]);
  }
  throw new Error(`the log has no record ${sequence}`);
}

/** Makes a log that grows to the last of `lengths` in `folder`, which is left closed in order. */
export async function measureLengths(
  folder: string,
  lengths: readonly number[],
  { rounds, durationMs }: { rounds: number; durationMs: number },
): Promise<Lengths> {
  const control = await openControl({ policy: durableFile(), insecure: true, folder });
  const loads: LengthLoads[] = [];
  const floors: Floor[] = [];
  const bytesPerRecord: Record<Kind, number> = { plain: 0, settled: 0, unsettled: 0 };
  const lengthNow = async (): Promise<number> =>
    (await runLoad(control, { kind: "plain", callers: 1, decisions: 1 })).last + 1;
  try {
    await openSessions(control, Math.max(...CALLERS));
    for (const kind of KINDS) {
      // Warm, and as full of reservations as it gets.
      await runLoad(control, { kind, callers: 64, decisions: 8_192 });
      const [bytes, records] = [await bytesOf(folder), await lengthNow()];
      await runLoad(control, { kind, callers: 64, decisions: 4_096 });
      bytesPerRecord[kind] = ((await bytesOf(folder)) - bytes) / ((await lengthNow()) - records - 1);
    }
    const line = await lineOf(folder, (await lengthNow()) - 1);
    for (const length of lengths) {
      const missing = length - (await lengthNow());
      if (missing > 0)
        await runLoad(control, { kind: "plain", callers: FILLING_CALLERS, decisions: missing });
      for (const batch of CALLERS) floors.push(appendFloor(folder, line, batch, durationMs));
      for (const kind of KINDS) {
        const found = CALLERS.map((): Load[] => []);
        for (let round = 0; round < rounds; round++) {
          for (const [index, callers] of CALLERS.entries()) {
            found[index]!.push(await runLoad(control, { kind, callers, durationMs }));
          }
        }
        loads.push({ length, kind, loads: found.map(middle) });
      }
    }
    return { loads, floors, bytesPerRecord };
  } finally {
    await control.close();
  }
}
