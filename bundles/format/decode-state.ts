/** STATE: what decisions remember. */

import {
  DELEGATE_SEPARATOR,
  EFFECT_DENY,
  FAMILY_HISTORY,
  LIST_STRINGS,
  REMEMBERS_AGENT,
  REMEMBERS_DELEGATE,
  REMEMBERS_GATE_BUDGET,
  REMEMBERS_GATE_PENDING,
  REMEMBERS_SESSION,
  REMEMBERS_SPAWN,
  ROOT_ARGS,
  SCOPED_AGENT,
  SCOPED_SESSION,
} from "../../engine/constants.ts";
import type { BareAgent, Items } from "./decode-agents.ts";
import { checkMeters, METER_BYTES, readMeter } from "./decode-meters.ts";
import type { Ir, IrAgent, IrCost, IrMemory, IrMeter, IrTransition } from "./ir.ts";
import { AMOUNT_LIMIT, layoutOf } from "./meters.ts";
import type { Reader } from "./reader.ts";

const HEAD_BYTES = 16;
const MEMORY_BYTES = 112;
const TRANSITION_BYTES = 16;
const COST_BYTES = 16;
const FLAGS =
  REMEMBERS_AGENT |
  REMEMBERS_SESSION |
  REMEMBERS_DELEGATE |
  REMEMBERS_SPAWN |
  REMEMBERS_GATE_PENDING |
  REMEMBERS_GATE_BUDGET;

type Values = Pick<Ir, "strings" | "lists" | "paths" | "automata">;
export type State = Pick<Ir, "agents" | "transitions" | "meters" | "costs">;

export function readState(reader: Reader, ir: Values, items: Items, bare: readonly BareAgent[]): State {
  const systemMeters = reader.u32();
  const meterCount = reader.u32();
  const costCount = reader.u32();
  reader.zero(4);
  const sizes = [
    [bare.length, MEMORY_BYTES],
    [items.phases.length, TRANSITION_BYTES],
    [meterCount, METER_BYTES],
    [costCount, COST_BYTES],
  ] as const;
  const expected = sizes.reduce((sum, [count, size]) => sum + count * size, HEAD_BYTES);
  if (reader.end - reader.start !== expected) reader.fail("as many rows as counted", reader.start);
  const agents = bare.map((agent): IrAgent => ({ ...agent, memory: readMemory(reader, ir, agent) }));
  const transitions: IrTransition[] = [];
  for (const { phaseFirst, phaseCount } of bare) {
    for (let phase = 0; phase < phaseCount; phase++) {
      transitions.push(readTransition(reader, phaseFirst, phaseCount));
    }
  }
  const meterPlace = reader.at;
  const meters = Array.from({ length: meterCount }, () => readMeter(reader, ir, bare.length));
  const costs = Array.from({ length: costCount }, () => readCost(reader, ir));
  reader.finish();
  const own = ownersOf(reader, agents, meters, systemMeters);
  checkSessions(reader, { agents, transitions, meters, costs });
  checkMeters(reader, meterPlace, own, meters.slice(0, systemMeters));
  checkLayouts(reader, agents, meters, systemMeters);
  checkDelegates(reader, ir, agents);
  return { agents, transitions, meters, costs };
}

function readMemory(reader: Reader, ir: Values, agent: BareAgent): IrMemory {
  const place = reader.at;
  const automaton = () => reader.idOrNull(ir.automata.length, "an automaton");
  const strings = () => {
    const list = reader.idOrNull(ir.lists.length, "a list");
    if (list !== null && ir.lists[list]!.kind !== LIST_STRINGS)
      reader.fail("a list of strings", reader.at - 4);
    return list;
  };
  const memory: IrMemory = {
    agentLayout: reader.u64(),
    sessionLayout: reader.u64(),
    agentSlots: reader.u32(),
    sessionSlots: reader.u32(),
    meterFirst: reader.u32(),
    meterCount: reader.u32(),
    maxDurationMs: reader.u53OrNull(),
    idleTimeoutMs: reader.u53OrNull(),
    maxCalls: reader.u53OrNull(),
    delegateTtlMs: reader.u53() || null,
    spawnAllow: automaton(),
    spawnDeny: automaton(),
    maxChildren: reader.u32OrNull(),
    maxDepth: reader.u32OrNull(),
    spawnEffect: reader.narrowing(),
    gateFacts: strings(),
    gateEffect: reader.narrowing(),
    budgetWarning: strings(),
    budgetExceeded: strings(),
    rateExceeded: strings(),
    flags: reader.u32(),
  };
  reader.zero(4);
  checkMemory(reader, place, memory, agent);
  return memory;
}

