/** What an event does to the state (engine/ABI.md "Events"). */
import type { AgentPolicy, Program } from "../../../fpl-grammar/program.ts";
import { present } from "../action.ts";
import type { Facts } from "../facts.ts";
import { policyOf } from "../identify.ts";
import type { Json } from "../json.ts";
import { deny, type Judgement } from "../stages.ts";
import type { Decided } from "./decide.ts";
import type { Event } from "./event.ts";
import { metersOf } from "./meters.ts";
import {
  type AgentState,
  layAnew,
  type Model,
  newAgent,
  newSession,
  type SessionState,
  sessionKey,
  timeOf,
} from "./model.ts";
import { ended, standing, valueIn } from "./sessions.ts";
import { refund, settle, take } from "./settle.ts";

const MAX_APPROVALS = 64;
const SEPARATOR = "\u001f";
const RECORDED_ONLY = ["delegation_grant", "delegation_revoke", "incident"];
const NOT_WHILE_FROZEN = ["session_open", "session_phase", "delegation_grant"];

const APPLIED: Judgement = { effect: "permit", code: "event_applied", detail: null, rule: null };

/** Everything that one event looks at. */
interface Place {
  program: Program;
  policy: AgentPolicy;
  event: Event;
  facts: Facts;
  now: bigint;
  /** A copy. */
  model: Model;
  agent: AgentState;
  session: SessionState | null;
}

/** Null: applied, and the place's model is the state after. */
type Refused = Judgement | null;

export function decideEvent(program: Program, event: Event, facts: Facts, model: Model | null): Decided {
  const refused = (policy: AgentPolicy | null, judgement: Judgement): Decided => ({
    policy,
    judgement,
    notify: [],
    after: null,
  });
  const policy = policyOf(program, event.agent);
  const known = policyOf(program, facts.agent ?? event.agent);
  if (facts.time === null) return refused(known, deny("time_missing"));
  const session = event.texts.session ?? null;
  const parties = [event.agent, ...event.chain];
  const now = model === null ? facts.time : timeOf({ model, parties, session }, facts.time);
  if (now === null) return refused(known, deny("clock_backwards"));
  const conflict = (["delegation", "purpose", "phase"] as const).find((name) => facts[name] !== null);
  if (conflict !== undefined) return refused(known, deny("fact_conflict", { field: conflict }));
  if (facts.agent !== null && facts.agent !== event.agent) {
    return refused(known, deny("agent_mismatch"));
  }
  if (policy === null || event.agent.includes(SEPARATOR)) return refused(null, deny("agent_unknown"));
  const { expires } = event.numbers;
  if (expires !== undefined && expires <= now) {
    return refused(policy, deny("event_invalid", { field: "expires" }));
  }
  const isFrozen = model?.agents.get(event.agent)?.frozen ?? false;
  if (isFrozen && NOT_WHILE_FROZEN.includes(event.type)) return refused(policy, deny("agent_frozen"));
  if (RECORDED_ONLY.includes(event.type)) return { policy, judgement: APPLIED, notify: [], after: null };
  if (model === null) return refused(policy, deny("state_missing"));
  const copy = structuredClone(model);
  const agent = copy.agents.get(event.agent) ?? newAgent(now);
  copy.agents.set(event.agent, agent);
  const own = session === null ? null : (copy.sessions.get(sessionKey(event.agent, session)) ?? null);
  const place = { program, policy, event, facts, now, model: copy, agent, session: own };
  for (const name of parties) {
    const kept = copy.agents.get(name);
    if (kept !== undefined) layAnew(program, name, "agent", kept);
    const opened = session === null ? undefined : copy.sessions.get(sessionKey(name, session));
    if (opened !== undefined) layAnew(program, name, "session", opened);
  }
  const judgement = HANDLERS[event.type]!(place);
  if (judgement !== null) return refused(policy, judgement);
  for (const name of parties) {
    const seen = copy.agents.get(name) ?? newAgent(now);
    seen.last = now;
    layAnew(program, name, "agent", seen);
    copy.agents.set(name, seen);
    const opened = session === null ? undefined : copy.sessions.get(sessionKey(name, session));
    if (opened !== undefined) opened.last = now;
  }
  return { policy, judgement: APPLIED, notify: [], after: copy };
}

const HANDLERS: Record<string, (place: Place) => Refused> = {
  session_open: openSession,
  session_phase: movePhase,
  session_close: closeSession,
  settle: settleOrRefund,
  refund: settleOrRefund,
  approve,
  reject,
  freeze: ({ agent }) => setFrozen(agent, true),
  unfreeze: ({ agent }) => setFrozen(agent, false),
  child_exit: childExit,
};

