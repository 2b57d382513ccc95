/** What a long log costs beside appending to it: opening after a crash, state anew, verifying, deciding again, proving. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { signBytes, verifyBytes } from "../../bundles/trust/ed25519.ts";
import { generateKey } from "../../bundles/trust/index.ts";
import { Replay } from "../../cli/replay/replay.ts";
import { inclusionPath, leafHash, verifyInclusion } from "../../control/audit/merkle.ts";
import type { Ed25519, NoteSigner } from "../../control/audit/note.ts";
import { openControl, RECORDS_NAME, rebuild } from "../../hosts/node/control.ts";
import { openNotary, readRecords, verifyFolder } from "../../hosts/node/log/index.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";
import { openCore } from "../faramesh.ts";
import { durableBundle, durableFile } from "./workload.ts";

export interface Recovery {
  records: number;
  /** The first opening after a process that was killed while it decided. */
  openAfterCrashMs: number;
  /** Of state from the log alone. */
  rebuildMs: number;
  verifyMs: number;
  replayedPerSecond: number;
  /** The first checkpoint, over all records. */
  checkpointMs: number;
  /** One proof of inclusion, made and verified. */
  proofUs: number;
}

/** Among them are all that the control plane wrote for agents with state. */
const REPLAYED = 200_000;
const PROOFS = 200;
const root = fileURLToPath(new URL("../../", import.meta.url));

async function took(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** A process of its own that is killed in the middle of its work. */
async function crash(folder: string): Promise<void> {
  const child = spawn(
    process.execPath,
    [join(root, "cli/run.mjs"), join(root, "bench/durable/child.ts"), folder],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const exited = once(child, "exit");
  const said = await Promise.race([once(child.stdout, "data"), exited.then(() => null)]);
  if (said === null) throw new Error("the process that was to be killed ended by itself");
  child.kill("SIGKILL");
  await exited;
}

const ED25519: Ed25519 = { sign: signBytes, verify: verifyBytes };

/** The key's seed is fixed: it protects nothing. */
function makeSigner(): NoteSigner {
  const { name, publicKey, seed } = generateKey(new Uint8Array(32).fill(9), "bench");
  return { kind: "ed25519", name, publicKey, seed };
}

/** Of the first records of the log, decisions and events. @returns how many a second. */
async function replaySpeed(records: string): Promise<number> {
  const core = await openCore(durableBundle(), false);
  const replay = new Replay({ coreOf: () => core, originalOf: () => null, first: 0 });
  const start = performance.now();
  for await (const sealed of readRecords(records, { from: 0, to: REPLAYED })) {
    const difference = replay.push(sealed);
    if (difference !== null) {
      // `engine`: the core was built anew while the benchmark ran.
      const fields = difference.fields.map(({ field }) => field).join(", ") || difference.message;
      throw new Error(`record ${difference.sequence} is not decided to the same bytes: ${fields}`);
    }
  }
  return (replay.counts.replayed * 1e3) / (performance.now() - start);
}

async function prove(records: string): Promise<{ checkpointMs: number; proofUs: number }> {
  const opened = await openNotary(records, {
    signer: makeSigner(),
    ed25519: ED25519,
  });
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
  const { notary } = opened;
  try {
    const start = performance.now();
    const checkpoint = (await notary.checkpoint())!;
    const checkpointMs = performance.now() - start;
    const step = Math.floor(checkpoint.size / PROOFS);
    let spentMs = 0;
    for (let index = 0; index < PROOFS; index++) {
      const sequence = index * step;
      for await (const { hash } of readRecords(records, { from: sequence, to: sequence + 1 })) {
        const begun = performance.now();
        const path = inclusionPath(sequence, checkpoint.size, notary.tree, NATIVE_SHA256);
        const leaf = leafHash(hash, NATIVE_SHA256);
        const { size, root } = checkpoint;
        const holds = verifyInclusion(leaf, sequence, size, path, root, NATIVE_SHA256);
        spentMs += performance.now() - begun;
        if (!holds) throw new Error(`the proof of record ${sequence} does not hold`);
      }
    }
    return { checkpointMs, proofUs: (spentMs * 1e3) / PROOFS };
  } finally {
    await notary.close();
  }
}

/** On the folder of a log that is closed; leaves it closed. */
export async function measureRecovery(folder: string): Promise<Recovery> {
  const records = join(folder, RECORDS_NAME);
  await crash(folder);
  const start = performance.now();
  const control = await openControl({ policy: durableFile(), insecure: true, folder });
  const openAfterCrashMs = performance.now() - start;
  await control.close();
  let count = 0;
  const rebuildMs = await took(async () => {
    count = await rebuild(folder);
  });
  const verifyMs = await took(async () => {
    const options = { head: null, pinned: null, ed25519: ED25519 };
    const report = await verifyFolder(records, options);
    if (report.fault !== null || report.records !== count)
      throw new Error(`the log does not verify: ${report.fault}`);
  });
  const replayedPerSecond = await replaySpeed(records);
  return {
    records: count,
    openAfterCrashMs,
    rebuildMs,
    verifyMs,
    replayedPerSecond,
    ...(await prove(records)),
  };
}
