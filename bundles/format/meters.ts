/** What follows from a table of meters: slots by kind, where each stands in its blob, and the layout. */

import { sha256 } from "@noble/hashes/sha2.js";
import {
  FAMILY_BUDGET,
  KEY_SETTLED,
  METER_DISTINCT,
  METER_LAST,
  METER_PERIOD,
  METER_SEQUENCE,
  METER_SLIDING,
  METER_TOTAL,
  SLIDING_BUCKETS,
  UNIT_BYTES,
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
const KEY_TAIL_BITS = 16;
/** Amounts, in millionths or units, are below it, so that the sum of a few is a u64. */
export const AMOUNT_LIMIT = 10n ** 18n;

export function slotsOfKind(kind: number): number {
  return SLOTS[kind]!;
}

/** A key: what counts the same has the same `hash`; behind it what the key says of its meter. */
export function keyOf(hash: bigint, meter: Pick<IrMeter, "kind" | "family" | "unit">): bigint {
  const settled = isSettled(meter) ? KEY_SETTLED : 0;
  return BigInt.asUintN(64, hash << BigInt(KEY_TAIL_BITS)) | BigInt(slotsOfKind(meter.kind) | settled);
}

/** Whether the key says of the meter what it is. */
export function isKeyOf(key: bigint, meter: Pick<IrMeter, "kind" | "family" | "unit">): boolean {
  return keyOf(key >> BigInt(KEY_TAIL_BITS), meter) === key;
}

/** Whether reservations hold what the meter counts. */
export function isSettled({ family, unit }: Pick<IrMeter, "family" | "unit">): boolean {
  return family === FAMILY_BUDGET || unit === UNIT_BYTES;
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