/** What a row says holds together: nothing of a block that is not there. */
function checkMemory(reader: Reader, place: number, memory: IrMemory, agent: BareAgent): void {
  const { flags, spawnEffect, gateEffect, gateFacts } = memory;
  if ((flags & ~FLAGS) !== 0) reader.fail("known flags", place + 104);
  if ((flags & REMEMBERS_SPAWN) === 0) {
    const { spawnAllow, spawnDeny, maxChildren, maxDepth } = memory;
    const isNothing = (spawnAllow ?? spawnDeny ?? maxChildren ?? maxDepth) === null;
    if (!isNothing || spawnEffect !== EFFECT_DENY)
      reader.fail("nothing of spawning without its block", place + 64);
  }
  const hasGate = gateFacts !== null || (flags & (REMEMBERS_GATE_PENDING | REMEMBERS_GATE_BUDGET)) !== 0;
  if (!hasGate && gateEffect !== EFFECT_DENY) reader.fail("no effect without a gate", place + 88);
  const needsSession = hasGate || (memory.maxDurationMs ?? memory.idleTimeoutMs ?? memory.maxCalls) !== null;
  if (needsSession && (flags & REMEMBERS_SESSION) === 0)
    reader.fail("sessions that are remembered", place + 104);
  if ((flags & REMEMBERS_SPAWN) !== 0 && (flags & REMEMBERS_AGENT) === 0) {
    reader.fail("an agent that is remembered", place + 104);
  }
  if ((flags & REMEMBERS_DELEGATE) === 0) {
    if (memory.delegateTtlMs !== null) reader.fail("no length of life without a delegation", place + 56);
    return;
  }
  const counts = agent.phaseCount + agent.selectorCount + memory.meterCount;
  const lists = [agent.methods, agent.alertPermit, agent.alertDeny, agent.alertDefer];
  const events = [memory.budgetWarning, memory.budgetExceeded, memory.rateExceeded];
  const isBare =
    flags === REMEMBERS_DELEGATE &&
    agent.defaultEffect === EFFECT_DENY &&
    counts === 0 &&
    [...lists, ...events].every((list) => list === null) &&
    !(agent.requireVerified || agent.hasModelPolicy || agent.hasEgress);
  if (!isBare) reader.fail("a delegation of rules alone, by default denied", place);
}

function readTransition(reader: Reader, phaseFirst: number, phaseCount: number): IrTransition {
  const durationMs = reader.u53() || null;
  const next = reader.u32OrNull();
  if (next !== null && (next < phaseFirst || next >= phaseFirst + phaseCount)) {
    reader.fail("a phase of the same agent", reader.at - 4);
  }
  reader.zero(4);
  return { durationMs, next };
}

function readCost(reader: Reader, ir: Values): IrCost {
  const place = reader.at;
  const micros = reader.u64();
  if (micros >= AMOUNT_LIMIT) reader.fail(`an amount below ${AMOUNT_LIMIT} millionths`, place);
  const path = reader.idOrNull(ir.paths.length, "a path");
  if (path !== null && ir.paths[path]!.root !== ROOT_ARGS)
    reader.fail("a path in the arguments", reader.at - 4);
  if (path !== null && micros !== 0n) reader.fail("an amount or a path", place);
  reader.zero(4);
  return { micros, path };
}

