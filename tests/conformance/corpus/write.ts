/** `node cli/run.mjs tests/conformance/corpus/write.ts`: writes corpus.jsonl anew, as after a change of the core, the vectors or the packs. */
import { writeFileSync } from "node:fs";
import { makeCorpus } from "./make.ts";

const text = await makeCorpus();
writeFileSync(new URL("corpus.jsonl", import.meta.url), text);
console.log(`${text.length} bytes: ${text.slice(0, text.indexOf("\n"))}`);
