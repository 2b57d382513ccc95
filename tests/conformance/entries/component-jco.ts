/** `node cli/run.mjs tests/conformance/entries/component-jco.ts`: the corpus on the component, as JavaScript from jco. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openComponent } from "../../../hosts/component/node.ts";
import { runCorpus } from "../corpus/run.ts";

const ROOT = process.cwd();
const text = readFileSync(join(ROOT, "tests/conformance/corpus/corpus.jsonl"), "utf8");
const openCore = () => openComponent(join(ROOT, "engine/dist/component"));
const { difference, ...sums } = await runCorpus({ openCore }, text);
console.log(JSON.stringify({ host: "component-jco", version: process.versions.node, ...sums }));
if (difference !== null) {
  console.error(difference);
  process.exitCode = 1;
}
