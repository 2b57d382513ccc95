/** One party of a session at a moment: what its blobs and the policy say together. */
import type { Ir, IrTransition } from "../../bundles/format/ir.ts";
import { type NotedApproval, nameHash, type Reservation, type SessionState } from "./blob.ts";
import { type LimitView, limitsOf, type PartyState } from "./meters.ts";
import { servingAgent } from "./patterns.ts";

/** `ended`: what the next call would be denied for. */
export type SessionStanding = "open" | "closed" | "exhausted" | "expired" | "idle" | "phase over";

export interface PhaseView {
  name: string;
  sinceMs: number;
  /** Null: for as long as the session. */
  durationMs: number | null;
  next: string | null;
}

export interface SessionView {
  session: string;
  agent: string;
  /** Name of the policy block that serves it; null when none does. */
  servedBy: string | null;
  standing: SessionStanding;
  purpose: string | null;
  phase: PhaseView | null;
  openedMs: number;
  ageMs: number;
  idleMs: number;
  maxDurationMs: number | null;
  idleTimeoutMs: number | null;
  calls: bigint;
  maxCalls: number | null;
  /** Millionths. */
  cost: bigint;
  limits: LimitView[];
  reservations: Reservation[];
  approvals: NotedApproval[];
  pending: string[];
  agentFrozen: boolean;
  children: number;
}

/** At `nowMs`, or at the greatest time that the state has seen. */
export function sessionView(
  ir: Ir,
  { session, agent }: { session: string; agent: string },
  party: PartyState & { session: SessionState },
  nowMs: number,
): SessionView {
  const { session: state } = party;
  const now = Math.max(nowMs, state.lastMs, party.agent?.lastMs ?? 0);
  const serving = servingAgent(ir, agent);
  const memory = serving === null ? null : ir.agents[serving]!.memory;
  const phase = phaseView(ir, serving, state, now);
  const view = {
    ageMs: now - state.openedMs,
    idleMs: now - state.activeMs,
    maxDurationMs: memory?.maxDurationMs ?? null,
    idleTimeoutMs: memory?.idleTimeoutMs ?? null,
    calls: state.calls,
    maxCalls: memory?.maxCalls ?? null,
  };
  return {
    session,
    agent,
    servedBy: serving === null ? null : ir.strings[ir.agents[serving]!.name]!,
    standing: standingOf(state, view, phase, now),
    purpose: state.purpose === "" ? null : state.purpose,
    phase,
    openedMs: state.openedMs,
    ...view,
    cost: state.cost,
    limits: limitsOf(ir, serving, party, now),
    reservations: [...state.reservations, ...(party.agent?.reservations ?? [])]
      .filter(({ sequence }, index, all) => all.findIndex((one) => one.sequence === sequence) === index)
      .sort((left, right) => left.sequence - right.sequence),
    approvals: (party.agent?.approvals ?? []).filter(({ expiresMs }) => expiresMs > now),
    pending: state.pending,
    agentFrozen: party.agent?.frozen ?? false,
    children: party.agent?.children ?? 0,
  };
}

type Bounds = Pick<
  SessionView,
  "ageMs" | "idleMs" | "maxDurationMs" | "idleTimeoutMs" | "calls" | "maxCalls"
>;

/** In the order of step 1 and step 3. */
function standingOf(
  state: SessionState,
  bounds: Bounds,
  phase: PhaseView | null,
  now: number,
): SessionStanding {
  const { ageMs, idleMs, maxDurationMs, idleTimeoutMs, calls, maxCalls } = bounds;
  if (state.closed) return "closed";
  if (maxDurationMs !== null && ageMs >= maxDurationMs) return "expired";
  if (idleTimeoutMs !== null && idleMs >= idleTimeoutMs) return "idle";
  if (state.exhausted || (maxCalls !== null && calls >= BigInt(maxCalls))) return "exhausted";
  const isOver = phase !== null && phase.durationMs !== null && now - phase.sinceMs >= phase.durationMs;
  return isOver && phase.next === null ? "phase over" : "open";
}

/** As of `now`: a phase that is over has given way to the next, several in a row, each at its own time. */
function phaseView(ir: Ir, serving: number | null, state: SessionState, now: number): PhaseView | null {
  if (serving === null || state.phase === 0n) return null;
  const { phaseFirst, phaseCount } = ir.agents[serving]!;
  const ids = Array.from({ length: phaseCount }, (_, index) => phaseFirst + index);
  const name = (id: number) => ir.strings[ir.phases[id]!]!;
  const written = ids.find((one) => nameHash(name(one)) === state.phase);
  if (written === undefined) return null;
  let id: number = written;
  let sinceMs = state.phaseSinceMs;
  for (let passed = 0; passed < phaseCount; passed++) {
    const { durationMs, next }: IrTransition = ir.transitions[id]!;
    if (state.closed || durationMs === null || next === null || now - sinceMs < durationMs) break;
    sinceMs += durationMs;
    id = next;
  }
  const { durationMs, next } = ir.transitions[id]!;
  return { name: name(id), sinceMs, durationMs, next: next === null ? null : name(next) };
}
