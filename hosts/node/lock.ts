import { readFileSync, readlinkSync } from "node:fs";
import { open, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { errorCode } from "./files.ts";

/** Who holds a lock; enough to tell whether that process can still be running. */
interface Owner {
  host: string;
  /** Boot and process number space in which `pid` means something; empty where the system does not tell. */
  boot: string;
  space: string;
  pid: number;
  /** The process's start time, so that a number used again is not taken for the owner. */
  started: string;
}

export interface Lock {
  release(): Promise<void>;
}

export type LockResult = { ok: true; lock: Lock } | { ok: false; holder: string };

function tellOr(otherwise: string, read: () => string): string {
  try {
    return read().trim();
  } catch {
    return otherwise;
  }
}

/** Field 22 of /proc/PID/stat, counted behind the command's closing parenthesis. */
function startOf(pid: number): string {
  return tellOr("", () => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ")[19] ?? "");
}

function currentOwner(): Owner {
  return {
    host: hostname(),
    boot: tellOr("", () => readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
    space: tellOr("", () => readlinkSync("/proc/self/ns/pid")),
    pid: process.pid,
    started: startOf(process.pid),
  };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) !== "ESRCH";
  }
}

/** True only when the owner certainly no longer runs: on this host, and rebooted, gone, or its number used again. */
function isGone(owner: Owner, self: Owner): boolean {
  if (owner.host !== self.host) return false;
  if (owner.boot !== self.boot) return owner.boot !== "" && self.boot !== "";
  if (owner.space !== self.space) return false;
  if (!isRunning(owner.pid)) return true;
  return owner.started !== "" && startOf(owner.pid) !== owner.started;
}

function parseOwner(text: string): Owner | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { host, boot, space, pid, started } = value as Partial<Record<keyof Owner, unknown>>;
    if (typeof host !== "string" || typeof boot !== "string" || typeof space !== "string") return null;
    if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid < 1 || typeof started !== "string")
      return null;
    return { host, boot, space, pid, started };
  } catch {
    return null;
  }
}

/** Creates the file if it is not there. @returns whether it was created. */
async function create(path: string, owner: Owner): Promise<boolean> {
  try {
    const handle = await open(path, "wx", 0o600);
    try {
      await handle.writeFile(`${JSON.stringify(owner)}\n`);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  }
}

async function readOwner(path: string): Promise<Owner | null> {
  return parseOwner(await readFile(path, "utf8").catch(() => ""));
}

/**
 * Removes the lock of a process that is gone. Only one process at a time may do so, under a lock of its own, and it looks
 * at the owner again there: the file that it removes is certainly the stale one.
 */
async function removeStale(path: string, self: Owner): Promise<void> {
  const breaking = `${path}.break`;
  if (!(await create(breaking, self))) return;
  try {
    const owner = await readOwner(path);
    if (owner !== null && isGone(owner, self)) await rm(path, { force: true });
  } finally {
    await rm(breaking, { force: true });
  }
}

/** Removes the lock, unless somebody removed it by hand and another process holds it now. */
async function release(path: string, self: Owner): Promise<void> {
  const owner = await readOwner(path);
  if (owner?.pid === self.pid && owner.started === self.started) await rm(path, { force: true });
}

/** Removes a lock of this process whose holder in it has ended, such as a thread. @throws the file system's error. */
export function releaseOwn(path: string): Promise<void> {
  return release(path, currentOwner());
}

/**
 * Takes an exclusive lock file (`O_EXCL`), on a local file system. A lock left by a crash is recognised on the same host
 * and taken over; in every doubt the lock counts as held.
 * @throws the file system's error when the file cannot be created.
 */
export async function acquireLock(path: string): Promise<LockResult> {
  const self = currentOwner();
  for (let attempt = 0; attempt < 2; attempt++) {
    if (await create(path, self)) return { ok: true, lock: { release: () => release(path, self) } };
    const owner = await readOwner(path);
    if (owner === null || !isGone(owner, self)) break;
    await removeStale(path, self);
  }
  const owner = await readOwner(path);
  return {
    ok: false,
    holder: owner === null ? "an unknown process" : `process ${owner.pid} on ${owner.host}`,
  };
}
