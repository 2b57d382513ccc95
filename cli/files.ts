import { statSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { errorCode, writeAtomic } from "../hosts/node/files.ts";
import { CommandError, EXIT_MISUSE } from "./errors.ts";
import { cannotWrite } from "./io.ts";

function bytesOf(content: Uint8Array | string): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}

/** Writes a file wholly or not at all; a file that stands there is replaced and its mode kept. Throws CommandError. */
export async function writeFile(path: string, content: Uint8Array | string): Promise<void> {
  try {
    await writeAtomic(path, bytesOf(content), { mode: existingMode(path) });
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

function existingMode(path: string): number {
  const status = statSync(path, { throwIfNoEntry: false });
  return status === undefined ? 0o644 : status.mode & 0o777;
}

/** As `writeFile`, but a file that stands there is left alone and refused. */
export async function createFile(path: string, content: Uint8Array | string, mode = 0o644): Promise<void> {
  try {
    await writeAtomic(path, bytesOf(content), { mode, overwrite: false });
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw cannotWrite(path, error);
    throw new CommandError(EXIT_MISUSE, "it exists already, and is left as it is", {
      place: path,
      help: "choose another name, or move the file away",
    });
  }
}

export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw cannotWrite(path, error);
  }
}
