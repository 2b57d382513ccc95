/** Where the control socket is: in the folder of the control plane, which must be the user's own. */
import { type FileHandle, lstat, open } from "node:fs/promises";
import { join } from "node:path";
import { errorCode } from "../files.ts";

export const SOCKET_NAME = "control.sock";

/** `sun_path` has 104 bytes or more everywhere, with the zero at its end. */
const MAX_PATH_BYTES = 103;
const OTHERS_MAY_WRITE = 0o022;

/** The folder is not the user's own, or no address can be made of its path. */
export class PlaceRefused extends Error {}

function mayOwn(uid: number): boolean {
  return process.geteuid === undefined || uid === process.geteuid();
}

/** For `addressOf`. @throws the file system's error. */
export function openFolder(folder: string): Promise<FileHandle> {
  return open(folder, "r");
}

/**
 * Opens the folder. Whoever may write into it may put another socket in the place of ours, so it must be this user's alone.
 * @throws PlaceRefused, or the file system's error.
 */
export async function openOwn(folder: string): Promise<FileHandle> {
  if (process.platform === "win32") throw new PlaceRefused("this system has no sockets in folders");
  const handle = await openFolder(folder);
  try {
    const { uid, mode } = await handle.stat();
    if (!mayOwn(uid)) throw new PlaceRefused(`${folder} belongs to user ${uid}`);
    if ((mode & OTHERS_MAY_WRITE) !== 0) throw new PlaceRefused(`others may write into ${folder}`);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A path of `name` in the folder that fits into a socket's address. @throws PlaceRefused */
export function addressOf(folder: string, handle: FileHandle, name: string): string {
  const path = join(folder, name);
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  if (process.platform === "linux") return `/proc/self/fd/${handle.fd}/${name}`;
  throw new PlaceRefused(`the path of ${path} is longer than ${MAX_PATH_BYTES} bytes`);
}

export type SocketFound = "none" | "socket" | "other";

/** What has the socket's name; a symbolic link is not followed. @throws the file system's error. */
export async function findSocket(path: string): Promise<{ found: SocketFound; uid: number; ino: number }> {
  try {
    const status = await lstat(path);
    return { found: status.isSocket() ? "socket" : "other", uid: status.uid, ino: status.ino };
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { found: "none", uid: -1, ino: -1 };
    throw error;
  }
}

/**
 * The socket must be of whoever owns the folder, and that is this user; root may operate everybody's, and serve everybody. Nobody else may write
 * into the folder, who could put another socket there meanwhile.
 * @returns why the socket of user `uid` is not to be trusted, or null.
 */
export async function findDoubt(uid: number, folder: FileHandle): Promise<string | null> {
  if (process.geteuid === undefined) return null;
  const { uid: owner, mode } = await folder.stat();
  if ((mode & OTHERS_MAY_WRITE) !== 0) return "others may write into its folder";
  const mayServe = uid === 0 || (uid === owner && (mayOwn(owner) || process.geteuid() === 0));
  return mayServe ? null : `it belongs to user ${uid}`;
}
