/**
 * `npm run bench`: decision latency beside other engines on the same policies and requests, in one run, verdicts checked equal
 * first; then sizes and one-off costs. Prints a table, writes bench/dist/results.json and bench/dist/latency.svg.
 *
 *   npm run bench -- [--quick] [--rules 10,100] [--json]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
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
    json: { type: "boolean", default: false },
  },
});
const say = (line: string): void => {
  if (!options.json) process.stdout.write(`${line}\n`);
};

const sizes = (options.rules ?? (options.quick ? "10,10000" : "10,100,1000,10000")).split(",").map(Number);
if (sizes.some((size) => !Number.isInteger(size) || size < 1)) {
  process.stderr.write(
    "bench: `--rules` takes whole numbers above 0, separated by commas, as in `--rules 10,1000`\n",
  );
  process.exit(2);
}
const results: Results = { machine: describeMachine(), timings: [], sizes: await measureSizes() };
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
const missed = printTargets(results, say);
const folder = new URL("./dist/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("results.json", folder), `${JSON.stringify(results, null, 2)}\n`);
writeFileSync(new URL("latency.svg", folder), drawLatency(results.timings));
say("\nwritten: bench/dist/results.json, bench/dist/latency.svg");
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
