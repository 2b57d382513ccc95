import { bytesToHex } from "@noble/hashes/utils.js";
import { type ChainTip, chainHash } from "../../control/audit/line.ts";

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
