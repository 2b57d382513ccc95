/**
 * `node ENTRY FOLDER WORKER`: the worker in workerd, by Miniflare, measured from outside: each figure is the time of a request, its way
 * included; the first verdict counts from the start of workerd. Passes are so many in one request that the way is a small part.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Miniflare } from "miniflare";
import type { Figures, FileName, Settings } from "../figures.ts";

interface Answer {
  permitted: number;
  decisions: number;
  tip: string;
}

const [folder, script] = process.argv.slice(2) as [string, string];
const read = (name: FileName) => new Uint8Array(readFileSync(`${folder}/${name}`));
const { version } = createRequire(import.meta.url)("workerd/package.json") as { version: string };
const { nowMs, warmUpMs, sampleMs } = JSON.parse(new TextDecoder().decode(read("settings.json"))) as Settings;
const core = read("core.wasm");
const data = (["policy.fplb", "trust.json", "actions.jsonl"] as const).map((name) => ({
  type: "Data" as const,
  path: name,
  contents: read(name),
}));

const startedMs = performance.now();
const worker = new Miniflare({
  modules: [
    { type: "ESModule", path: "worker.mjs", contents: readFileSync(script, "utf8") },
    { type: "CompiledWasm", path: "core.wasm", contents: core },
    ...data,
  ],
  compatibilityDate: "2026-04-01",
  bindings: { DIGEST: [...createHash("sha256").update(core).digest()], NOW_MS: nowMs },
});

async function ask<Answered>(path: string): Promise<{ answer: Answered; elapsedMs: number }> {
  const beginMs = performance.now();
  const response = await worker.dispatchFetch(`http://localhost${path}`);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return { answer: JSON.parse(text) as Answered, elapsedMs: performance.now() - beginMs };
}

let [decisions, permitted, tip] = [0, 0, ""];

/** Decisions a second in one request that takes about `sampleMs`, after others that warm up. */
async function rate(path: string): Promise<number> {
  let count = 1;
  for (let spentMs = 0; ; ) {
    const { answer, elapsedMs } = await ask<Answer>(`${path}?passes=${count}`);
    decisions += answer.decisions;
    permitted += answer.permitted;
    tip = answer.tip;
    spentMs += elapsedMs;
    if (elapsedMs >= sampleMs / 2 && spentMs >= warmUpMs) return (answer.decisions * 1_000) / elapsedMs;
    count = Math.max(count, Math.min(count * 4, Math.ceil((count * sampleMs) / elapsedMs)));
  }
}

try {
  await ask("/decide?passes=0");
  const { elapsedMs: loadMs } = await ask("/load");
  const firstMs = performance.now() - startedMs;
  const decisionsPerSecond = await rate("/decide");
  const recordedPerSecond = await rate("/record");
  const figures: Figures = {
    runtime: "workerd",
    version,
    loadMs,
    firstMs,
    decisionsPerSecond,
    recordedPerSecond,
    decisions,
    permitted,
    tip,
  };
  console.log(JSON.stringify(figures));
} finally {
  await worker.dispose();
}
