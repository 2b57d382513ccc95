/** What the probes aim at: a fresh tree of files for each run, and the arena with its servers, memory and victim. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ROOT as root } from "../docs/pages.ts";

/** A user that owns nothing on this machine. */
export const ORDINARY = 61234;
/** Under /var/tmp, since /tmp is private in most sandboxes. */
const PLACE = "/var/tmp";
const SOURCES = join(root, "tests/sandbox/probes");
const PROGRAM = join(root, "node_modules/.cache/faramesh/probes");

/** Compiles the probes when their sources are newer; the path of the static program. */
export function buildProbes(): string {
  const sources = readdirSync(SOURCES).map((name) => join(SOURCES, name));
  const newest = Math.max(...sources.map((path) => statSync(path).mtimeMs));
  if (existsSync(PROGRAM) && statSync(PROGRAM).mtimeMs > newest) return PROGRAM;
  mkdirSync(join(PROGRAM, ".."), { recursive: true });
  const flags = ["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers"];
  const own = `${PROGRAM}.${process.pid}`;
  const inputs = sources.filter((path) => path.endsWith(".c"));
  execFileSync("gcc", [...flags, "-static", ...inputs, "-o", own], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  execFileSync("mv", [own, PROGRAM]);
  return PROGRAM;
}

export interface Targets {
  /** Everything lies below; each folder on the way can be entered by all. */
  base: string;
  /** What a sandbox may read, with the program of the probes. */
  tools: string;
  program: string;
  /** The only writable root. */
  inside: string;
  /** Inside: neither readable nor writable. */
  denied: string;
  /** Inside: read-only. One exists, one does not. */
  protected: string;
  absent: string;
  /** Never to be seen. */
  outside: string;
  secret: string;
  owner: number;
  marker: string;
  /** Of the process in whose network namespace all takes place. */
  arena: number;
  /** As `KEY=VALUE`, for the probes. */
  arguments: string[];
  /** Takes back what the arena shared with the machine, and the files. */
  end(): Promise<void>;
}

/** `owner` owns what a user of the machine would own, and the victim. Throws when the arena does not come up. */
export async function makeTargets(owner: number): Promise<Targets> {
  const marker = `faramesh-${randomBytes(8).toString("hex")}`;
  const base = mkdtempSync(join(PLACE, "faramesh-probes-"));
  const files = makeFiles(base, owner, marker);
  const { child, lines } = await startArena(files, owner, marker);
  return {
    ...files,
    base,
    owner,
    marker,
    arena: Number(lines.find((line) => line.startsWith("arena="))!.slice(6)),
    arguments: [
      ...lines,
      ...["outside", "inside", "secret", "denied", "protected", "absent", "program"].map(
        (key) => `${key}=${files[key as keyof typeof files]}`,
      ),
      `ancestor=${join(base, "area")}`,
      `neighbour=${join(files.outside, "neighbour")}`,
      `readable=${join(files.tools, "readable")}`,
      `spare=${join(files.tools, "spare")}`,
      `setuid=${join(files.tools, "setuid")}`,
      `capable=${join(files.tools, "capable")}`,
      `marker=${marker}`,
      `harness=${process.pid}`,
      "fd=20",
      "dirfd=21",
    ],
    async end() {
      const ended = child.exitCode === null ? once(child, "exit") : undefined;
      child.stdin!.end();
      await ended;
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function makeFiles(base: string, owner: number, marker: string) {
  const area = join(base, "area");
  const inside = join(area, "workspace");
  const outside = join(base, "outside");
  const tools = join(base, "tools");
  const program = join(tools, "probes");
  const put = (path: string, mode: number, user = owner) => {
    writeFileSync(path, `${marker}\n`);
    chmodSync(path, mode);
    chownSync(path, user, user);
  };
  const folder = (path: string, mode: number, user = owner) => {
    mkdirSync(path, { recursive: true });
    chmodSync(path, mode);
    chownSync(path, user, user);
  };
  folder(base, 0o777);
  for (const path of [
    area,
    inside,
    join(inside, ".git"),
    join(inside, ".git/hooks"),
    join(inside, "private"),
  ])
    folder(path, 0o755);
  folder(outside, 0o777);
  folder(tools, 0o755);
  put(join(inside, "private/denied"), 0o644);
  for (const name of [
    "secret",
    "writable",
    "neighbour",
    "movable",
    "replaced",
    "exchanged",
    "removable",
    "owned",
  ])
    put(join(outside, name), 0o666);
  put(join(tools, "readable"), 0o666);
  for (const [name, user, mode] of [
    ["probes", owner, 0o755],
    ["spare", owner, 0o755],
    ["setuid", 0, 0o4755],
    ["capable", 0, 0o755],
  ] as const) {
    copyFileSync(buildProbes(), join(tools, name));
    chownSync(join(tools, name), user, user);
    chmodSync(join(tools, name), mode);
  }
  execFileSync("setcap", ["cap_net_raw,cap_chown+ep", join(tools, "capable")]);
  return {
    tools,
    program,
    inside,
    outside,
    secret: join(outside, "secret"),
    denied: join(inside, "private/denied"),
    protected: join(inside, ".git/hooks"),
    absent: join(inside, ".agent/settings.json"),
  };
}

async function startArena(
  files: ReturnType<typeof makeFiles>,
  owner: number,
  marker: string,
): Promise<{ child: ChildProcess; lines: string[] }> {
  const command = [files.program, "--arena", files.outside, files.inside, `${owner}`, marker];
  const child = spawn("unshare", ["--net", ...command], { stdio: ["pipe", "pipe", "inherit"] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== "") lines.push(line);
    /* The victim's two lines come when it likes. */
    if (["victim=", "address=", "scratch="].every((key) => lines.some((one) => one.startsWith(key)))) {
      child.stdout.resume();
      return { child, lines };
    }
  }
  throw new Error("the arena ended before it was ready");
}
