/** Runs every probe under every sandbox, as every user that the sandbox is for. */
import { execFileSync, spawn } from "node:child_process";
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox, User } from "./sandboxes.ts";
import { buildProbes, makeTargets, ORDINARY, type Targets } from "./targets.ts";

export type Outcome = "through" | "stopped" | "untried";

export interface Result {
  outcome: Outcome;
  /** What the probe says: the call and its error, or why it could not be tried. */
  why: string;
}

export interface Probe {
  name: string;
  group: string;
}

export interface Column {
  sandbox: string;
  user: User;
  results: Map<string, Result>;
  /** What the sandbox itself said on standard error, for who looks into a failure. */
  said: string;
}

const TREE: Probe[] = [
  { name: "tree-outlives-command", group: "limits" },
  { name: "tree-outlives-sandbox", group: "limits" },
];
/** Inherited by the sandbox: harmless values of what injects code, and things that are secret. */
const INJECTED = {
  LD_LIBRARY_PATH: "/nonexistent",
  NODE_OPTIONS: "--no-deprecation",
  BASH_ENV: "/nonexistent",
  PYTHONPATH: "/nonexistent",
  PERL5LIB: "/nonexistent",
  RUBYLIB: "/nonexistent",
  JAVA_TOOL_OPTIONS: "-Dprobe=1",
  GIT_SSH_COMMAND: "false",
  LESSOPEN: "false",
  PROBE_API_TOKEN: "secret",
  SSH_AUTH_SOCK: "/nonexistent",
};
const PATIENCE_MS = 120_000;
/** How long after its end a sandbox may take to end what is left of it. */
const SETTLE_MS = 500;

export function listProbes(): Probe[] {
  const text = execFileSync(buildProbes(), ["--list"], { encoding: "utf8" });
  const named = text.trim().split("\n");
  return [...named.map((line) => ({ name: line.split("\t")[0]!, group: line.split("\t")[1]! })), ...TREE];
}

/** All probes under one sandbox as one user, or those named. */
export async function runColumn(sandbox: Sandbox, user: User, names?: string[]): Promise<Column> {
  const owner = user === "ordinary" ? ORDINARY : (sandbox.commandUser ?? 0);
  const targets = await makeTargets(owner);
  const control = sandbox.name === "none";
  try {
    const run = names?.filter((name) => !TREE.some((probe) => probe.name === name));
    const probes = [
      targets.program,
      run === undefined ? "--all" : run.join(","),
      ...targets.arguments,
      ...(control
        ? [`leader=${targets.arguments.find((one) => one.startsWith("victim="))!.slice(7)}`, "control=1"]
        : ["leader=1"]),
    ];
    const start = [targets.program, "--start", targets.secret, targets.outside];
    const { stdout, stderr } = await collect(
      entering(targets, user, [...start, ...sandbox.wrap(targets, probes)]),
      targets,
    );
    const results = parse(stdout);
    checkTraces(results, targets);
    if (names === undefined || names.some((name) => name.startsWith("tree-")))
      for (const [name, result] of await runTree(sandbox, user, targets)) results.set(name, result);
    return { sandbox: sandbox.name, user, results, said: stderr };
  } finally {
    await targets.end();
  }
}

/** The command in the arena's network, as the user. */
export function entering(targets: Targets, user: User, command: string[]): string[] {
  const ids = [`--reuid=${ORDINARY}`, `--regid=${ORDINARY}`, "--clear-groups"];
  return [
    "nsenter",
    `--net=/proc/${targets.arena}/ns/net`,
    ...(user === "ordinary" ? ["setpriv", ...ids] : []),
    ...command,
  ];
}

function environment(targets: Targets): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return { PATH, HOME: targets.inside, ...INJECTED, FARAMESH_PROBE_SECRET: targets.marker };
}

function collect(command: string[], targets: Targets): Promise<{ stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), {
      cwd: targets.inside,
      env: environment(targets),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (data) => {
      stdout += data;
    });
    child.stderr.on("data", (data) => {
      stderr += data;
    });
    child.on("error", reject);
    child.on("close", () => {
      clearTimeout(timer);
      resolve({ stdout, stderr });
    });
  });
}

function parse(stdout: string): Map<string, Result> {
  const results = new Map<string, Result>();
  for (const match of stdout.matchAll(/^([a-z0-9-]+)\t(through|stopped|untried)\t(.*?)\r?$/gm))
    results.set(match[1]!, { outcome: match[2] as Outcome, why: match[3]! });
  return results;
}

/** What a probe made must be there for who looks from outside: else it was made in a place of the sandbox's own. */
const TRACES: Record<string, string> = {
  "write-new": "outside/made",
  "write-tmpfile": "outside/temporary",
  "mkdir-outside": "outside/directory",
  "mkfifo-outside": "outside/fifo",
  "symlink-outside": "outside/link",
  "rename-ancestor": "area/witness",
};

function checkTraces(results: Map<string, Result>, targets: Targets): void {
  for (const [name, path] of Object.entries(TRACES)) {
    const there = lstatSync(join(targets.base, path), { throwIfNoEntry: false }) !== undefined;
    const result = results.get(name);
    if (result?.outcome === "through" && !there)
      results.set(name, { outcome: "stopped", why: "made in a place of the sandbox's own" });
    if (result?.outcome === "stopped" && there)
      results.set(name, { outcome: "through", why: "said to be stopped, and is there" });
  }
}

/** A process that left its parent and session: does it outlive the command, and the sandbox when that is killed? */
async function runTree(sandbox: Sandbox, user: User, targets: Targets): Promise<[string, Result][]> {
  const found: [string, Result][] = [];
  for (const [index, manner] of (["leave", "wait"] as const).entries()) {
    const marker = `${targets.marker}-${manner}`;
    const command = entering(
      targets,
      user,
      sandbox.wrap(targets, [targets.program, "--linger", marker, manner]),
    );
    const started = await linger(command, targets, manner === "wait");
    const left = processesWith(marker);
    for (const pid of left) process.kill(pid, "SIGKILL");
    const result: Result = !started
      ? { outcome: "untried", why: "the command did not start" }
      : left.length > 0
        ? { outcome: "through", why: "a process is left" }
        : { outcome: "stopped", why: "no process is left" };
    found.push([TREE[index]!.name, result]);
  }
  return found;
}

/** Ends some time after the command has ended, or was killed. False when it never said that it is there. */
function linger(command: string[], targets: Targets, kill: boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), {
      cwd: targets.inside,
      env: environment(targets),
      stdio: ["ignore", "pipe", "ignore"],
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), 10_000);
    let said = "";
    child.stdout.on("data", (data) => {
      said += data;
      if (kill && said.includes("lingering")) child.kill("SIGKILL");
    });
    child.on("error", reject);
    child.on("exit", () => {
      clearTimeout(timer);
      setTimeout(() => resolve(said.includes("lingering")), SETTLE_MS);
    });
  });
}

function processesWith(marker: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(`--linger\0${marker}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}
