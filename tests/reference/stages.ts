/** What the stages of a decision hand to each other. */
import type { AgentPolicy, Program, Rule } from "../../fpl-grammar/program.ts";
import type { Action } from "./action.ts";
import type { Facts } from "./facts.ts";
import type { Detail } from "./json.ts";

/** Everything that a decision looks at, once action and facts are accepted. */
export interface Question {
  program: Program;
  policy: AgentPolicy;
  action: Action;
  facts: Facts;
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
