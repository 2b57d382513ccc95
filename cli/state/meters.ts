/** What limits hold at a moment: the bundle's table of meters over decoded blobs. engine/ABI.md "Meters". */
import type { Ir, IrMeter } from "../../bundles/format/ir.ts";
import {
  EFFECT_DEFER,
  EFFECT_PERMIT,
  FAMILY_AMBIENT,
  FAMILY_BUDGET,
  FAMILY_HISTORY,
  FAMILY_RATE,
  METER_DISTINCT,
  METER_LAST,
  METER_PERIOD,
  METER_SEQUENCE,
  METER_SLIDING,
  SCOPED_AGENT,
  SLIDING_BUCKETS,
  SLIDING_PARTS,
  UNIT_BYTES,
  UNIT_MONEY,
  UNIT_TOKENS,
} from "../../engine/constants.ts";
import type { AgentState, SessionState } from "./blob.ts";

export type LimitFamily = "budget" | "rate" | "ambient";
export type LimitUnit = "calls" | "money" | "tokens" | "bytes" | "values";

/** Amounts of money are in millionths. */
export interface LimitView {
  /** Index into the bundle's table. */
  id: number;
  family: LimitFamily;
  name: string;
  scope: "agent" | "session";
  unit: LimitUnit;
  windowMs: number | null;
  used: bigint;
  limit: bigint;
  warnAt: bigint | null;
  onExceed: "deny" | "defer" | "audit";
}

/** What a party has; null: nothing is written yet. */
export interface PartyState {
  agent: AgentState | null;
  session: SessionState | null;
}

const FAMILIES: Readonly<Record<number, LimitFamily>> = {
  [FAMILY_RATE]: "rate",
  [FAMILY_AMBIENT]: "ambient",
  [FAMILY_BUDGET]: "budget",
};

function unitOf({ kind, unit }: IrMeter): LimitUnit {
  if (kind === METER_DISTINCT) return "values";
  if (unit === UNIT_MONEY) return "money";
  if (unit === UNIT_TOKENS) return "tokens";
  return unit === UNIT_BYTES ? "bytes" : "calls";
}

function exceedName(effect: number): LimitView["onExceed"] {
  if (effect === EFFECT_PERMIT) return "audit";
  return effect === EFFECT_DEFER ? "defer" : "deny";
}

/** Whether a row is a limit, rather than history. */
export function isLimit({ family }: IrMeter): boolean {
  return family !== FAMILY_HISTORY;
}

/** Of the rows of the system and of that agent. */
export function isMeterOf({ agent }: IrMeter, serving: number | null): boolean {
  return agent === null || agent === serving;
}

function slotsOf(meter: IrMeter, party: PartyState): readonly bigint[] | null {
  const blob = meter.scope === SCOPED_AGENT ? party.agent : party.session;
  return blob?.meters.get(meter.key) ?? null;
}

/** A number, or the two between which it lies because a part of the window is only partly inside. */
export function meterValue(
  meter: IrMeter,
  party: PartyState,
  nowMs: number,
): { least: bigint; most: bigint } {
  const slots = slotsOf(meter, party);
  if (slots === null) return { least: 0n, most: 0n };
  const exact = (value: bigint) => ({ least: value, most: value });
  switch (meter.kind) {
    case METER_SLIDING:
      return slidingValue(slots, meter.windowMs!, nowMs);
    case METER_PERIOD:
    case METER_DISTINCT:
      return exact(slots[0] === BigInt(Math.floor(nowMs / meter.windowMs!)) ? slots[1]! : 0n);
    default:
      return exact(slots[0]!);
  }
}

function slidingValue(slots: readonly bigint[], windowMs: number, nowMs: number) {
  const length = Math.ceil(windowMs / SLIDING_PARTS);
  const newest = Number(slots[0]!);
  const sumFrom = (offset: number): bigint => {
    let sum = 0n;
    for (let back = 0; back < SLIDING_BUCKETS && back <= newest; back++) {
      const bucket = newest - back;
      if (bucket * length + offset + windowMs <= nowMs) break;
      sum += slots[1 + (bucket % SLIDING_BUCKETS)]!;
    }
    return sum;
  };
  return { least: sumFrom(0), most: sumFrom(length - 1) };
}

/** Whether it has happened: of METER_LAST and METER_SEQUENCE. */
export function hasHappened(meter: IrMeter, party: PartyState, nowMs: number): boolean {
  const value = slotsOf(meter, party)?.[0] ?? 0n;
  if (meter.kind === METER_SEQUENCE) return value >= (meter.limit ?? 0n);
  if (value === 0n) return false;
  return meter.windowMs === null || nowMs - (Number(value) - 1) < meter.windowMs;
}

/** A limit as it stands. */
export function limitView(ir: Ir, id: number, party: PartyState, nowMs: number): LimitView {
  const meter = ir.meters[id]!;
  return {
    id,
    family: FAMILIES[meter.family]!,
    name: ir.strings[meter.name]!,
    scope: meter.scope === SCOPED_AGENT ? "agent" : "session",
    unit: unitOf(meter),
    windowMs: meter.windowMs,
    used: meterValue(meter, party, nowMs).most,
    limit: meter.limit ?? 0n,
    warnAt: meter.warnAt,
    onExceed: exceedName(meter.onExceed),
  };
}

/** Every limit of an agent, in the order of the table; `party.session` null leaves out those of a session. */
export function limitsOf(ir: Ir, serving: number | null, party: PartyState, nowMs: number): LimitView[] {
  return ir.meters.flatMap((meter, id) => {
    if (!isLimit(meter) || !isMeterOf(meter, serving)) return [];
    const view = limitView(ir, id, party, nowMs);
    return view.scope === "session" && party.session === null ? [] : [view];
  });
}

/** Of METER_LAST and METER_SEQUENCE, which are true or false. */
export function isMoment({ kind }: IrMeter): boolean {
  return kind === METER_LAST || kind === METER_SEQUENCE;
}
