/** The meters of STATE: what each family may count, and in which way. */

import {
  EFFECT_DENY,
  EFFECT_PERMIT,
  FAMILY_AMBIENT,
  FAMILY_BUDGET,
  FAMILY_HISTORY,
  FAMILY_RATE,
  MAX_METER_SLOTS,
  MAX_METERS,
  MAX_SETTLED_METERS,
  METER_DISTINCT,
  METER_LAST,
  METER_PERIOD,
  METER_SEQUENCE,
  METER_SLIDING,
  METER_TOTAL,
  ROOT_ARGS,
  SCOPED_AGENT,
  SCOPED_SESSION,
  UNIT_ARGUMENT,
  UNIT_BYTES,
  UNIT_CALLS,
  UNIT_DENIALS,
  UNIT_MONEY,
  UNIT_TOKENS,
} from "../../engine/constants.ts";
import type { Ir, IrMeter } from "./ir.ts";
import { AMOUNT_LIMIT, isKeyOf, isLaterStep, slotsOfKind } from "./meters.ts";
import type { Reader } from "./reader.ts";

export const METER_BYTES = 72;

const KINDS: Readonly<Record<number, readonly number[]>> = {
  [FAMILY_RATE]: [METER_SLIDING],
  [FAMILY_AMBIENT]: [METER_PERIOD, METER_DISTINCT],
  [FAMILY_BUDGET]: [METER_TOTAL, METER_PERIOD],
  [FAMILY_HISTORY]: [METER_TOTAL, METER_SLIDING, METER_LAST, METER_SEQUENCE],
};
const UNITS: Readonly<Record<number, readonly number[]>> = {
  [FAMILY_RATE]: [UNIT_CALLS],
  [FAMILY_AMBIENT]: [UNIT_CALLS, UNIT_BYTES],
  [FAMILY_BUDGET]: [UNIT_CALLS, UNIT_MONEY, UNIT_TOKENS],
  [FAMILY_HISTORY]: [UNIT_CALLS, UNIT_ARGUMENT, UNIT_DENIALS],
};
const SCOPES: Readonly<Record<number, readonly number[]>> = {
  [FAMILY_RATE]: [SCOPED_AGENT],
  [FAMILY_AMBIENT]: [SCOPED_AGENT],
  [FAMILY_BUDGET]: [SCOPED_AGENT, SCOPED_SESSION],
  [FAMILY_HISTORY]: [SCOPED_SESSION],
};
const WINDOWED: readonly number[] = [METER_PERIOD, METER_SLIDING, METER_DISTINCT];
const ENDLESS: readonly number[] = [METER_TOTAL, METER_SEQUENCE];

export function readMeter(reader: Reader, ir: Pick<Ir, "paths" | "strings">, agentCount: number): IrMeter {
  const place = reader.at;
  const meter: IrMeter = {
    key: reader.u64(),
    windowMs: reader.u53() || null,
    limit: reader.u64OrNull(),
    warnAt: reader.u64OrNull(),
    kind: reader.id(METER_DISTINCT + 1, "a kind of meter"),
    scope: reader.u32(),
    slot: reader.u32(),
    family: reader.id(FAMILY_HISTORY + 1, "a family of meters"),
    unit: reader.u32(),
    path: reader.idOrNull(ir.paths.length, "a path"),
    step: reader.u32(),
    onExceed: reader.u32(),
    name: reader.id(ir.strings.length, "a string"),
    agent: reader.idOrNull(agentCount, "an agent"),
  };
  checkShape(reader, place, meter);
  const { path } = meter;
  if (path !== null && ir.paths[path]!.root !== ROOT_ARGS) reader.fail("a path in the arguments", place + 52);
  return meter;
}

