/** A PostgreSQL server of our own in a temporary folder, reached by a socket in it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chownSync, existsSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const DEBIAN = "/usr/lib/postgresql";
const USER = "faramesh";

export interface Server {
  /** For `openPostgres`. */
  readonly address: { readonly host: string; readonly user: string; readonly database: string };
  readonly folder: string;
  readonly pid: number;
  /** Ends it: orderly, or as a crash does (nothing is written any more). */
  stop(how: "orderly" | "crash"): Promise<void>;
  /** Again, on the same data. */
  start(): Promise<void>;
  remove(): Promise<void>;
}

function findBinaries(): string | null {
  const folders = existsSync(DEBIAN)
    ? readdirSync(DEBIAN).map((version) => join(DEBIAN, version, "bin"))
    : [];
  const path = (process.env.PATH ?? "").split(":");
  return [...folders, ...path].find((folder) => existsSync(join(folder, "initdb"))) ?? null;
}

/** Folder of the server's programs, or null: the tests of PostgreSQL are skipped then, which is a failure in CI. */
export const BINARIES = findBinaries();

/** The server refuses to run as root. */
function userToRunAs(): { uid: number; gid: number } | Record<string, never> {
  if (process.getuid?.() !== 0) return {};
  const number = (flag: string): number =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  return { uid: number("-u"), gid: number("-g") };
}

async function run(folder: string, settings: readonly string[], user: object): Promise<ChildProcess> {
  const options = ["-D", join(folder, "data"), "-k", folder, "-c", "listen_addresses="];
  const child = spawn(join(BINARIES!, "postgres"), [...options, ...settings.flatMap((one) => ["-c", one])], {
    ...user,
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines = createInterface({ input: child.stderr! });
  const said: string[] = [];
  for await (const line of lines) {
    said.push(line);
    if (line.includes("ready to accept connections")) {
      lines.close();
      child.stderr!.resume();
      return child;
    }
  }
  throw new Error(`the server did not start: ${said.join("\n")}`);
}

export async function startServer(settings: readonly string[] = []): Promise<Server> {
  const user = userToRunAs();
  const folder = await mkdtemp(join(tmpdir(), "faramesh-pg-"));
  if ("uid" in user) chownSync(folder, user.uid!, user.gid!);
  const make = [
    "-D",
    join(folder, "data"),
    "-A",
    "trust",
    "-U",
    USER,
    "-E",
    "UTF8",
    "--locale=C",
    "--no-sync",
  ];
  execFileSync(join(BINARIES!, "initdb"), make, { ...user, cwd: folder, stdio: "ignore" });
  let child = await run(folder, settings, user);
  const stop = async (how: "orderly" | "crash"): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(how === "orderly" ? "SIGINT" : "SIGQUIT");
    await exited;
  };
  return {
    address: { host: folder, user: USER, database: "postgres" },
    folder,
    get pid() {
      return child.pid!;
    },
    stop,
    start: async () => {
      child = await run(folder, settings, user);
    },
    remove: async () => {
      await stop("orderly");
      await rm(folder, { recursive: true, force: true });
    },
  };
}
