import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { formatLine, genesis } from "../../control/audit/line.ts";
import { recordAt } from "./record.ts";

export { recordAt };

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "faramesh-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The lines of a log of `count` records. */
export function linesOf(count: number): Uint8Array[] {
  const lines: Uint8Array[] = [];
  let tip = genesis();
  for (let index = 0; index < count; index++) {
    const { record, hash } = recordAt(tip, `note ${index}`);
    lines.push(formatLine(hash, record));
    tip = { sequence: tip.sequence + 1, previous: hash };
  }
  return lines;
}

export function joined(lines: Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(lines));
}
