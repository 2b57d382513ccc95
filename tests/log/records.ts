/** Records as the core writes them, without the core: for tests of what only stores them. */
import { bytesToHex } from "@noble/hashes/utils.js";
import { chainHash, genesis } from "../../control/audit/line.ts";
import type { ChainTip, SealedRecord } from "../../control/ports.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";

/** A record with every field of version 2, for a note that tells it from others. */
export function recordAt(tip: ChainTip, note: string, fields: Record<string, unknown> = {}): SealedRecord {
  const value: Record<string, unknown> = {
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
    state: null,
    state_after: null,
    state_before: null,
    time: null,
    type: "decision",
    version: 2,
    ...fields,
  };
  const record = new TextEncoder().encode(JSON.stringify(value));
  return { sequence: tip.sequence, record, hash: chainHash(tip.previous, record, NATIVE_SHA256) };
}

export function behind({ sequence, hash }: SealedRecord): ChainTip {
  return { sequence: sequence + 1, previous: hash };
}

/** Records that follow one another from `tip` on. */
export function recordsFrom(tip: ChainTip, count: number, note = "note"): SealedRecord[] {
  const records: SealedRecord[] = [];
  for (let index = 0, at = tip; index < count; index++) {
    const record = recordAt(at, `${note} ${at.sequence}`);
    records.push(record);
    at = behind(record);
  }
  return records;
}

export const firstRecords = (count: number): SealedRecord[] => recordsFrom(genesis(), count);