function openSession({ program, policy, event, now, model, session }: Place): Refused {
  if (session !== null) return deny("session_exists");
  const { phase } = event.texts;
  if (phase !== undefined && !policy.phases.some(({ name }) => name === phase)) return deny("phase_unknown");
  const opened = newSession(program, event.agent, event.texts.purpose ?? "", now);
  if (phase !== undefined) opened.phase = phase;
  layAnew(program, event.agent, "session", opened);
  model.sessions.set(sessionKey(event.agent, event.texts.session!), opened);
  return null;
}

function movePhase({ program, policy, event, now, session }: Place): Refused {
  if (session === null) return deny("session_unknown");
  const code = ended(program, policy, session, now);
  if (code !== null) return deny(code);
  const { phase } = event.texts;
  if (!policy.phases.some(({ name }) => name === phase)) return deny("phase_unknown");
  session.phase = phase!;
  session.phaseSince = now;
  return null;
}

function closeSession(place: Place): Refused {
  const { policy, session, now } = place;
  if (session === null) return deny("session_unknown");
  if (session.closed) return deny("session_closed");
  const unmet = unmetField(place, session);
  if (unmet !== null) {
    const isDefer = policy.completionGate!.onUnmet === "defer";
    return {
      ...deny(isDefer ? "gate_unmet_defer" : "gate_unmet", { field: unmet }),
      effect: isDefer ? "defer" : "deny",
    };
  }
  const { phase, since } = standing(policy, session, now);
  session.phase = phase;
  session.phaseSince = since;
  session.closed = true;
  return null;
}

function unmetField({ program, policy, facts, now }: Place, session: SessionState): string | null {
  const gate = policy.completionGate;
  if (gate === null) return null;
  if (gate.noPendingApprovals && session.pending.size > 0) return "no_pending_approvals";
  const isUsedUp = metersOf(program, policy).some(
    (meter) =>
      meter.family === "budget" && meter.scope === "session" && valueIn(session, meter, now) >= meter.limit!,
  );
  if (gate.budgetUnderLimit && isUsedUp) return "budget_under_limit";
  const isTrue = (name: string): boolean => {
    const value: Json | undefined = facts.gates === null ? undefined : present(facts.gates, name);
    return value?.kind === "boolean" && value.value;
  };
  const sorted = [...gate.facts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return sorted.find((name) => !isTrue(name)) ?? null;
}

function settleOrRefund({ program, event, model, now }: Place): Refused {
  const { session } = event.texts;
  let isFound = false;
  for (const name of [event.agent, ...event.chain]) {
    const policy = policyOf(program, name);
    // Nobody can say what it counts: its reservation stays open.
    if (policy === null) continue;
    const meters = metersOf(program, policy);
    const agent = model.agents.get(name);
    const own = session === undefined ? undefined : model.sessions.get(sessionKey(name, session));
    for (const state of [agent, own]) {
      const held = state === undefined ? undefined : take(state, event.numbers.reservation!);
      if (state === undefined || held === undefined) continue;
      isFound = true;
      if (event.type === "settle") settle(state, meters, held, event.numbers, now);
      else refund(state, meters, held, now);
    }
  }
  return isFound ? null : deny("reservation_unknown");
}

function approve({ event, agent, model, now }: Place): Refused {
  const { action_digest: digest, approver } = event.texts;
  if ([event.agent, ...event.chain].includes(approver!)) return deny("self_approval");
  for (const [old, expires] of agent.approvals) if (now >= expires) agent.approvals.delete(old);
  if (!agent.approvals.has(digest!) && agent.approvals.size >= MAX_APPROVALS) return deny("approvals_full");
  agent.approvals.set(digest!, event.numbers.expires!);
  answer(event, model);
  return null;
}

function reject({ event, agent, model }: Place): Refused {
  agent.approvals.delete(event.texts.action_digest!);
  answer(event, model);
  return null;
}

/** The call waits in nobody's session any more. */
function answer({ agent, chain, texts }: Event, model: Model): void {
  if (texts.session === undefined) return;
  for (const name of [agent, ...chain]) {
    model.sessions.get(sessionKey(name, texts.session))?.pending.delete(texts.action_digest!);
  }
}

function setFrozen(agent: AgentState, frozen: boolean): Refused {
  agent.frozen = frozen;
  return null;
}

function childExit({ agent }: Place): Refused {
  if (agent.children === 0n) return deny("children_none");
  agent.children -= 1n;
  return null;
}