/** What a meter of its family and kind may be. */
function checkShape(reader: Reader, place: number, meter: IrMeter): void {
  const { key, windowMs, limit, warnAt, kind, scope, family, unit, path, step, onExceed } = meter;
  const isHistory = family === FAMILY_HISTORY;
  if (!isKeyOf(key, meter))
    reader.fail(`a key for ${slotsOfKind(kind)} slots, as its meter is settled`, place);
  if (windowMs === null ? WINDOWED.includes(kind) : ENDLESS.includes(kind)) {
    reader.fail("a window where the kind has one", place + 8);
  }
  if (kind !== METER_SEQUENCE && (limit === null) !== isHistory) {
    reader.fail("a limit, and none of history", place + 16);
  }
  if (limit !== null && limit >= AMOUNT_LIMIT) reader.fail(`a limit below ${AMOUNT_LIMIT}`, place + 16);
  if (warnAt !== null && (family !== FAMILY_BUDGET || warnAt > limit!)) {
    reader.fail("a warning of a budget, at its limit at most", place + 24);
  }
  if (!KINDS[family]!.includes(kind)) reader.fail("a kind of the family", place + 32);
  if (!SCOPES[family]!.includes(scope)) reader.fail("a scope of the family", place + 36);
  if (meter.agent === null && !isHistory) reader.fail("history alone for the system", place + 44);
  const isPlain = kind === METER_DISTINCT || kind === METER_LAST || kind === METER_SEQUENCE;
  if (!UNITS[family]!.includes(unit) || (isPlain && unit !== UNIT_CALLS)) {
    reader.fail("a unit of the family and kind", place + 48);
  }
  if (unit === UNIT_DENIALS && kind !== METER_SLIDING) reader.fail("denials in a window", place + 48);
  if ((path !== null) !== (unit === UNIT_ARGUMENT || kind === METER_DISTINCT)) {
    reader.fail("a path where an argument is counted", place + 52);
  }
  if (kind === METER_SEQUENCE ? step === 0 || limit === null || step > limit : step !== 0) {
    reader.fail("a step of a sequence", place + 56);
  }
  const effects = isHistory
    ? [EFFECT_PERMIT, EFFECT_PERMIT]
    : [EFFECT_DENY, family === FAMILY_RATE ? EFFECT_DENY : EFFECT_PERMIT];
  if (onExceed < effects[0]! || onExceed > effects[1]!) reader.fail("an effect of the family", place + 60);
}

/** Keys, order and places of every owner's meters behind those of the system. `place` is where the meters begin. */
export function checkMeters(
  reader: Reader,
  place: number,
  owners: readonly (readonly IrMeter[])[],
  system: readonly IrMeter[],
): void {
  let at = place;
  for (const [owner, rows] of owners.entries()) {
    const before = owner === 0 ? [] : system;
    checkBlobs(reader, at - before.length * METER_BYTES, [...before, ...rows]);
    for (const [id, row] of rows.entries()) {
      if (id > 0 && row.family < rows[id - 1]!.family) reader.fail("meters by family", at + id * METER_BYTES);
      checkStep(reader, at + id * METER_BYTES, row, rows[id - 1], rows[id + 1]);
    }
    at += rows.length * METER_BYTES;
  }
}

/** Both blobs of one owner: slots back to back, keys that differ, limits. */
function checkBlobs(reader: Reader, place: number, rows: readonly IrMeter[]): void {
  for (const scope of [SCOPED_AGENT, SCOPED_SESSION]) {
    const keys = new Set<bigint>();
    let slots = 0;
    let count = 0;
    let settled = 0;
    let last = 0;
    for (const [id, row] of rows.entries()) {
      if (row.scope !== scope) continue;
      const at = place + id * METER_BYTES;
      count++;
      if (isLaterStep(row, rows[id - 1])) {
        if (row.slot !== last) reader.fail(`slot ${last}`, at + 40);
        continue;
      }
      if (row.slot !== slots) reader.fail(`slot ${slots}`, at + 40);
      if (keys.has(row.key)) reader.fail("keys that differ", at);
      keys.add(row.key);
      last = slots;
      slots += slotsOfKind(row.kind);
      if (row.family === FAMILY_BUDGET || row.unit === UNIT_BYTES) settled++;
    }
    if (count > MAX_METERS) reader.fail(`at most ${MAX_METERS} meters in a blob`, place);
    if (slots > MAX_METER_SLOTS) reader.fail(`at most ${MAX_METER_SLOTS} slots of meters`, place);
    if (settled > MAX_SETTLED_METERS) reader.fail(`at most ${MAX_SETTLED_METERS} meters that settle`, place);
  }
}

/** A sequence is all of its steps, from the last to the first. */
function checkStep(
  reader: Reader,
  place: number,
  row: IrMeter,
  before: IrMeter | undefined,
  after: IrMeter | undefined,
): void {
  if (row.kind !== METER_SEQUENCE) return;
  const isFirst = !isLaterStep(row, before);
  const expected = isFirst ? row.limit : BigInt(before!.step - 1);
  const hasMore = after !== undefined && isLaterStep(after, row);
  const isSame = isFirst || (row.limit === before!.limit && row.name === before!.name);
  if (BigInt(row.step) !== expected || hasMore === (row.step === 1) || !isSame) {
    reader.fail("all steps of a sequence, the last one first", place + 56);
  }
}
