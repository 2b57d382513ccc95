/** What follows from a table of meters: slots by kind, where each stands in its blob, and the layout. */

import { sha256 } from "@noble/hashes/sha2.js";
import {
  METER_DISTINCT,
  METER_LAST,
  METER_PERIOD,
  METER_SEQUENCE,
  METER_SLIDING,
  METER_TOTAL,
  SLIDING_BUCKETS,
} from "../../engine/constants.ts";
import { Writer } from "./bytes.ts";
import type { IrMemory, IrMeter } from "./ir.ts";

/** By METER_*: the key, then what engine/constants.ts says. */
const SLOTS: Readonly<Record<number, number>> = {
  [METER_TOTAL]: 2,
  [METER_PERIOD]: 3,
  [METER_SLIDING]: 2 + SLIDING_BUCKETS,
  [METER_LAST]: 2,
  [METER_SEQUENCE]: 2,
  [METER_DISTINCT]: 3,
};
export const KEY_SLOT_BITS = 16n;
/** Amounts, in millionths or units, are below it, so that the sum of a few is a u64. */
export const AMOUNT_LIMIT = 10n ** 18n;

export function slotsOfKind(kind: number): number {
  return SLOTS[kind]!;
}

/** Meters of one blob in table order, without the rows of a sequence behind its first. */
export function metersOfBlob(rows: readonly IrMeter[], scope: number): IrMeter[] {
  return rows.filter((row, at) => row.scope === scope && !isLaterStep(row, rows[at - 1]));
}

/** Whether the row is of the same sequence as the one before it. */
export function isLaterStep(row: IrMeter, before: IrMeter | undefined): boolean {
  return row.kind === METER_SEQUENCE && row.key === before?.key && row.agent === before.agent;
}

export type Layout = Pick<IrMemory, "agentLayout" | "sessionLayout" | "agentSlots" | "sessionSlots">;

/** `rows`: those of the system, then the agent's own, in table order. */
export function layoutOf(rows: readonly IrMeter[], scope: number): { layout: bigint; slots: number } {
  const out = new Writer();
  let slots = 0;
  for (const { key, slot, kind } of metersOfBlob(rows, scope)) {
    out.u64(key);
    out.u32(slot);
    slots += slotsOfKind(kind);
  }
  const digest = sha256(out.finish());
  const layout = new DataView(digest.buffer, digest.byteOffset).getBigUint64(0, true);
  return { layout: layout === 0n ? 1n : layout, slots };
}
