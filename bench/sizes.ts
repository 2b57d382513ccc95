/** What is not a decision: the core's size, memory, loading with verification, compiling. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { load } from "../bundles/load.ts";
import { compilePolicy, coreFile, openCore } from "./faramesh.ts";
import { measureOnce } from "./measure.ts";
import { signForBench } from "./signing.ts";
import { makeWorkload } from "./workload.ts";

export interface Sizes {
  coreBytes: number;
  coreGzipBytes: number;
  rules: number;
  bundleBytes: number;
  compileMs: number;
  verifyMs: number;
  loadMs: number;
  verifyAndLoadMs: number;
  memoryBytes: number;
}

const RULES = 10_000;

/** As the Node host hashes. */
function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

export async function measureSizes(): Promise<Sizes> {
  const wasm = readFileSync(coreFile);
  const { policy } = makeWorkload(RULES);
  const compileMs = await measureOnce(3, () => compilePolicy(policy));
  const bundle = compilePolicy(policy);
  const { file, trust, nowMs } = signForBench(bundle);
  const verify = () => {
    const outcome = load(file, { trust, nowMs, highest: null, sha256Hex });
    if (!outcome.ok) throw new Error(`the signed bundle was refused: ${outcome.code}`);
    return outcome.bundle;
  };
  const core = await openCore(bundle);
  const verifyMs = await measureOnce(9, verify);
  const loadMs = await measureOnce(9, () => core.load(bundle, { signed: true }));
  const verifyAndLoadMs = await measureOnce(9, () => core.load(verify(), { signed: true }));
  return {
    coreBytes: wasm.length,
    coreGzipBytes: gzipSync(wasm, { level: 9 }).length,
    rules: RULES,
    bundleBytes: bundle.length,
    compileMs,
    verifyMs,
    loadMs,
    verifyAndLoadMs,
    memoryBytes: core.memoryBytes(),
  };
}
