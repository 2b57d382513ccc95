/**
 * `npm run bench:sandbox [-- --rounds N]`: what it costs to start `/bin/true` in each sandbox over starting it bare, and what open and connect cost inside. All in one run,
 * the contenders in turn, so that a drift of the machine falls on each alike. Prints Markdown.
 */
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdirSync, statSync } from "node:fs";
import { cpus, release } from "node:os";
import { join } from "node:path";
import { ROOT } from "../../tests/docs/pages.ts";
import { buildLauncher } from "../../tests/sandbox/launcher.ts";
import { runtimeSettings, SANDBOX_RUNTIME, SANDBOXES, type Sandbox } from "../../tests/sandbox/sandboxes.ts";
import { makeTargets, type Targets } from "../../tests/sandbox/targets.ts";
import { median } from "../measure.ts";

const SLOW_ROUNDS = 7;
const CALLS = 20_000;
const given = process.argv.indexOf("--rounds");
const rounds = given === -1 ? 60 : Number(process.argv[given + 1]);

interface Contender {
  name: string;
  command: string[];
  rounds: number;
  times: number[];
}

function compile(name: string, flags: string[]): string {
  const folder = join(ROOT, "node_modules/.cache/faramesh");
  mkdirSync(folder, { recursive: true });
  const program = join(folder, `sandbox-${name}`);
  execFileSync("gcc", ["-O2", ...flags, join(ROOT, `bench/sandbox/${name}.c`), "-o", program]);
  return program;
}

/** Milliseconds of each of `count` starts. */
function time(spawner: string, command: string[], count: number): number[] {
  const text = execFileSync(spawner, [`${count}`, ...command], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  return text
    .trim()
    .split("\n")
    .map((line) => Number(line) / 1e6);
}

function fromNode(command: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = process.hrtime.bigint();
    const child = spawn(command[0]!, command.slice(1), { stdio: "ignore" });
    child.on("error", reject);
    child.on("exit", () => resolve(Number(process.hrtime.bigint() - started) / 1e6));
  });
}

/** The library in one process: what wrapping and running one command takes, once it has been initialised. */
async function library(targets: Targets): Promise<number[]> {
  const place = join(ROOT, "tests/sandbox/peers/node_modules/@anthropic-ai/sandbox-runtime/dist/index.js");
  const { SandboxManager } = (await import(place)) as {
    SandboxManager: {
      initialize(settings: object): Promise<void>;
      wrapWithSandbox(command: string): Promise<string>;
      reset(): Promise<void>;
    };
  };
  await SandboxManager.initialize(runtimeSettings(targets));
  const times: number[] = [];
  for (let round = 0; round < SLOW_ROUNDS * 2; round++) {
    const started = process.hrtime.bigint();
    const wrapped = await SandboxManager.wrapWithSandbox("/bin/true");
    await fromNode(["/bin/sh", "-c", wrapped]);
    times.push(Number(process.hrtime.bigint() - started) / 1e6);
  }
  await SandboxManager.reset();
  return times;
}

function line(cells: (string | number)[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** All at once, in turn; the first of each contender's rounds is not counted. */
function measureStarts(spawner: string, contenders: Contender[]): void {
  const most = Math.max(...contenders.map((one) => one.rounds));
  for (const one of contenders) time(spawner, one.command, 1);
  for (let round = 0; round < most; round++)
    for (const one of contenders) if (round < one.rounds) one.times.push(...time(spawner, one.command, 1));
}

async function starts(targets: Targets, present: Sandbox[]): Promise<string> {
  const spawner = compile("spawn", ["-static"]);
  const contenders: Contender[] = [
    { name: "bare", command: ["/bin/true"], rounds, times: [] },
    ...present.map((sandbox) => ({
      name: sandbox === SANDBOX_RUNTIME ? `${sandbox.name}, its command` : sandbox.name,
      command: sandbox.wrap(targets, ["/bin/true"]),
      rounds: sandbox === SANDBOX_RUNTIME ? SLOW_ROUNDS : rounds,
      times: [],
    })),
  ];
  measureStarts(spawner, contenders);
  const bareOfNode: number[] = [];
  const fullOfNode: number[] = [];
  for (let round = 0; round < rounds; round++) {
    bareOfNode.push(await fromNode(["/bin/true"]));
    fullOfNode.push(await fromNode(present[0]!.wrap(targets, ["/bin/true"])));
  }
  const bare = median(contenders[0]!.times);
  const row = (name: string, times: number[], over: number) => {
    const value = median(times);
    return line([
      name,
      value.toFixed(2),
      (value - over).toFixed(2),
      `${(value / over).toFixed(1)}×`,
      times.length,
    ]);
  };
  const node = median(bareOfNode);
  return [
    line(["start of `/bin/true`", "median, ms", "over bare, ms", "ratio", "runs"]),
    line(["---", "---:", "---:", "---:", "---:"]),
    ...contenders.map((one) => row(one.name, one.times, bare)),
    row("bare, from Node", bareOfNode, node),
    row(`${present[0]!.name}, from Node`, fullOfNode, node),
    ...(present.includes(SANDBOX_RUNTIME)
      ? [row("sandbox-runtime, its library, from Node", await library(targets), node)]
      : []),
  ].join("\n");
}

function calls(targets: Targets, present: Sandbox[]): string {
  const program = join(targets.tools, "calls");
  copyFileSync(compile("calls", ["-static"]), program);
  const run = (command: string[]) =>
    Object.fromEntries(
      execFileSync(command[0]!, command.slice(1), { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] })
        .trim()
        .split("\n")
        .map((one) => [one.split("\t")[0]!, Number(one.split("\t")[1])]),
    ) as Record<"open" | "connect" | "getppid", number>;
  const command = [program, `${CALLS}`, join(targets.tools, "readable")];
  const bare = run(command);
  const rows = present.map((sandbox) => {
    const inside = run(sandbox.wrap(targets, command));
    return line([
      sandbox.name,
      ...(["open", "connect", "getppid"] as const).map(
        (call) => `${inside[call]} (${(inside[call] / bare[call]).toFixed(2)}×)`,
      ),
    ]);
  });
  return [
    line(["one call, ns", "open, close", "socket, connect, close", "getppid"]),
    line(["---", "---:", "---:", "---:"]),
    line(["bare", bare.open, bare.connect, bare.getppid]),
    ...rows,
  ].join("\n");
}

const present = SANDBOXES.filter((sandbox) => sandbox.missing() === null);
const targets = await makeTargets(0);
try {
  console.log(
    `Kernel ${release()}, ${cpus().length} cores, ${cpus()[0]!.model.trim()}. The launcher: ${statSync(buildLauncher()!).size} bytes, no library.\n`,
  );
  for (const sandbox of present) console.log(`- ${sandbox.name} ${sandbox.version()}`);
  console.log(`\n${await starts(targets, present)}\n\n${calls(targets, present)}`);
} finally {
  await targets.end();
}
