/** Starts the host worker as a process, bundled once for all of them. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
// @ts-expect-error: a build script without types
import { bundle } from "../../hosts/bundle.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
let built: Promise<string> | null = null;

async function build(): Promise<string> {
  const folder = join(root, "node_modules/.cache/faramesh");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `host-worker-${process.pid}.mjs`);
  await bundle(join(root, "tests/hosts/host-worker.ts"), path, { packages: "external" });
  process.once("exit", () => rmSync(path, { force: true }));
  return path;
}

export interface Host {
  child: ChildProcess;
  /** The first line behind the last one that was waited for, that begins so. */
  line(beginning: string): Promise<string>;
  ended: Promise<unknown>;
}

export async function startHost(
  folder: string,
  policy: string,
  callers = 8,
  prefix: readonly string[] = [],
): Promise<Host> {
  built ??= build();
  const [program, ...words] = [...prefix, process.execPath, await built, folder, policy, String(callers)];
  const child = spawn(program!, words, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  let lines: string[] = [];
  let text = "";
  let look = (): void => {};
  child.stdout!.on("data", (chunk) => {
    text += chunk;
    const whole = text.split("\n");
    text = whole.pop()!;
    lines.push(...whole);
    look();
  });
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const line = (beginning: string): Promise<string> =>
    new Promise((resolve, reject) => {
      look = () => {
        const index = lines.findIndex((one) => one.startsWith(beginning));
        if (index < 0) return;
        look = () => {};
        const found = lines[index]!;
        lines = lines.slice(index + 1);
        resolve(found);
      };
      look();
      void ended.then(() => reject(new Error(`the host ended before \`${beginning}\``)));
    });
  const host = { child, line, ended };
  await line("open");
  return host;
}
