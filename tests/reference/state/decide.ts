/** A decision with or without state, and what it leaves behind (engine/ABI.md "Order of a decision", "State"). */
import { createHash } from "node:crypto";
import type { AgentPolicy, Program } from "../../../fpl-grammar/program.ts";
import type { Action } from "../action.ts";
import { canonicalBytes } from "../canonical.ts";
import type { Facts } from "../facts.ts";
import { policyOf } from "../identify.ts";
import { deny, type Judgement } from "../stages.ts";
import { charge, countDenial } from "./apply.ts";
import { judgeChain } from "./delegation.ts";
import { type Asked, type Remembered, sorted } from "./limits.ts";
import { layAnew, type Model, newAgent, newSession, type SessionState, sessionKey, timeOf } from "./model.ts";
import { judgeParty, type Party, questionOf, type Session } from "./party.ts";

const MAX_DELEGATION_DEPTH = 8;
const MAX_PENDING = 256;
const SEPARATOR = "\u001f";

export interface Decided {
  /** Null: the verdict names no policy block. */
  policy: AgentPolicy | null;
  judgement: Judgement;
  /** Targets of alerts on limits. */
  notify: string[];
  /** The state after; null when nothing is written. */
  after: Model | null;
}

const plain = (policy: AgentPolicy | null, judgement: Judgement): Decided => ({
  policy,
  judgement,
  notify: [],
  after: null,
});

/**
 * `model` null: there is no state. `sequence`: of the record. `saltMissing`: it cannot be written down, and is a deny for that.
 * The model handed in is not changed.
 */
export function decideAction(
  program: Program,
  action: Action,
  facts: Facts,
  model: Model | null,
  sequence: bigint,
  saltMissing = false,
): Decided {
  const known = facts.agent ?? action.agent;
  const chain = facts.delegation?.chain ?? [];
  const policy = policyOf(program, known);
  if (model !== null && facts.time === null) return plain(policy, deny("time_missing"));
  const given = model === null ? null : { model, parties: [action.agent, ...chain], session: action.session };
  const now = given === null ? facts.time : timeOf(given, facts.time!);
  if (given !== null && now === null) return plain(policy, deny("clock_backwards"));
  const conflict = ["purpose", "phase"].find((name) => facts[name as "purpose" | "phase"] !== null);
  if (given !== null && action.session !== null && conflict !== undefined) {
    return plain(policy, deny("fact_conflict", { field: conflict }));
  }
  if (known !== action.agent) return plain(policy, deny("agent_mismatch"));
  if (policy === null || known.includes(SEPARATOR)) return plain(null, deny("agent_unknown"));
  if (isTooDeep(chain, known)) return plain(policy, deny("delegation_too_deep"));
  if (chain.length > 0 && facts.time === null) return plain(policy, deny("time_missing"));
  const digest = createHash("sha256").update(canonicalBytes(action.json)).digest("hex");
  const expires = model?.agents.get(action.agent)?.approvals.get(digest);
  const isApproved = expires !== undefined && now! < expires;
  const run = judge(program, action, facts, model, now, isApproved);
  if (saltMissing) run.judgement = deny("salt_missing");
  return settleRun(run, policy, digest, sequence);
}

const isTooDeep = (chain: string[], actor: string): boolean =>
  chain.length > MAX_DELEGATION_DEPTH || new Set([...chain, actor]).size <= chain.length;

/** One way through the steps, on a copy of the state. */
interface Run {
  judgement: Judgement;
  /** An approval lifted a defer on the way. */
  isLifted: boolean;
  /** The actor's session has used up what it had. */
  isExhausted: boolean;
  asked: Asked | null;
  actor: Party;
  /** Those that have a policy. */
  grantors: Party[];
  /** What a permit does to the copy. */
  permit(sequence: bigint): void;
  copy: Model | null;
}

