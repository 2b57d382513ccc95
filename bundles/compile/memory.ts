/** What an agent's decisions remember besides meters: sessions, spawning, gates, delegation; and how its phases end. */

import {
  EFFECT_DENY,
  NONE,
  REMEMBERS_AGENT,
  REMEMBERS_DELEGATE,
  REMEMBERS_GATE_BUDGET,
  REMEMBERS_GATE_PENDING,
  REMEMBERS_SESSION,
  REMEMBERS_SPAWN,
  SCOPED_AGENT,
  SCOPED_SESSION,
} from "../../engine/constants.ts";
import type { AgentPolicy, CompletionGate, Spawn } from "../../fpl-grammar/program.ts";
import type { IrMemory } from "../format/ir.ts";
import { layoutOf } from "../format/meters.ts";
import { globAutomaton } from "./automata.ts";
import type { Build, Row } from "./build.ts";
import type { Meters } from "./meters.ts";
import { EFFECTS } from "./rules.ts";

/** After the rules, so that `own` has all meters of the agent. */
export function memoryOf(build: Build, { policy, delegate }: Row, system: Meters, own: Meters): IrMemory {
  const rows = [...system.rows, ...own.rows];
  const agent = layoutOf(rows, SCOPED_AGENT);
  const session = layoutOf(rows, SCOPED_SESSION);
  const { completionGate: gate, alerts } = policy;
  const targets = (names: string[]) => (names.length === 0 ? null : build.stringList(names));
  return {
    agentLayout: agent.layout,
    sessionLayout: session.layout,
    agentSlots: agent.slots,
    sessionSlots: session.slots,
    meterFirst: own.first,
    meterCount: own.rows.length,
    maxDurationMs: policy.session?.maxDurationMs ?? null,
    idleTimeoutMs: policy.session?.idleTimeoutMs ?? null,
    maxCalls: policy.session?.maxCalls ?? null,
    delegateTtlMs: delegate?.ttlMs ?? null,
    ...spawnOf(build, policy.spawn),
    gateFacts: gate === null ? null : targets(gate.facts),
    gateEffect: gate === null || !asks(gate) ? EFFECT_DENY : EFFECTS[gate.onUnmet],
    budgetWarning: targets(alerts.budgetWarning),
    budgetExceeded: targets(alerts.budgetExceeded),
    rateExceeded: targets(alerts.rateExceeded),
    flags: delegate === null ? flagsOf(policy, agent.slots) : REMEMBERS_DELEGATE,
  };
}

type SpawnFields = Pick<IrMemory, "spawnAllow" | "spawnDeny" | "maxChildren" | "maxDepth" | "spawnEffect">;

function spawnOf(build: Build, spawn: Spawn | null): SpawnFields {
  if (spawn === null) {
    return { spawnAllow: null, spawnDeny: null, maxChildren: null, maxDepth: null, spawnEffect: EFFECT_DENY };
  }
  const types = (globs: string[]) =>
    globs.length === 0 ? null : globAutomaton(build, globs, "name", spawn.span);
  // A count that no u32 holds is never reached.
  const most = (count: number | null) => (count === null || count >= NONE ? null : count);
  return {
    spawnAllow: types(spawn.allow),
    spawnDeny: types(spawn.deny),
    maxChildren: most(spawn.maxChildren),
    maxDepth: most(spawn.maxDepth),
    spawnEffect: EFFECTS[spawn.onExceed],
  };
}

function asks(gate: CompletionGate): boolean {
  return gate.noPendingApprovals || gate.budgetUnderLimit || gate.facts.length > 0;
}

/** REMEMBERS_*: what a decision of the agent cannot do without. A grantor's blob says whether it is frozen. */
function flagsOf(policy: AgentPolicy, agentSlots: number): number {
  const { spawn, delegates, budgets, session, phases, completionGate: gate } = policy;
  let flags = 0;
  if (agentSlots > 0 || spawn !== null || delegates.length > 0) flags |= REMEMBERS_AGENT;
  const hasSession =
    session !== null ||
    gate !== null ||
    budgets.some(({ scope }) => scope === "session") ||
    phases.some(({ durationMs }) => durationMs !== null);
  if (hasSession) flags |= REMEMBERS_SESSION;
  if (spawn !== null) flags |= REMEMBERS_SPAWN;
  if (gate?.noPendingApprovals) flags |= REMEMBERS_GATE_PENDING;
  if (gate?.budgetUnderLimit) flags |= REMEMBERS_GATE_BUDGET;
  return flags;
}

/** `phaseFirst`: the global index of the agent's first phase. */
export function lowerTransitions(build: Build, { phases }: AgentPolicy, phaseFirst: number): void {
  for (const { durationMs, next, span } of phases) {
    const at = next === null ? -1 : phases.findIndex(({ name }) => name === next);
    if (next !== null && at < 0) {
      build.error("F917", `no phase \`${next}\` in this agent`, "name a phase of the same agent", span);
    }
    build.transitions.push({ durationMs, next: at < 0 ? null : phaseFirst + at });
  }
}
