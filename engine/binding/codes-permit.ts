/** Texts of the codes of permits and defers. In the order of code-table.ts. */
import type { CodeText } from "./code.ts";

export const PERMIT_AND_DEFER_TEXTS = {
  rule_permit: {
    text: "a permit rule applies",
    next: "go on",
  },
  default_permit: {
    text: "no rule applies and the agent's default is permit",
    next: "go on",
  },
  approved: {
    text: "the call was deferred, and an approval of exactly this action was used up for it",
    next: "run the call; the same action again needs another approval",
  },
  event_applied: {
    text: "the event was applied and recorded",
    next: "go on",
  },
  rule_defer: {
    text: "a defer rule applies",
    next: "ask for an approval, then decide again",
  },
  rule_defer_wrong_type: {
    text: "a defer rule could not be judged: a field it reads has the wrong type",
    next: "send the field in the type that the rule compares, or ask for an approval",
  },
  rule_defer_missing: {
    text: "a defer rule could not be judged: a field it reads is missing, and missing fields apply",
    next: "send the missing field, or ask for an approval",
  },
  default_defer: {
    text: "no rule applies and the agent's default is defer",
    next: "ask for an approval, or add a rule for this call",
  },
  selector_unavailable_defer: {
    text: "a selector that the rules need is unavailable, and the policy defers then",
    next: "try again when its source answers; an approval does not stand in for it",
  },
  selector_timeout_defer: {
    text: "a selector that the rules need timed out, and the policy defers then",
    next: "try again when its source answers; an approval does not stand in for it",
  },
  budget_exceeded_defer: {
    text: "the call would go over a budget that defers",
    next: "ask for an approval, or wait for the next period; the detail names the budget",
  },
  ambient_exceeded_defer: {
    text: "the call would go over an ambient limit that defers",
    next: "ask for an approval, or wait for the next day; the detail names the limit",
  },
  spawn_limit_defer: {
    text: "the agent has as many children, or is as deep, as its spawn block allows, and the block defers",
    next: "ask for an approval, or end a child first",
  },
  grantor_defer: {
    text: "the policy of an agent that delegated this call defers it",
    next: "ask for an approval; the detail names the grantor",
  },
  delegation_scope_defer: {
    text: "the scope of a delegation defers this call",
    next: "ask for an approval; the detail names the grantor",
  },
  gate_unmet_defer: {
    text: "the session cannot be closed yet: its completion gate is not met, and it defers",
    next: "resolve what the gate waits for, then close again",
  },
} as const satisfies Record<string, CodeText>;
