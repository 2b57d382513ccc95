/** One party of a decision: the acting agent, or one that delegated to it, judged by its own policy and state. */
import type { AgentPolicy, Program } from "../../../fpl-grammar/program.ts";
import { admit } from "../admit.ts";
import { judgeEgress } from "../egress.ts";
import { identify } from "../identify.ts";
import { judgeAlways, judgeRules } from "../rules.ts";
import { judgeSelectors } from "../selectors.ts";
import { deny, type Judgement, type Question } from "../stages.ts";
import { type Asked, askLimits, type Remembered } from "./limits.ts";
import { metersOf } from "./meters.ts";
import { ended, isExhausted, standing } from "./sessions.ts";

/** How the session stands that the action names. */
export type Session = "none" | "unknown" | "closed" | "open";

export interface Party {
  question: Question;
  session: Session;
}

/** A party's verdict, before delegation. */
export interface PartyVerdict {
  judgement: Judgement;
  /** An approval lifted a defer on the way. */
  isLifted: boolean;
  /** Of a call that went through step 6. */
  asked: Asked | null;
}

/** The question of one party. Phases that are over give way here. */
export function questionOf(
  { program, action, facts }: Pick<Question, "program" | "action" | "facts">,
  agent: string,
  policy: AgentPolicy,
  memory: Remembered | null,
): Question {
  const shared = { program, agent, policy, action, facts, memory };
  if (memory === null || memory.session === null) {
    return { ...shared, purpose: facts.purpose, phase: facts.phase, isPhaseOver: false };
  }
  const { session, now } = memory;
  const { phase, since, isOver } = standing(policy, session, now);
  session.phase = phase;
  session.phaseSince = since;
  const purpose = session.purpose === "" ? null : session.purpose;
  return { ...shared, purpose, phase, isPhaseOver: isOver };
}

/** Steps 1 to 6 of LANGUAGE section 5. */
export function judgeParty({ question, session }: Party, isApproved: boolean): PartyVerdict {
  const verdict = (judgement: Judgement, more: Partial<PartyVerdict> = {}): PartyVerdict => ({
    judgement,
    isLifted: false,
    asked: null,
    ...more,
  });
  const refused = judgeStanding(question, session) ?? identify(question.policy, question.facts);
  if (refused !== null) return verdict(refused);
  if (question.memory?.session != null) question.memory.session.active = question.memory.now;
  const held = judgeSelectors(question);
  if (held?.effect === "deny") return verdict(held);
  const before = admit(question) ?? judgeAlways(question);
  if (before !== null) return verdict(before);
  const ruled = held ?? judgeRules(question);
  if (ruled.effect === "deny") return verdict(ruled);
  const egress = judgeEgress(question);
  if (egress !== null) return verdict(egress);
  if (held !== null) return verdict(held);
  if (ruled.effect === "defer" && !isApproved) return verdict(ruled);
  if (question.memory === null) return verdict(ruled);
  const asked = askLimits(question, question.memory, isApproved);
  const isLifted = ruled.effect === "defer" || asked.isLifted;
  return verdict(asked.judgement ?? { ...ruled, effect: "permit" }, { asked, isLifted });
}

/** Step 1, but for identity: frozen, without state, and what has ended. */
function judgeStanding(question: Question, named: Session): Judgement | null {
  const { program, policy, memory } = question;
  if (memory?.agent.frozen) return deny("agent_frozen");
  if (memory === null && remembersAgent(program, policy)) return deny("state_missing");
  if ((memory === null || named === "none") && remembersSession(policy)) return deny("session_missing");
  if (memory === null || memory.session === null) {
    return memory !== null && named === "unknown" ? deny("session_unknown") : null;
  }
  const { session, now } = memory;
  if (named === "closed") return deny("session_closed");
  const code = ended(program, policy, session, now);
  if (code === "session_exhausted") session.exhausted = isExhausted(program, policy, session, now);
  return code === null ? null : deny(code);
}

const remembersAgent = (program: Program, policy: AgentPolicy): boolean =>
  metersOf(program, policy).some(({ scope }) => scope === "agent") ||
  policy.spawn !== null ||
  policy.delegates.length > 0;

const remembersSession = (policy: AgentPolicy): boolean =>
  policy.budgets.some(({ scope }) => scope === "session") ||
  policy.session !== null ||
  policy.completionGate !== null ||
  policy.phases.some(({ durationMs }) => durationMs !== null);
