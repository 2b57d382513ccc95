/** Sessions as time passes: phases, and what ends a session (engine/ABI.md "Sessions"). */
import type { AgentPolicy, Phase, Program } from "../../../fpl-grammar/program.ts";
import { type Counted, type Meter, metersOf, meterValue } from "./meters.ts";
import type { SessionState } from "./model.ts";

export interface Standing {
  phase: string | null;
  since: bigint;
  /** The phase is over and none follows. */
  isOver: boolean;
}

const phaseNamed = (policy: AgentPolicy, name: string | null): Phase | undefined =>
  policy.phases.find((phase) => phase.name === name);

/** The phase in which a session is by now, each transition at its own time. */
export function standing(policy: AgentPolicy, session: SessionState, now: bigint): Standing {
  let name = session.phase;
  let since = session.phaseSince;
  if (name === null && policy.phases.length > 0) {
    name = policy.phases[0]!.name;
    since = now;
  }
  for (;;) {
    const phase = phaseNamed(policy, name);
    if (phase === undefined || phase.durationMs === null) return { phase: name, since, isOver: false };
    const end = since + BigInt(phase.durationMs);
    if (now < end) return { phase: name, since, isOver: false };
    if (phase.next === null) return { phase: name, since, isOver: true };
    name = phase.next;
    since = end;
  }
}

/** Why the session takes no more calls, or null. */
export function ended(
  program: Program,
  policy: AgentPolicy,
  session: SessionState,
  now: bigint,
): "session_closed" | "session_expired" | "session_idle" | "session_exhausted" | null {
  if (session.closed) return "session_closed";
  const limits = policy.session;
  const isOver = (since: bigint, durationMs: number | null | undefined): boolean =>
    durationMs != null && now - since >= BigInt(durationMs);
  if (isOver(session.opened, limits?.maxDurationMs)) return "session_expired";
  if (isOver(session.active, limits?.idleTimeoutMs)) return "session_idle";
  return isExhausted(program, policy, session, now) ? "session_exhausted" : null;
}

export function isExhausted(
  program: Program,
  policy: AgentPolicy,
  session: SessionState,
  now: bigint,
): boolean {
  const maxCalls = policy.session?.maxCalls;
  if (session.exhausted || (maxCalls != null && session.calls >= BigInt(maxCalls))) return true;
  return metersOf(program, policy).some(
    (meter) =>
      meter.family === "budget" &&
      meter.scope === "session" &&
      meter.kind === "total" &&
      meter.onExceed === "deny" &&
      valueIn(session, meter, now) >= meter.limit!,
  );
}

export const valueIn = (state: { counted: Counted }, meter: Meter, now: bigint): bigint =>
  meterValue(meter, state.counted.get(meter.id) ?? [], now).greatest;
