/** Starts the appending worker as a process, bundled once for all of them. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
// @ts-expect-error: a build script without types
import { bundle } from "../../hosts/bundle.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const TIME_LIMIT_MS = 20_000;
let built: Promise<string> | null = null;

async function build(): Promise<string> {
  const folder = join(root, "node_modules/.cache/faramesh");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `log-append-worker-${process.pid}.mjs`);
  await bundle(join(root, "tests/log/append-worker.ts"), path, { packages: "external" });
  process.once("exit", () => rmSync(path, { force: true }));
  return path;
}

export interface Worker {
  child: ChildProcess;
  /** The first line for which `test` holds. */
  line(test: (line: string) => boolean): Promise<string>;
  /** All lines, once the process has ended. */
  ended: Promise<string[]>;
}

/** @param prefix of the shell's command, such as a limit. */
export async function startWorker(
  folder: string,
  segmentBytes: number,
  batches: number,
  prefix = "",
): Promise<Worker> {
  built ??= build();
  const command = `${prefix} exec "$0" "$1" "$2" ${segmentBytes} ${batches}`;
  const child = spawn("sh", ["-c", command, process.execPath, await built, folder], {
    stdio: ["ignore", "pipe", "inherit"],
    timeout: TIME_LIMIT_MS,
    killSignal: "SIGKILL",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let text = "";
  const whole = (): string[] => text.split("\n").slice(0, -1);
  const waiting: (() => void)[] = [];
  child.stdout!.on("data", (chunk) => {
    text += chunk;
    for (const look of waiting) look();
  });
  const ended = new Promise<string[]>((resolve) => child.on("close", () => resolve(whole())));
  const line = (test: (line: string) => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        const found = whole().find(test);
        if (found !== undefined) resolve(found);
      };
      waiting.push(look);
      look();
      void ended.then((lines) => reject(new Error(`the worker ended after ${lines.slice(-3).join(" | ")}`)));
    });
  return { child, line, ended };
}
