/** Throughput and waits of the control plane of a folder at several lengths of its log, beside the disk alone. */
import { statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type Control, openControl, RECORDS_NAME } from "../../hosts/node/control.ts";
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
  /** By callers, than with the shortest log: the median over the rounds, in each of which all lengths had their turn. */
  slower: number[];
}

export interface Lengths {
  loads: LengthLoads[];
  /** Write and fdatasync of a plain record's line, in the same minute; by the batch that so many callers would make. */
  floors: Floor[];
  /** Bytes of the log for each record, by kind. */
  bytesPerRecord: Record<Kind, number>;
}

export const CALLERS: readonly number[] = [1, 8, 64];
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

/** A control plane over a log of some length. */
interface Grown {
  readonly length: number;
  readonly control: Control;
}

const folderAt = (folder: string, length: number): string => join(folder, String(length));

async function lengthNow(control: Control): Promise<number> {
  return (await runLoad(control, { kind: "plain", callers: 1, decisions: 1 })).last + 1;
}

/** Bytes of the log for a record of that kind; what runs before is to warm it, and to fill it with reservations. */
async function sizeOf(control: Control, folder: string, kind: Kind): Promise<number> {
  await runLoad(control, { kind, callers: 64, decisions: 8_192 });
  const [bytes, records] = [await bytesOf(folder), await lengthNow(control)];
  await runLoad(control, { kind, callers: 64, decisions: 4_096 });
  return ((await bytesOf(folder)) - bytes) / ((await lengthNow(control)) - records - 1);
}

async function grow(folder: string, length: number): Promise<Grown> {
  const control = await openControl({ policy: durableFile(), insecure: true, folder });
  await openSessions(control, Math.max(...CALLERS));
  const missing = length - (await lengthNow(control));
  if (missing > 0) await runLoad(control, { kind: "plain", callers: FILLING_CALLERS, decisions: missing });
  return { length, control };
}

/** Each length in turn, so that a machine or a disk that changes its speed does so for all of them; every other round backwards. */
async function measureKind(
  grown: readonly Grown[],
  kind: Kind,
  { rounds, durationMs }: Rounds,
): Promise<LengthLoads[]> {
  const found = grown.map(() => CALLERS.map((): Load[] => []));
  for (let round = 0; round < rounds; round++) {
    for (const [column, callers] of CALLERS.entries()) {
      const turn = [...grown.entries()];
      for (const [row, { control }] of round % 2 === 0 ? turn : turn.reverse()) {
        found[row]![column]!.push(await runLoad(control, { kind, callers, durationMs }));
      }
    }
  }
  return found.map((row, index) => {
    const slower = row.map((loads, column) =>
      median(loads.map((load, round) => found[0]![column]![round]!.recordsPerSecond / load.recordsPerSecond)),
    );
    return { length: grown[index]!.length, kind, loads: row.map(middle), slower };
  });
}

interface Rounds {
  readonly rounds: number;
  readonly durationMs: number;
}

/** Makes a log for each of `lengths` below `folder`. All are left closed in order. @returns also where the longest one is. */
export async function measureLengths(
  folder: string,
  lengths: readonly number[],
  options: Rounds,
): Promise<{ lengths: Lengths; longest: string }> {
  const grown: Grown[] = [];
  try {
    for (const length of lengths) grown.push(await grow(folderAt(folder, length), length));
    const { control, length } = grown[0]!;
    const sized = folderAt(folder, length);
    const bytesPerRecord: Record<Kind, number> = { plain: 0, settled: 0, unsettled: 0 };
    for (const kind of KINDS) bytesPerRecord[kind] = await sizeOf(control, sized, kind);
    const line = await lineOf(sized, (await lengthNow(control)) - 1);
    for (const other of grown.slice(1)) {
      for (const kind of KINDS) await runLoad(other.control, { kind, callers: 64, decisions: 8_192 });
    }
    const floors = CALLERS.map((batch) => appendFloor(folder, line, batch, options.durationMs));
    const loads: LengthLoads[] = [];
    for (const kind of KINDS) loads.push(...(await measureKind(grown, kind, options)));
    return { lengths: { loads, floors, bytesPerRecord }, longest: folderAt(folder, lengths.at(-1)!) };
  } finally {
    for (const { control } of grown) await control.close();
  }
}
