/** Rounds over all runtimes in turn, each in a process of its own, so that a drift of the machine falls on each alike. */
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../tests/conformance/host.ts";
import { median } from "../measure.ts";
import { REQUEST_BYTES } from "../workload.ts";
import type { Figures, Settings } from "./figures.ts";
import { type Given, makeGiven, RULES } from "./given.ts";
import { type Command, RUNTIMES, type Runtime } from "./runtimes.ts";

type Measured = "loadMs" | "firstMs" | "decisionsPerSecond" | "recordedPerSecond";

/** Medians over the rounds. */
export interface Row extends Record<Measured, number> {
  runtime: string;
  version: string;
  note: string;
  /** Median over the rounds of each figure by that of the first runtime, Node, in the same round. */
  ratios: Record<Measured, number>;
}

export interface RuntimeResults {
  rules: number;
  actionBytes: number;
  rounds: number;
  rows: Row[];
  skipped: { runtime: string; reason: string }[];
}

export interface Options extends Omit<Settings, "nowMs"> {
  rounds: number;
  /** Names of runtimes; all when left out. Node is always measured. */
  only?: readonly string[];
}

const TIME_LIMIT_MS = 120_000;
const start = promisify(execFile);

export async function measureRuntimes({ rounds, only, ...settings }: Options): Promise<RuntimeResults> {
  const cache = join(ROOT, "node_modules/.cache/faramesh");
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "runtimes-"));
  try {
    const given = makeGiven(folder, settings);
    const wanted = RUNTIMES.filter(
      ({ name }, index) => index === 0 || only === undefined || only.includes(name),
    );
    const { ready, skipped } = await prepare(wanted, folder);
    const found = ready.map((): Figures[] => []);
    for (let round = 0; round < rounds; round++) {
      for (const [index, { command }] of ready.entries()) found[index]!.push(await figuresOf(command));
    }
    const rows = ready.map(({ runtime }, index) => rowOf(runtime, found[index]!, found[0]!));
    check(found.flat(), given);
    return { rules: RULES, actionBytes: REQUEST_BYTES, rounds, rows, skipped };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function prepare(wanted: readonly Runtime[], folder: string) {
  const ready: { runtime: Runtime; command: Command }[] = [];
  const skipped: RuntimeResults["skipped"] = [];
  for (const runtime of wanted) {
    const command = await runtime.prepare(folder);
    if ("skipped" in command) skipped.push({ runtime: runtime.name, reason: command.skipped });
    else ready.push({ runtime, command });
  }
  return { ready, skipped };
}

/** Rejects when the process fails or takes longer than `TIME_LIMIT_MS`. */
async function figuresOf({ command, args, env }: Command): Promise<Figures> {
  const { stdout } = await start(command, args, {
    env: { ...process.env, ...env },
    timeout: TIME_LIMIT_MS,
  });
  return JSON.parse(stdout.trimEnd().split("\n").at(-1)!) as Figures;
}

/** A runtime that decides wrongly must not look fast. */
export function check(all: readonly Figures[], { actions, permitted }: Pick<Given, "actions" | "permitted">) {
  for (const figures of all) {
    const expected = (figures.decisions / actions) * permitted;
    if (figures.permitted !== expected || figures.decisions === 0) {
      throw new Error(
        `${figures.runtime} permits ${figures.permitted} of ${figures.decisions}, ${expected} expected`,
      );
    }
    if (figures.tip !== all[0]!.tip)
      throw new Error(`${figures.runtime} has other records than ${all[0]!.runtime}`);
  }
}

function rowOf({ name, note }: Runtime, own: readonly Figures[], first: readonly Figures[]): Row {
  const each = (value: (name: Measured) => number): Record<Measured, number> => ({
    loadMs: value("loadMs"),
    firstMs: value("firstMs"),
    decisionsPerSecond: value("decisionsPerSecond"),
    recordedPerSecond: value("recordedPerSecond"),
  });
  return {
    runtime: name,
    version: own[0]!.version,
    note,
    ...each((figure) => median(own.map((figures) => figures[figure]))),
    ratios: each((figure) => median(own.map((figures, round) => figures[figure] / first[round]![figure]))),
  };
}
