/** What is on this machine, as a profile needs to know it. */
import { lstatSync, realpathSync } from "node:fs";
import { chmod, mkdir, mkdtemp, realpath, rm, stat } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Place } from "./paths.ts";
import { SCRATCH_NAMES, type User } from "./profile.ts";
import type { PathKind } from "./roots.ts";

/** @throws the file system's error for a folder that is not there. */
export function placeAt(directory: string): Place {
  return { home: realOr(homedir()), directory: realpathSync(directory) };
}

function realOr(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Without following a link. What cannot be looked at is taken for something that cannot be covered. */
export function kindOf(path: string): PathKind {
  try {
    const status = lstatSync(path);
    if (status.isDirectory()) return "folder";
    if (status.isSymbolicLink()) return "link";
    return status.isFile() ? "file" : "other";
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? "missing" : "other";
  }
}

/** Who the command is in mode `root`: as said, who called sudo, or whose the folder is. Null: all of them are root. */
export async function userFor(said: User | null, { directory }: Place): Promise<User | null> {
  if (said !== null) return said;
  const { SUDO_UID, SUDO_GID } = process.env;
  const { uid, gid } = await stat(directory);
  const known = [
    { uid: Number(SUDO_UID), gid: Number(SUDO_GID) },
    { uid, gid },
  ];
  return known.find((one) => one.uid > 0 && one.gid > 0) ?? null;
}

export interface RunFolder {
  readonly path: string;
  remove(): Promise<void>;
}

/** Private to this user. With `scratch` it has a home and a folder for temporary files. */
export async function makeRunFolder(scratch: boolean): Promise<RunFolder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "faramesh-run-")));
  await chmod(path, 0o700);
  if (scratch)
    for (const name of Object.values(SCRATCH_NAMES)) await mkdir(join(path, name), { mode: 0o700 });
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}
