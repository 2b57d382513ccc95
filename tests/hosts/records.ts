import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesToHex } from "@noble/hashes/utils.js";
import { onTestFinished } from "vitest";
import { type ChainTip, chainHash, formatLine, genesis } from "../../control/audit/line.ts";

/** A folder that goes away with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "faramesh-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A decision record with every field of version 1, as the core writes it, for a note that tells it from others. */
export function recordAt(tip: ChainTip, note: string): { record: Uint8Array; hash: Uint8Array } {
  const value = {
    action: { agent: "support", args: { note }, tool: "mail/send" },
    action_digest: "a".repeat(64),
    agent: "support",
    bundle: "b".repeat(64),
    code: "rule_permit",
    detail: null,
    effect: "permit",
    engine: "e".repeat(64),
    inputs: {},
    inputs_digest: "1".repeat(64),
    obligations: { credentials: [], notify: [], redact: [] },
    previous: bytesToHex(tip.previous),
    reason: null,
    rule: null,
    sequence: tip.sequence,
    signed: true,
    state_after: null,
    state_before: null,
    time: null,
    type: "decision",
    version: 1,
  };
  const record = new TextEncoder().encode(JSON.stringify(value));
  return { record, hash: chainHash(tip.previous, record) };
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
