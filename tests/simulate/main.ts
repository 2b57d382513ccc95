/**
 * `npm run simulate -- [--seeds N] [--from N]`: that many runs, each of one seed, on every processor. `--seed N [--trace]` runs one again.
 * Exit 1 when an invariant is broken in any of them, or when enough of them never did what they are for (kinds.ts).
 */
import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CI_SEEDS, idleKinds } from "./kinds.ts";
import { openPolicies } from "./policies.ts";
import { type RunResult, runSeed } from "./run.ts";

const DEFAULT_SEEDS = 10_000;
const MAX_FAILURES = 5;
const PROGRESS_EVERY = 1_000;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    from: { type: "string" },
    trace: { type: "boolean", default: false },
    /** Internal: every how many-th seed, from which on; prints results as JSON lines. */
    part: { type: "string" },
  },
});

function numberOf(text: string | undefined, name: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 0) return number;
  console.error(`--${name} wants a number from 0, not \`${text}\``);
  return process.exit(2);
}

const from = numberOf(values.from, "from", 1);
const seeds = numberOf(values.seeds, "seeds", DEFAULT_SEEDS);

interface Report extends Omit<RunResult, "failure" | "codes" | "faults" | "kinds"> {
  readonly failure: string | null;
  readonly codes: readonly (readonly [string, number])[];
  readonly faults: readonly (readonly [string, number])[];
  readonly kinds: readonly (readonly [string, number])[];
}

function reportOf(result: RunResult): Report {
  const { failure, codes, faults, kinds } = result;
  return {
    ...result,
    failure: failure?.stack ?? null,
    codes: [...codes],
    faults: [...faults],
    kinds: [...kinds],
  };
}

async function runPart(part: number, parts: number): Promise<void> {
  const policies = await openPolicies();
  for (let seed = from + part; seed < from + seeds; seed += parts) {
    process.stdout.write(`${JSON.stringify(reportOf(await runSeed(seed, { policies })))}\n`);
  }
}

const totals = { runs: 0, steps: 0, records: 0, acknowledged: 0, crashes: 0, failures: 0 };
const codes = new Map<string, number>();
const faults = new Map<string, number>();
const kinds = new Map<string, number>();
/** Kinds that never happened in as many runs as are to see all of them. */
let idle: string[] = [];
const started = Date.now();

function add(counts: Map<string, number>, more: Report["codes"]): void {
  for (const [name, count] of more) counts.set(name, (counts.get(name) ?? 0) + count);
}

function take(report: Report): void {
  totals.runs++;
  totals.steps += report.steps;
  totals.records += report.records;
  totals.acknowledged += report.acknowledged;
  totals.crashes += report.crashes;
  add(codes, report.codes);
  add(faults, report.faults);
  add(kinds, report.kinds);
  if (report.failure !== null) {
    totals.failures++;
    console.error(
      `\nseed ${report.seed}: ${report.failure}\nagain: npm run simulate -- --seed ${report.seed} --trace`,
    );
  }
  if (totals.runs % PROGRESS_EVERY === 0) console.log(progress());
}

function progress(): string {
  const seconds = (Date.now() - started) / 1000;
  const rate = Math.round(totals.runs / seconds);
  return `${Math.round(seconds)} s: ${totals.runs} seeds (${rate}/s), ${totals.steps} steps, ${totals.records} records, ${totals.acknowledged} acknowledged, ${totals.crashes} ends of a process`;
}

function listed(counts: ReadonlyMap<string, number>): string {
  const ordered = [...counts].sort(([, left], [, right]) => right - left);
  return ordered.map(([name, count]) => `${name} ${count}`).join(", ");
}

/** One process for each part. */
async function runApart(part: number, parts: number): Promise<void> {
  const script = fileURLToPath(new URL("../../cli/run.mjs", import.meta.url));
  const entry = fileURLToPath(new URL("main.ts", import.meta.url));
  const options = ["--from", `${from}`, "--seeds", `${seeds}`, "--part", `${part}/${parts}`];
  const child = spawn(process.execPath, [script, entry, ...options], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    take(JSON.parse(line) as Report);
    if (totals.failures >= MAX_FAILURES) child.kill();
  }
  const code = await exited;
  if (code !== 0 && totals.failures === 0) throw new Error(`a part ended with ${code}`);
}

async function runOne(seed: number): Promise<void> {
  const trace = values.trace ? (text: string) => console.log(text) : () => {};
  take(reportOf(await runSeed(seed, { policies: await openPolicies(), trace })));
}

async function runAll(): Promise<void> {
  const parts = Math.min(2, availableParallelism());
  await Promise.all(Array.from({ length: parts }, (_, part) => runApart(part, parts)));
  console.log(`codes: ${listed(codes)}`);
  console.log(`faults: ${listed(faults)}`);
  console.log(`kinds: ${listed(kinds)}`);
  idle = totals.runs < CI_SEEDS ? [] : idleKinds(kinds, totals.runs);
  for (const kind of idle) console.log(`never happened: ${kind}`);
}

if (values.part !== undefined) {
  const [part, parts] = values.part.split("/").map(Number) as [number, number];
  await runPart(part, parts);
} else {
  if (values.seed !== undefined) await runOne(numberOf(values.seed, "seed", 0));
  else await runAll();
  console.log(progress());
  console.log(
    totals.failures === 0 ? "no invariant is broken" : `${totals.failures} seeds break an invariant`,
  );
  process.exitCode = totals.failures === 0 && idle.length === 0 ? 0 : 1;
}
