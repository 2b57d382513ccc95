import { randomBytes } from "node:crypto";
import { link, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

export interface WriteOptions {
  /** Permission bits, before the umask; 0o644 when left out. Private keys take 0o600. */
  mode?: number;
  /** False: fail with `EEXIST` rather than replace a file. */
  overwrite?: boolean;
}

/** Makes names in a folder durable. Systems that cannot open a folder (Windows) need no such step. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** A rename would put a file in the place of a device, a pipe or a socket, and break it for everybody. */
async function mustBeReplaceable(path: string): Promise<void> {
  const status = await stat(path).catch(() => null);
  if (status === null || status.isFile() || status.isDirectory()) return;
  throw Object.assign(new Error(`${path} is not a regular file`), { code: "EINVAL" });
}

/**
 * Writes a whole file or nothing: a temporary name in the same folder, write, fsync, rename, fsync of the folder.
 * Whoever opens `path`, also after a crash, finds the old bytes or the new ones.
 * @throws the file system's error, or `EINVAL` for a device, a pipe or a socket; the temporary file is removed then.
 */
export async function writeAtomic(
  path: string,
  bytes: Uint8Array,
  options: WriteOptions = {},
): Promise<void> {
  await mustBeReplaceable(path);
  const folder = dirname(path);
  const temporary = join(folder, `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    const handle = await open(temporary, "wx", options.mode ?? 0o644);
    try {
      await handle.writeFile(bytes);
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (options.overwrite === false) await link(temporary, path);
    else await rename(temporary, path);
    await syncFolder(folder);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** The `code` of a file system error, such as `ENOENT`, or null. */
export function errorCode(error: unknown): string | null {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : null;
}

/** One line about a file system error, without a stack. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
