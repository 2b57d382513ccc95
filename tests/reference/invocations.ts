/** What a manifest says of a call that hands work to another agent: `agent/invoke/NAME` (GRAMMAR.md "Manifests"). */
import type { Rule } from "../../fpl-grammar/program.ts";
import type { Judgement, Question } from "./stages.ts";
import { historyValue } from "./state/past.ts";

const PREFIX = "agent/invoke/";

/** A deny stands with those of `deny!` rules, a defer in place of a permit. Null: nothing against the call. */
export function judgeInvocation(question: Question): Judgement | null {
  const { invocations } = question.policy;
  const { tool } = question.action;
  if (invocations === null || !tool.startsWith(PREFIX)) return null;
  const grant = invocations.grants.find(({ to }) => to === tool.slice(PREFIX.length));
  if (grant === undefined) {
    const { effect, rule } = invocations.undeclared;
    return effect === "deny" ? denied("deny_always", rule) : deferred(rule);
  }
  if (grant.max === 0) return denied("deny_always", grant.limit);
  const made = permittedCalls(question, tool);
  if (made === null) return denied("deny_always_missing", grant.limit);
  if (made >= grant.max) return denied("deny_always", grant.limit);
  return grant.approval === null ? null : deferred(grant.approval);
}

const denied = (code: string, rule: Rule): Judgement => ({ effect: "deny", code, detail: null, rule });
const deferred = (rule: Rule): Judgement => ({ effect: "defer", code: "rule_defer", detail: null, rule });

/** In the session; null without one. */
function permittedCalls(question: Question, tool: string): number | null {
  const value = historyValue(question, { function: "count", pattern: tool, windowMs: null });
  if (value === undefined || typeof value === "boolean") return null;
  return Number(value.greatest.digits) * 10 ** Number(value.greatest.exponent);
}
