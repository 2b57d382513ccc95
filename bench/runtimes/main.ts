/**
 * `npm run bench:runtimes`: one policy and one set of actions on every runtime that is here, in one run. Prints a table, writes
 * bench/dist/runtimes.json and runtimes.svg; with `--docs` also the table of docs/operations/performance.md and docs/runtimes.svg.
 *
 *   npm run bench:runtimes -- [--quick] [--rounds 5] [--only deno,go] [--json] [--docs]
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { describeMachine } from "../report.ts";
import { documentRuntimes } from "./document.ts";
import { measureRuntimes } from "./index.ts";
import { drawRuntimes } from "./plot.ts";
import { printRuntimes } from "./report.ts";
import { RUNTIMES } from "./runtimes.ts";

const { values: options } = parseArgs({
  args: process.argv.slice(2),
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    only: { type: "string" },
    json: { type: "boolean", default: false },
    docs: { type: "boolean", default: false },
  },
});

function refuse(message: string): never {
  process.stderr.write(`bench: ${message}\n`);
  process.exit(2);
}

const rounds = Number(options.rounds ?? (options.quick ? 1 : 5));
if (!Number.isInteger(rounds) || rounds < 1) refuse("`--rounds` takes a whole number from 1 on");
const names = RUNTIMES.map(({ name }) => name);
const only = options.only?.split(/,(?! )/);
const unknown = only?.find((name) => !names.includes(name));
if (unknown !== undefined) refuse(`there is no runtime \`${unknown}\`: ${names.join("; ")}`);

const results = {
  machine: describeMachine(),
  ...(await measureRuntimes({
    rounds,
    ...(options.quick ? { warmUpMs: 100, sampleMs: 100 } : { warmUpMs: 500, sampleMs: 500 }),
    ...(only === undefined ? {} : { only }),
  })),
};
const folder = new URL("../dist/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("runtimes.json", folder), `${JSON.stringify(results, null, 2)}\n`);
writeFileSync(new URL("runtimes.svg", folder), drawRuntimes(results));
if (options.docs) documentRuntimes(results);
if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
else {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  say(results.machine);
  printRuntimes(results, say);
  say("\nwritten to bench/dist: runtimes.json and runtimes.svg");
}