/** The rows of each owner, the system's first. */
function ownersOf(
  reader: Reader,
  agents: readonly IrAgent[],
  meters: readonly IrMeter[],
  systemMeters: number,
): IrMeter[][] {
  let taken = systemMeters;
  const groups = [meters.slice(0, systemMeters)];
  const belong = (rows: readonly IrMeter[], agent: number | null) =>
    rows.every((row) => row.agent === agent) || reader.fail("meters by owner", reader.start);
  belong(groups[0]!, null);
  for (const [agent, { memory }] of agents.entries()) {
    if (memory.meterFirst !== taken || memory.meterCount > meters.length - taken) {
      reader.fail("agents that own their meters in order", reader.start);
    }
    taken += memory.meterCount;
    const rows = meters.slice(memory.meterFirst, taken);
    belong(rows, agent);
    groups.push(rows);
  }
  if (taken !== meters.length) reader.fail("agents that own all meters", reader.start);
  return groups;
}

/** What a session counts or times cannot be left out by an action without one. */
function checkSessions(reader: Reader, { agents, transitions, meters }: State): void {
  for (const [id, { phaseFirst, phaseCount, memory }] of agents.entries()) {
    const ends = transitions.slice(phaseFirst, phaseFirst + phaseCount);
    const own = meters.slice(memory.meterFirst, memory.meterFirst + memory.meterCount);
    const needsSession =
      ends.some(({ durationMs }) => durationMs !== null) ||
      own.some(({ scope, family }) => scope === SCOPED_SESSION && family !== FAMILY_HISTORY);
    if (needsSession && (memory.flags & REMEMBERS_SESSION) === 0) {
      reader.fail("sessions that are remembered", reader.start + HEAD_BYTES + id * MEMORY_BYTES + 104);
    }
  }
}

function checkLayouts(
  reader: Reader,
  agents: readonly IrAgent[],
  meters: readonly IrMeter[],
  systemMeters: number,
): void {
  const system = meters.slice(0, systemMeters);
  for (const [id, { memory }] of agents.entries()) {
    const place = reader.start + HEAD_BYTES + id * MEMORY_BYTES;
    const rows = [...system, ...meters.slice(memory.meterFirst, memory.meterFirst + memory.meterCount)];
    const agent = layoutOf(rows, SCOPED_AGENT);
    const session = layoutOf(rows, SCOPED_SESSION);
    if (memory.agentLayout !== agent.layout) reader.fail("the layout of the agent's meters", place);
    if (memory.sessionLayout !== session.layout) reader.fail("the layout of the session's meters", place + 8);
    if (memory.agentSlots !== agent.slots) reader.fail(`${agent.slots} slots`, place + 16);
    if (memory.sessionSlots !== session.slots) reader.fail(`${session.slots} slots`, place + 20);
    const isRemembered = (memory.flags & (REMEMBERS_AGENT | REMEMBERS_DELEGATE)) !== 0;
    if (agent.slots > 0 && !isRemembered) reader.fail("an agent that is remembered", place + 104);
  }
}

/** A delegation is named after its grantor, which is an agent, and no agent is named like one. */
function checkDelegates(reader: Reader, ir: Values, agents: readonly IrAgent[]): void {
  const separator = String.fromCharCode(DELEGATE_SEPARATOR);
  const flagsOf = new Map(agents.map(({ name, memory }) => [ir.strings[name]!, memory.flags]));
  for (const [id, { name, memory }] of agents.entries()) {
    const place = reader.start + HEAD_BYTES + id * MEMORY_BYTES + 104;
    const parts = ir.strings[name]!.split(separator);
    if ((memory.flags & REMEMBERS_DELEGATE) === 0) {
      if (parts.length !== 1) reader.fail("a delegation, since it is named so", place);
      continue;
    }
    if (parts.length !== 2 || parts[1] === "") reader.fail("a delegation's name", place);
    const grantor = flagsOf.get(parts[0]!) ?? 0;
    if ((grantor & REMEMBERS_AGENT) === 0) reader.fail("a grantor that is remembered", place);
  }
}
