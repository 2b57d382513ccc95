/** What all runtimes are given: the core, one signed policy and its trust file, the actions as lines of JSON, and how long to measure. */
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { printTrustFile } from "../../bundles/trust/index.ts";
import { compilePolicy, coreFile } from "../faramesh.ts";
import { signForBench } from "../signing.ts";
import { makeWorkload } from "../workload.ts";
import type { FileName, Settings } from "./figures.ts";

export const RULES = 1_000;

export interface Given {
  folder: string;
  actions: number;
  /** How many of the actions the policy permits. */
  permitted: number;
}

export function makeGiven(folder: string, { warmUpMs, sampleMs }: Omit<Settings, "nowMs">): Given {
  const { policy, requests } = makeWorkload(RULES);
  const { file, trust, nowMs } = signForBench(compilePolicy(policy));
  const write = (name: FileName, content: string | Uint8Array) => writeFileSync(join(folder, name), content);
  copyFileSync(fileURLToPath(coreFile), join(folder, "core.wasm" satisfies FileName));
  write("policy.fplb", file);
  write("trust.json", printTrustFile(trust));
  write("actions.jsonl", requests.map(({ text }) => `${text}\n`).join(""));
  write("settings.json", JSON.stringify({ nowMs, warmUpMs, sampleMs } satisfies Settings));
  return {
    folder,
    actions: requests.length,
    permitted: requests.filter(({ permitted }) => permitted).length,
  };
}
