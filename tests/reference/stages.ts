/** What the stages of a decision hand to each other. */
import type { AgentPolicy, Program, Rule } from "../../fpl-grammar/program.ts";
import type { Action } from "./action.ts";
import type { Facts } from "./facts.ts";
import type { Detail } from "./json.ts";
import type { Remembered } from "./state/limits.ts";

/** Everything that one party's decision looks at, once action and facts are accepted. */
export interface Question {
  program: Program;
  /** Who is judged: the acting agent, or one that delegated to it. */
  agent: string;
  policy: AgentPolicy;
  action: Action;
  facts: Facts;
  /** Of the session: from its state, else from the facts. */
  purpose: string | null;
  /** Null: none was named. */
  phase: string | null;
  isPhaseOver: boolean;
  /** Null without state. */
  memory: Remembered | null;
}

/** What decided, before obligations. */
export interface Judgement {
  effect: "permit" | "deny" | "defer";
  code: string;
  detail: Detail;
  rule: Rule | null;
}

export const deny = (code: string, detail: Detail = null): Judgement => ({
  effect: "deny",
  code,
  detail,
  rule: null,
});
