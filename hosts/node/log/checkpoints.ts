/** The file of a log's checkpoints, only ever appended to. */
import { existsSync, ftruncateSync, readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import {
  parseCheckpoints,
  printCheckpoint,
  type SignedCheckpoint,
} from "../../../control/audit/checkpoint.ts";
import { syncFolder } from "../files.ts";
import { CHECKPOINTS_NAME, withFile } from "./segments.ts";

export function checkpointsPath(folder: string): string {
  return join(folder, CHECKPOINTS_NAME);
}

export type CheckpointsRead = ReturnType<typeof parseCheckpoints>;

/** In the order in which they were made; none when there is no file. @throws the file system's error. */
export function readCheckpoints(folder: string): CheckpointsRead {
  const path = checkpointsPath(folder);
  return parseCheckpoints(existsSync(path) ? readFileSync(path, "utf8") : "");
}

/** Durable when it resolves. What an interrupted write left at the end is cut off first: it was never given out. */
export async function appendCheckpoint(folder: string, checkpoint: SignedCheckpoint): Promise<void> {
  const path = checkpointsPath(folder);
  const isNew = !existsSync(path);
  if (!isNew) cutTorn(path);
  const handle = await open(path, "a", 0o644);
  try {
    await handle.appendFile(`${printCheckpoint(checkpoint)}\n`);
    await handle.datasync();
  } finally {
    await handle.close();
  }
  if (isNew) await syncFolder(folder);
}

function cutTorn(path: string): void {
  const text = readFileSync(path, "utf8");
  const { end, torn } = parseCheckpoints(text);
  // What is whole and wrong is no interrupted write: it stays, for `faramesh audit verify` to name.
  if (!torn) return;
  withFile(path, "r+", (descriptor) => ftruncateSync(descriptor, Buffer.byteLength(text.slice(0, end))));
}
