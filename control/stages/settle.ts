/** Fourth stage: what is to be recorded and stored, as one outcome of a transaction. */
import {
  AGENT_HEADER_SLOTS,
  MAX_RESERVATIONS,
  RESERVATION_SLOTS,
  SCOPED_AGENT,
  SESSION_HEADER_SLOTS,
  STATE_SLOT_COUNTS,
  STATE_SLOT_FLAGS,
  STATE_SLOT_MAGIC,
} from "../../engine/constants.ts";
import { revocationBytes } from "../keys.ts";
import type { LedgerOutcome } from "../ports.ts";
import type { Evaluated, Subject } from "./evaluate.ts";
import { GovernedCall } from "./release.ts";
import type { StateKeys } from "./snapshot.ts";

const SLOT_BYTES = 8;
const TWO_TO_32 = 4294967296;

/** Without a DataView, which would cost more than all of this. */
function u32At(bytes: Uint8Array, offset: number): number {
  return (
    (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>>
    0
  );
}

/**
 * Whether the blob holds a reservation of that sequence (engine/constants.ts, "A state blob"). A new one is the last, or in the place of any
 * other when there are as many as there may be.
 */
function holdsReservation(blob: Uint8Array, sequence: number): boolean {
  const count = u32At(blob, STATE_SLOT_COUNTS * SLOT_BYTES);
  const scope = u32At(blob, STATE_SLOT_MAGIC * SLOT_BYTES + 4);
  const header = scope === SCOPED_AGENT ? AGENT_HEADER_SLOTS : SESSION_HEADER_SLOTS;
  const meters = u32At(blob, STATE_SLOT_FLAGS * SLOT_BYTES + 4);
  const first = count < MAX_RESERVATIONS ? Math.max(0, count - 1) : 0;
  for (let index = first; index < count; index++) {
    const at = (header + meters + RESERVATION_SLOTS * index) * SLOT_BYTES;
    if (u32At(blob, at) + u32At(blob, at + 4) * TWO_TO_32 === sequence) return true;
  }
  return false;
}

export function settle(
  keys: StateKeys,
  { call, caller, tip: { sequence } }: Subject,
  made: Evaluated,
): LedgerOutcome<GovernedCall> {
  const { verdict, record, hash, state } = made;
  const writes = new Map<string, Uint8Array | null>();
  const isPermit = verdict.effect === "permit";
  let reserved = false;
  for (let index = 0; state !== null && index < state.length; index++) {
    const [key, blob] = [keys.blobs[index], state[index]];
    if (key == null || blob == null || blob.byteLength === 0) continue;
    writes.set(key, blob);
    reserved ||= isPermit && holdsReservation(blob, sequence);
  }
  if (isPermit && keys.revokes !== null) writes.set(keys.revokes, revocationBytes(sequence));
  const reservation = isPermit && reserved ? sequence : null;
  const chain = caller.delegation?.chain ?? call.chain;
  return {
    records: [{ sequence, record, hash }],
    writes,
    value: new GovernedCall({ verdict, sequence, hash, reservation, chain, failure: null, record }),
  };
}
