/** `node cli/run.mjs tests/conformance/hosts/component-jco.ts`: the corpus on the component, as JavaScript from jco. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Core } from "../../../engine/binding/index.ts";
import { openComponent } from "../../../hosts/component/node.ts";
import { runCorpus } from "../corpus/run.ts";

const ROOT = process.cwd();
const text = readFileSync(join(ROOT, "tests/conformance/corpus/corpus.jsonl"), "utf8");
// The corpus calls what both have.
const openCore = async (): Promise<Core> =>
  (await openComponent(join(ROOT, "engine/dist/component"))) as unknown as Core;
const { difference, ...sums } = await runCorpus({ openCore }, text);
console.log(JSON.stringify({ host: "component-jco", version: process.version, ...sums }));
if (difference !== null) {
  console.error(difference);
  process.exitCode = 1;
}
