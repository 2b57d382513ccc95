/**
 * `npm run bench`: decision latency beside other engines on the same policies and requests, in one run, verdicts checked equal
 * first; then sizes and one-off costs. Prints tables, writes bench/dist/results.json and plots.
 *
 * Then the control plane: durable decisions, recovery, other ledgers (bench/dist/durable.svg).
 *
 *   npm run bench -- [--quick] [--rules 10,100] [--durable 0,100000,1000000 | none] [--json]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { measureDurable } from "./durable/index.ts";
import { drawDurable } from "./durable/plot.ts";
import { printDurable } from "./durable/report.ts";
import { contenders } from "./faramesh.ts";
import { type Contender, measure } from "./measure.ts";
import { casbin } from "./peers/casbin.ts";
import { casl } from "./peers/casl.ts";
import { cedar } from "./peers/cedar.ts";
import { floors } from "./peers/floors.ts";
import { jsonRulesEngine } from "./peers/json-rules-engine.ts";
import { drawLatency } from "./plot.ts";
import { describeMachine, printSizes, printTargets, printTimings } from "./report.ts";
import type { Results } from "./results.ts";
import { measureSizes } from "./sizes.ts";
import { makeWorkload, REQUEST_BYTES, type Workload } from "./workload.ts";

const { values: options } = parseArgs({
  args: process.argv.slice(2),
  options: {
    quick: { type: "boolean", default: false },
    rules: { type: "string" },
    durable: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const say = (line: string): void => {
  if (!options.json) process.stdout.write(`${line}\n`);
};

/** @param least of each. */
function numbersOf(option: string, text: string, least: number): number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.every((value) => Number.isInteger(value) && value >= least)) return numbers;
  process.stderr.write(
    `bench: \`--${option}\` takes whole numbers from ${least} on, separated by commas, as in \`--${option} 10,1000\`\n`,
  );
  process.exit(2);
}

const sizes = numbersOf("rules", options.rules ?? (options.quick ? "10,10000" : "10,100,1000,10000"), 1);
const lengthsText = options.durable ?? (options.quick ? "0,10000" : "0,100000,1000000");
const lengths = lengthsText === "none" ? null : numbersOf("durable", lengthsText, 0).sort((a, b) => a - b);
const results: Results = {
  machine: describeMachine(),
  timings: [],
  sizes: await measureSizes(),
  durable: null,
};
say(results.machine);
for (const rules of sizes) {
  const workload = makeWorkload(rules);
  const all = await gather(workload);
  for (const contender of all) await checkVerdicts(contender, workload);
  say(
    `\n${rules} rules on as many tools, one condition each, ${REQUEST_BYTES}-byte actions; all ${all.length} agree on every request`,
  );
  const timings = await measure(all);
  results.timings.push({ rules, timings });
  printTimings(timings, say);
}
printSizes(results.sizes, say);
if (lengths !== null) {
  results.durable = await measureDurable({
    lengths,
    rounds: options.quick ? 1 : 5,
    durationMs: options.quick ? 200 : 500,
  });
  say("\nstate in the core, one action of 300 bytes");
  printTimings(results.durable.core, say, "x first");
  say("\nsteps of a durable decision, without state");
  printTimings(results.durable.steps, say, "x first");
  printDurable(results.durable, say);
}
const missed = printTargets(results, say);
const folder = new URL("./dist/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("results.json", folder), `${JSON.stringify(results, null, 2)}\n`);
writeFileSync(new URL("latency.svg", folder), drawLatency(results.timings));
if (results.durable !== null) writeFileSync(new URL("durable.svg", folder), drawDurable(results.durable));
say("\nwritten to bench/dist: results.json and the plots");
if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
if (missed > 0) say(`${missed} of the targets missed in this run`);

async function gather(workload: Workload): Promise<Contender[]> {
  const own = await contenders(workload);
  const [map, parsed] = floors(workload);
  const peers = [map!, parsed!, casl(workload)];
  if (!options.quick) peers.push(await casbin(workload), cedar(workload), jsonRulesEngine(workload));
  return [...own, ...peers];
}

/** Every request of the first hundred or so must get the verdict that the workload says; a slow engine sees fewer. */
async function checkVerdicts(contender: Contender, workload: Workload): Promise<void> {
  const count = workload.rules >= 10_000 ? 12 : 100;
  const expected = workload.requests.slice(0, count).filter((request) => request.permitted).length;
  const permitted = await contender.run(count);
  if (permitted !== expected) {
    throw new Error(
      `${contender.name} permits ${permitted} of ${count} requests at ${workload.rules} rules, ${expected} expected`,
    );
  }
}
