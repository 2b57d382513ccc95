/** Records and states for tests of ledgers: an agent's blob is one slot that counts its records. */
import { createHash } from "node:crypto";
import { chainHash } from "../../control/audit/line.ts";
import { encodeState } from "../../control/ledger/changes.ts";
import {
  agentKey,
  type ChainTip,
  type Ledger,
  type LedgerOutcome,
  type LedgerView,
} from "../../control/ports.ts";

export const digest = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

export function countIn(blob: Uint8Array | null): number {
  return blob === null ? 0 : Number(new DataView(blob.buffer, blob.byteOffset).getBigUint64(0, true));
}

export function blobOf(value: number): Uint8Array {
  const blob = new Uint8Array(8);
  new DataView(blob.buffer).setBigUint64(0, BigInt(value), true);
  return blob;
}

/** A record as the core writes it, as far as the ledger reads it. */
export function recordOf(
  tip: ChainTip,
  agent: string,
  before: Uint8Array | null,
  after: Uint8Array,
): Uint8Array {
  const value = {
    action: { agent, args: {}, tool: "count" },
    effect: "permit",
    inputs: {},
    previous: hex(tip.previous),
    sequence: tip.sequence,
    state: [[0, 1, 0, countIn(after).toString(16)]],
    state_after: hex(digest(encodeState([after, null]))),
    state_before: hex(digest(encodeState([before, null]))),
    time: 1_767_225_600_000,
    type: "decision",
    version: 2,
  };
  return new TextEncoder().encode(JSON.stringify(value));
}

export function counting(agent: string): (view: LedgerView) => LedgerOutcome<number> {
  const key = agentKey(agent);
  return (view) => {
    const before = view.get(key);
    const after = blobOf(countIn(before) + 1);
    const record = recordOf(view.tip, agent, before, after);
    const hash = chainHash(view.tip.previous, record);
    return {
      records: [{ sequence: view.tip.sequence, record, hash }],
      writes: new Map([[key, after]]),
      value: countIn(after),
    };
  };
}

/** One more for the agent. @returns its count. */
export function count(ledger: Ledger, agent: string): Promise<number> {
  return ledger.transact([agentKey(agent)], counting(agent));
}
