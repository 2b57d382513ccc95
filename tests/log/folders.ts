/** Folders and logs of a test: gone when it ends. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { SealedRecord } from "../../control/ports.ts";
import { type LogOptions, openLog, type SegmentedLog } from "../../hosts/node/log/index.ts";

function folderIn(base: string): string {
  const folder = mkdtempSync(join(base, "faramesh-log-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const temporaryFolder = (): string => folderIn(tmpdir());

/** In memory where the system has such a place, for tests that sync a thousand files and not because of the disk. */
export const memoryFolder = (): string => folderIn(existsSync("/dev/shm") ? "/dev/shm" : tmpdir());

export async function opened(folder: string, options: LogOptions = {}): Promise<SegmentedLog> {
  const result = await openLog(folder, options);
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  onTestFinished(() => result.log.close());
  return result.log;
}

export async function all(log: SegmentedLog, from = 0): Promise<SealedRecord[]> {
  const found: SealedRecord[] = [];
  for await (const record of log.read(from)) found.push(record);
  return found;
}
