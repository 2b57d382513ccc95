/** The corpus as text, always the same. */
import { readFileSync } from "node:fs";
import { instantiate } from "../../../engine/binding/index.ts";
import { CORE_FILE } from "../core.ts";
import { writeFuzzCases, writePacks, writeScenarios, writeVectors } from "./from-vectors.ts";
import { writeGenerated } from "./generated.ts";
import { writeRefusals } from "./refusals.ts";
import { CorpusWriter } from "./writer.ts";

export async function makeCorpus(): Promise<string> {
  const writer = new CorpusWriter(await instantiate(new Uint8Array(readFileSync(CORE_FILE))));
  writeRefusals(writer);
  writePacks(writer);
  writeScenarios(writer);
  writeVectors(writer);
  writeFuzzCases(writer);
  writeGenerated(writer);
  return writer.finish();
}
