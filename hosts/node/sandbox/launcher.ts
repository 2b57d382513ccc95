/** The launcher: where it is, what it says of the machine, and a command under it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import type { Duplex, Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { type Machine, readProbe } from "./machine.ts";
import { type SandboxRefusal, sandboxRefusal } from "./refusal.ts";

const BINARY = "faramesh-sandbox";
/** As `process.arch` names them. */
const ARCHITECTURES = ["x64", "arm64"];
const BUILT = fileURLToPath(new URL("../../../sandbox-native/dist/", import.meta.url));
const PROBE_LIMIT_MS = 10_000;
const MAX_LINE_BYTES = 64 * 1024;
export const EXIT_LAUNCHER = 125;

export interface Launcher {
  readonly ok: true;
  readonly path: string;
  /** SHA-256 of the file, hexadecimal. */
  readonly digest: string;
}

/** The package of this platform, else what `sandbox-native/build.mjs` built from source. No variable names it: the place is not the agent's to choose. */
function candidates(platform: string, arch: string): string[] {
  const built = join(BUILT, arch, BINARY);
  try {
    const require = createRequire(import.meta.url);
    const manifest = require.resolve(`@faramesh/sandbox-${platform}-${arch}/package.json`);
    return [join(dirname(manifest), BINARY), built];
  } catch {
    return [built];
  }
}

export async function findLauncher(platform: string, arch: string): Promise<Launcher | SandboxRefusal> {
  if (platform !== "linux" || !ARCHITECTURES.includes(arch))
    return sandboxRefusal(
      `there is no launcher for ${platform} on ${arch}`,
      "there is one for Linux on x64 and arm64",
    );
  for (const path of candidates(platform, arch)) {
    const status = await stat(path).catch(() => null);
    if (status === null || !status.isFile()) continue;
    // Whoever may write it chooses what is enforced.
    const own = status.uid === 0 || status.uid === process.geteuid?.();
    if (!own || (status.mode & 0o022) !== 0)
      return sandboxRefusal(`others may write the launcher ${path}`, "it must be root's or yours, mode 0755");
    const digest = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
    return { ok: true, path, digest };
  }
  return sandboxRefusal(
    "the launcher is not installed",
    `install @faramesh/sandbox-${platform}-${arch}, or build it with \`node sandbox-native/build.mjs\``,
  );
}

/** What this machine can enforce. */
export function probeMachine({ path }: Launcher): Promise<{ ok: true; machine: Machine } | SandboxRefusal> {
  return new Promise((resolve) => {
    execFile(path, ["--probe"], { timeout: PROBE_LIMIT_MS, env: {} }, (error, stdout, stderr) => {
      const machine = error === null ? readProbe(stdout) : null;
      if (machine !== null) return resolve({ ok: true, machine });
      const said = stderr.trim() || error?.message || "its answer is not a probe's";
      resolve(
        sandboxRefusal(`the launcher cannot probe this machine: ${said}`, "run it with `--probe` by hand"),
      );
    });
  });
}

/** sandbox-native/PROFILE.md "Report", the first line. */
export interface Started {
  readonly launcher: string;
  readonly architecture: string;
  readonly mode: string;
  readonly layers: readonly string[];
  readonly absent: readonly { readonly layer: string; readonly why: string }[];
  readonly landlock: number;
  readonly pid: number;
}

export interface Counts {
  readonly allowed: number;
  readonly denied: number;
}

/** The last line. */
export interface Ended {
  readonly status: number | null;
  readonly signal: number | null;
  readonly connects?: Counts;
  readonly sends?: Counts;
}

/** A command that waits to be let go. */
export interface Launched {
  /** Null: the launcher refused, and has said why on standard error. */
  readonly started: Promise<Started | null>;
  /** Exit status as a shell has it. Never rejects. */
  readonly exited: Promise<number>;
  /** Null where the launcher did not come to say it. */
  readonly ended: Promise<Ended | null>;
  /** Starts the command. */
  go(): void;
  /** Ends all of it. */
  cancel(): void;
  signal(name: NodeJS.Signals): void;
}

export interface LaunchOptions {
  readonly profile: string;
  readonly command: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** One line at a time, as the launcher observes. */
  readonly onObservation: ((line: string) => void) | null;
}

/** Calls back with each line. One that is too long is dropped. */
function eachLine(stream: Readable, take: (line: string) => void): void {
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    if (rest.length > MAX_LINE_BYTES) rest = "";
    for (const line of lines) take(line);
  });
  stream.on("error", () => {});
}

function statusOf(code: number | null, signal: NodeJS.Signals | null): number {
  return code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0));
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(EXIT_LAUNCHER));
    child.once("close", (code, signal) => resolve(statusOf(code, signal)));
  });
}

function reportsOf(report: Readable): Pick<Launched, "started" | "ended"> {
  let start: (started: Started | null) => void;
  let end: (ended: Ended | null) => void;
  const started = new Promise<Started | null>((resolve) => {
    start = resolve;
  });
  const ended = new Promise<Ended | null>((resolve) => {
    end = resolve;
  });
  eachLine(report, (line) => {
    try {
      const value = JSON.parse(line) as { report?: string };
      if (value.report === "started") start(value as unknown as Started);
      if (value.report === "ended") end(value as unknown as Ended);
    } catch {
      // Not the launcher's: nothing is started by it.
    }
  });
  report.once("close", () => {
    start(null);
    end(null);
  });
  return { started, ended };
}

/** The command under the launcher, with this process's standard streams. It waits for `go`. */
export function launch({ path }: Launcher, options: LaunchOptions): Launched {
  const { profile, command, environment, onObservation } = options;
  const observe = onObservation === null ? [] : ["--observe", "6"];
  const words = ["--profile", "3", "--report", "4", "--go", "5", ...observe, "--", ...command];
  const pipes = Array.from({ length: onObservation === null ? 3 : 4 }, () => "pipe" as const);
  const child = spawn(path, words, { stdio: ["inherit", "inherit", "inherit", ...pipes], env: environment });
  const [, , , input, report, gate, observations] = child.stdio as unknown as (Duplex | null)[];
  const exited = exitOf(child);
  for (const stream of [input, gate]) stream?.on("error", () => {});
  input?.end(profile);
  if (observations != null && onObservation !== null) eachLine(observations, onObservation);
  const none = { started: Promise.resolve(null), ended: Promise.resolve(null) };
  return {
    ...(report == null ? none : reportsOf(report)),
    exited,
    // It stays open: its end is how the launcher hears that this process has gone.
    go: () => void gate?.write("g"),
    cancel: () => {
      // By a signal, which the launcher does not tell on the command's standard error as it does the gate's end.
      child.kill("SIGTERM");
    },
    signal: (name) => void child.kill(name),
  };
}
