/** Starts the worker as a process, bundled once, on a policy that was compiled once. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
// @ts-expect-error: a build script without types
import { bundle } from "../../hosts/bundle.mjs";
import { fileOf } from "../hosts/policies.ts";
import { FIRST, type Limits, openPolicy, type Policy, textOf } from "../simulate/policies.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const TIME_LIMIT_MS = 30_000;
const LIMITS: Limits = {
  ...FIRST,
  name: "under load",
  session: { shop: 400_000 },
  daily: { shop: 500_000 },
  fund: { shop: 3_000, clerk: 1, trainee: 1 },
  mailPerMinute: { shop: 3, clerk: 3 },
  bytesPerDay: {},
  callsPerDay: { shop: 1_000_000, clerk: 1_000_000 },
};

export interface Workshop {
  readonly policy: Policy;
  /** Path of the policy. */
  readonly bundle: string;
  readonly script: string;
}

export async function openWorkshop(): Promise<Workshop> {
  const folder = join(root, "node_modules/.cache/faramesh");
  mkdirSync(folder, { recursive: true });
  const script = join(folder, `crash-worker-${process.pid}.mjs`);
  await bundle(join(root, "tests/crash/worker.ts"), script, { packages: "external" });
  const path = join(folder, `crash-policy-${process.pid}.fplb`);
  writeFileSync(path, fileOf(textOf(LIMITS, ""), 1));
  return { policy: await openPolicy(LIMITS, ""), bundle: path, script };
}

export function closeWorkshop({ script, bundle }: Workshop): void {
  rmSync(script, { force: true });
  rmSync(bundle, { force: true });
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "faramesh-crash-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface Load {
  readonly callers: number;
  readonly calls: number;
  /** Ends the process without notice after so many lines. */
  readonly killAfter?: number;
  readonly skewMs?: number;
}

/** @returns the lines that the worker said. */
export function work({ script, bundle }: Workshop, folder: string, load: Load): Promise<string[]> {
  const { callers, calls, killAfter = Number.POSITIVE_INFINITY, skewMs = 0 } = load;
  const args = [script, folder, bundle, `${callers}`, `${calls}`, `${skewMs}`];
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TIME_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let text = "";
  let lines = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    for (const byte of chunk) if (byte === 0x0a) lines++;
    text += chunk;
    if (lines >= killAfter) child.kill("SIGKILL");
  });
  return new Promise((resolve) => child.on("close", () => resolve(text.split("\n").slice(0, -1))));
}
