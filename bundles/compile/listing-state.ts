/** What is remembered, in words: sessions, limits, history, costs, delegations. */

import {
  DELEGATE_SEPARATOR,
  EFFECT_DEFER,
  EFFECT_DENY,
  EFFECT_DENY_ALWAYS,
  EFFECT_PERMIT,
  FAMILY_HISTORY,
  METER_DISTINCT,
  METER_LAST,
  METER_PERIOD,
  METER_SEQUENCE,
  REMEMBERS_AGENT,
  REMEMBERS_DELEGATE,
  REMEMBERS_GATE_BUDGET,
  REMEMBERS_GATE_PENDING,
  REMEMBERS_SESSION,
  REMEMBERS_SPAWN,
  SCOPED_AGENT,
  UNIT_MONEY,
} from "../../engine/constants.ts";
import type { Ir, IrAgent, IrMeter } from "../format/ir.ts";
import { isLaterStep } from "../format/meters.ts";
import { printPath } from "./listing-code.ts";
import type { NamedPattern } from "./listing-patterns.ts";
import { printDuration } from "./state.ts";

export const EFFECT_NAMES: Readonly<Record<number, string>> = {
  [EFFECT_DENY_ALWAYS]: "deny!",
  [EFFECT_DENY]: "deny",
  [EFFECT_DEFER]: "defer",
  [EFFECT_PERMIT]: "permit",
};
/** By FAMILY_*. */
const FAMILY_NAMES = ["rate limit", "ambient cap", "budget", "history"];
/** By UNIT_*. */
const UNIT_NAMES = ["calls", "money", "tokens", "bytes", "argument", "denials"];
const MICROS = 1_000_000n;

export function isDelegation({ memory }: IrAgent): boolean {
  return (memory.flags & REMEMBERS_DELEGATE) !== 0;
}

export function delegationTitle(ir: Ir, { name }: IrAgent): string {
  const [grantor, delegate] = ir.strings[name]!.split(String.fromCharCode(DELEGATE_SEPARATOR));
  return `${grantor} to ${delegate}`;
}

export function delegationLines(ir: Ir, agent: IrAgent): string[] {
  const { delegateTtlMs } = agent.memory;
  const life = delegateTtlMs === null ? "of any length" : `of at most ${printDuration(delegateTtlMs)}`;
  return [`delegation ${JSON.stringify(delegationTitle(ir, agent))}`, `  grants ${life}`];
}

/** Names, with what ends each. */
export function phaseTexts(ir: Ir, { phaseFirst, phaseCount }: IrAgent): string[] {
  return ir.phases.slice(phaseFirst, phaseFirst + phaseCount).map((id, at) => {
    const { durationMs, next } = ir.transitions[phaseFirst + at]!;
    const then = next === null ? "" : ` then ${ir.strings[ir.phases[next]!]!}`;
    return `${ir.strings[id]!}${durationMs === null ? "" : ` for ${printDuration(durationMs)}`}${then}`;
  });
}