function judge(
  program: Program,
  action: Action,
  facts: Facts,
  model: Model | null,
  now: bigint | null,
  isApproved: boolean,
): Run {
  const copy = model === null ? null : structuredClone(model);
  const chain = facts.delegation?.chain ?? [];
  if (copy !== null) touch(program, copy, [action.agent, ...chain], action.session, now!);
  const party = (name: string): Party => {
    const policy = policyOf(program, name)!;
    const { memory, session } = recall(program, copy, name, chain[0] ?? action.agent, action.session, now);
    return { question: questionOf({ program, action, facts }, name, policy, memory), session };
  };
  const actor = party(action.agent);
  // Sessions begin and phases give way before anything is judged, whether or not a grantor is asked in the end.
  const known = chain.filter((name) => policyOf(program, name) !== null);
  const grantors = new Map(known.map((name) => [name, party(name)]));
  const own = judgeParty(actor, isApproved);
  const run: Run = {
    judgement: own.judgement,
    isLifted: own.isLifted,
    isExhausted: own.judgement.code === "session_exhausted",
    asked: own.asked,
    actor,
    grantors: [...grantors.values()],
    copy,
    permit: () => {},
  };
  const isDenied = own.judgement.effect === "deny";
  const grantor = (name: string): Party => grantors.get(name)!;
  const delegated =
    chain.length === 0 || isDenied ? null : judgeChain(actor.question, grantor, now, isApproved);
  const narrowest = delegated?.narrowest ?? null;
  if (narrowest !== null && (narrowest.effect === "deny" || own.judgement.effect === "permit")) {
    run.judgement = narrowest;
  }
  run.isLifted ||= delegated?.isLifted ?? false;
  const asked = [own, ...(delegated?.grantors ?? [])].map((verdict) => verdict.asked);
  run.permit = (sequence) => {
    for (const [index, { question }] of [actor, ...grantors.values()].entries()) {
      if (question.memory !== null) charge(question, question.memory, asked[index]!, sequence, index === 0);
    }
  };
  return run;
}

/** Every party's blobs have seen the time; of an agent there is one from now on. */
function touch(program: Program, model: Model, parties: string[], session: string | null, now: bigint): void {
  for (const name of parties) {
    const agent = model.agents.get(name) ?? newAgent(now);
    model.agents.set(name, agent);
    agent.last = now;
    layAnew(program, name, "agent", agent);
    const kept = session === null ? undefined : model.sessions.get(sessionKey(name, session));
    if (kept === undefined) continue;
    kept.last = now;
    layAnew(program, name, "session", kept);
  }
}

/** The party's state in the model; its session begins where the root's was opened and its own is not there yet. */
function recall(
  program: Program,
  model: Model | null,
  name: string,
  root: string,
  session: string | null,
  now: bigint | null,
): { memory: Remembered | null; session: Session } {
  if (model === null) return { memory: null, session: session === null ? "none" : "unknown" };
  const agent = model.agents.get(name)!;
  if (session === null) return { memory: { agent, session: null, now: now! }, session: "none" };
  const opened = model.sessions.get(sessionKey(root, session));
  if (opened === undefined || opened.joined)
    return { memory: { agent, session: null, now: now! }, session: "unknown" };
  const key = sessionKey(name, session);
  const own: SessionState = model.sessions.get(key) ?? {
    ...newSession(program, name, opened.purpose, now!),
    joined: true,
  };
  layAnew(program, name, "session", own);
  model.sessions.set(key, own);
  return { memory: { agent, session: own, now: now! }, session: opened.closed ? "closed" : "open" };
}

function settleRun(run: Run, policy: AgentPolicy, digest: string, sequence: bigint): Decided {
  const { actor, copy } = run;
  const { memory } = actor.question;
  const { session } = actor.question.action;
  let { judgement } = run;
  if (judgement.effect === "permit") {
    run.permit(sequence);
    if (run.isLifted) {
      judgement = { ...judgement, code: "approved" };
      memory?.agent.approvals.delete(digest);
    }
  }
  if (judgement.effect === "defer") {
    const waiting = [actor, ...run.grantors].flatMap(({ question }) => {
      const session = question.memory?.session ?? null;
      return session !== null && question.policy.completionGate?.noPendingApprovals ? [session.pending] : [];
    });
    const isFull = waiting.some((pending) => !pending.has(digest) && pending.size >= MAX_PENDING);
    if (isFull) judgement = deny("approvals_full");
    else for (const pending of waiting) pending.add(digest);
  }
  if (judgement.effect === "deny" && memory !== null) {
    const kept = session === null ? undefined : copy!.sessions.get(sessionKey(actor.question.agent, session));
    countDenial(actor.question, kept, memory.now);
  }
  const warned = judgement.effect === "permit" ? (run.asked?.warned ?? []) : [];
  const usedUp = run.isExhausted ? sorted(policy.alerts.budgetExceeded) : [];
  const notify = [...warned, ...usedUp, ...(run.asked?.exceeded ?? [])];
  return { policy, judgement, notify, after: actor.session === "unknown" ? null : copy };
}
