/** The file that a command's first word names, found as a shell finds it, and its digest. */
import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { access, realpath, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";

export interface Executable {
  /** As it is started: absolute, links in it not followed, so that a program sees the name that it was called by. */
  readonly path: string;
  /** The file itself. */
  readonly file: string;
  /** SHA-256, hexadecimal. */
  readonly digest: string;
}

/** In this process, before anything runs; `directory` is where the command starts. Null: there is none. */
export async function findExecutable(
  word: string,
  directory: string,
  searched: string,
): Promise<Executable | null> {
  const folders = word.includes("/") ? [""] : searched.split(":").filter((one) => one !== "");
  for (const folder of folders) {
    const named = folder === "" ? word : join(folder, word);
    const path = isAbsolute(named) ? named : join(directory, named);
    const status = await stat(path).catch(() => null);
    if (status === null || !status.isFile()) continue;
    const isExecutable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    // A shell goes on searching, but says of a path that it cannot be executed: so does the launcher.
    if (!isExecutable && folder !== "") continue;
    return { path, file: await realpath(path), digest: await digestOf(path) };
  }
  return null;
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest("hex");
}