export function memoryLines(ir: Ir, { memory }: IrAgent): string[] {
  const { flags, maxDurationMs, idleTimeoutMs, maxCalls, maxChildren, maxDepth } = memory;
  const lines: string[] = [];
  const needs = [];
  if (flags & REMEMBERS_AGENT) needs.push(`the agent's (${memory.agentSlots} slots of meters)`);
  if (flags & REMEMBERS_SESSION) needs.push(`a session's (${memory.sessionSlots} slots of meters)`);
  if (needs.length > 0) lines.push(`  needs state: ${needs.join(", ")}`);
  const session = [];
  if (maxDurationMs !== null) session.push(`for at most ${printDuration(maxDurationMs)}`);
  if (idleTimeoutMs !== null) session.push(`idle for at most ${printDuration(idleTimeoutMs)}`);
  if (maxCalls !== null) session.push(`at most ${maxCalls} calls`);
  if (session.length > 0) lines.push(`  session ${session.join(", ")}`);
  if (flags & REMEMBERS_SPAWN) {
    const types = (id: number | null) => (id === null ? "none" : `automaton ${id}`);
    const parts = [`allow ${types(memory.spawnAllow)}`, `deny ${types(memory.spawnDeny)}`];
    if (maxChildren !== null) parts.push(`at most ${maxChildren} children`);
    if (maxDepth !== null) parts.push(`at most ${maxDepth} deep`);
    lines.push(`  spawn ${parts.join(", ")}, else ${EFFECT_NAMES[memory.spawnEffect]}`);
  }
  const gate = memory.gateFacts === null ? [] : ir.lists[memory.gateFacts]!.ids.map((id) => ir.strings[id]!);
  if (flags & REMEMBERS_GATE_BUDGET) gate.unshift("budgets under their limits");
  if (flags & REMEMBERS_GATE_PENDING) gate.unshift("no pending approvals");
  if (gate.length > 0)
    lines.push(`  closes with ${gate.join(", ")}, else ${EFFECT_NAMES[memory.gateEffect]}`);
  return lines;
}

/** Every meter once; a sequence is one. */
export function meterLines(ir: Ir, patterns: readonly NamedPattern[]): string[] {
  const textsOf = new Map<number, string[]>();
  for (const { text, pattern } of patterns) {
    for (const id of pattern.meters) textsOf.set(id, [...(textsOf.get(id) ?? []), text]);
  }
  const lines = ["meters"];
  for (const [id, meter] of ir.meters.entries()) {
    if (isLaterStep(meter, ir.meters[id - 1])) continue;
    const owner =
      meter.agent === null ? "system" : `agent ${JSON.stringify(ir.strings[ir.agents[meter.agent]!.name]!)}`;
    const where = `${meter.scope === SCOPED_AGENT ? "agent" : "session"} slot ${meter.slot}`;
    lines.push(
      `  ${id}: ${FAMILY_NAMES[meter.family]} ${JSON.stringify(ir.strings[meter.name]!)}  (${owner}, ${where})`,
      `     ${describe(ir, meter)}`,
    );
    if (meter.family !== FAMILY_HISTORY) lines.push(`     of ${(textsOf.get(id) ?? []).join(" | ")}`);
  }
  return lines;
}

function describe(ir: Ir, meter: IrMeter): string {
  const { kind, windowMs, limit, warnAt, unit, path, family, onExceed } = meter;
  if (kind === METER_SEQUENCE) return `${limit} steps in order`;
  const whole = meter.scope === SCOPED_AGENT ? "for ever" : "in the session";
  if (kind === METER_LAST)
    return windowMs === null ? "ever in the session" : `in the last ${printDuration(windowMs)}`;
  const subject = path === null ? UNIT_NAMES[unit]! : printPath(ir, path);
  const counted = kind === METER_DISTINCT ? `distinct ${subject}` : subject;
  const span =
    windowMs === null
      ? whole
      : kind === METER_PERIOD || kind === METER_DISTINCT
        ? `in every period of ${printDuration(windowMs)}`
        : `in any ${printDuration(windowMs)}`;
  if (family === FAMILY_HISTORY) return `${counted} ${span}`;
  const amount = (value: bigint) => (unit === UNIT_MONEY ? printMoney(value) : String(value));
  const most = unit === UNIT_MONEY ? amount(limit!) : `${limit} ${counted}`;
  const exceeded = onExceed === EFFECT_PERMIT ? "recorded" : EFFECT_NAMES[onExceed]!;
  const warning = warnAt === null ? "" : `, warns at ${amount(warnAt)}`;
  return `at most ${most} ${span}${warning}, else ${exceeded}`;
}

export function printCost(ir: Ir, id: number): string {
  const { micros, path } = ir.costs[id]!;
  return path === null ? printMoney(micros) : printPath(ir, path);
}

function printMoney(micros: bigint): string {
  const fraction = String(micros % MICROS)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return `$${micros / MICROS}${fraction === "" ? "" : `.${fraction}`}`;
}
