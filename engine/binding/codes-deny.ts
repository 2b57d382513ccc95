/** Texts of the codes of denials by the policy, the state and who asks. In the order of code-table.ts. */
import type { CodeText } from "./code.ts";

export const DENIAL_TEXTS = {
  rule_deny: {
    text: "a deny rule applies",
    next: "do not repeat the call as it is; the rule and its reason say why",
  },
  rule_deny_wrong_type: {
    text: "a deny rule could not be judged: a field it reads has the wrong type",
    next: "send the field in the type that the rule compares",
  },
  rule_deny_missing: {
    text: "a deny rule could not be judged: a field it reads is missing, and missing fields apply",
    next: "send the missing field",
  },
  default_deny: {
    text: "no rule applies and the agent's default is deny",
    next: "add a permit or defer rule for this call if it should be allowed",
  },
  deny_always: {
    text: "a `deny!` rule applies; nothing overrides it",
    next: "do not repeat the call; no other rule or approval can allow it",
  },
  deny_always_wrong_type: {
    text: "a `deny!` rule could not be judged: a field it reads has the wrong type",
    next: "send the field in the type that the rule compares",
  },
  deny_always_missing: {
    text: "a `deny!` rule could not be judged: a field it reads is missing",
    next: "send the missing field",
  },
  selector_unavailable: {
    text: "a selector that the rules need is unavailable",
    next: "try again when its source answers",
  },
  selector_timeout: {
    text: "a selector that the rules need timed out",
    next: "try again when its source answers",
  },
  agent_unknown: {
    text: "no policy block serves this agent and there is no `default` agent",
    next: "add a block for the agent, or one for the agent named default",
  },
  agent_mismatch: {
    text: "the action names another agent than the host knows",
    next: "let the host set the action's agent to the one it authenticated",
  },
  identity_unverified: {
    text: "the policy wants a verified principal and this one is not",
    next: "authenticate the principal and set principal.verified in the facts",
  },
  identity_method: {
    text: "the principal was verified by a method that the policy does not list",
    next: "authenticate by one of the listed methods",
  },
  phase_unknown: {
    text: "the agent has no phase of that name",
    next: "use a declared phase, or leave it out for the first one",
  },
  tool_not_visible: {
    text: "the tool is not visible in the session's phase",
    next: "move the session to a phase that names the tool",
  },
  schema_missing_argument: {
    text: "an argument that the tool's schema requires is missing",
    next: "send the argument",
  },
  schema_wrong_type: {
    text: "an argument is not of the type that the tool's schema declares",
    next: "send the argument in the declared type",
  },
  schema_not_in_enum: {
    text: "an argument is none of the values that the tool's schema lists",
    next: "send one of the listed values",
  },
  schema_undeclared_argument: {
    text: "an argument is not declared in the tool's schema",
    next: "leave the argument out, or declare it",
  },
  model_missing: {
    text: "the agent has a model policy and the facts name no model",
    next: "give the model in the facts",
  },
  model_not_allowed: {
    text: "the model policy does not allow this model",
    next: "use an allowed model",
  },
  egress_not_allowed: {
    text: "the egress block allows no such host and port",
    next: "add the destination to the allow list if it should be reached",
  },
  egress_denied: {
    text: "the egress block denies this host and port",
    next: "do not repeat the call; deny wins over allow",
  },
  budget_exceeded: {
    text: "the call would go over a budget",
    next: "wait for the next period, or raise the budget; the detail names it",
  },
  rate_exceeded: {
    text: "the call would go over a rate limit",
    next: "wait and try again; the detail names the limit",
  },
  ambient_exceeded: {
    text: "the call would go over an ambient limit",
    next: "wait for the next day; the detail names the limit",
  },
  spawn_not_allowed: {
    text: "the spawn block does not allow this type of agent",
    next: "spawn an allowed type",
  },
  spawn_limit: {
    text: "the agent has as many children, or is as deep, as its spawn block allows",
    next: "end a child first, or spawn from higher up",
  },
  amount_unknown: {
    text: "an amount that a limit or a sum counts is missing, no number, below zero or not whole millionths",
    next: "send the amount as a plain number; the detail names the argument or the fact",
  },
  agent_frozen: {
    text: "the agent is frozen",
    next: "have an operator look at the incident and unfreeze it",
  },
  session_missing: {
    text: "the policy counts per session and the action has none",
    next: "open a session and name it in the action",
  },
  session_unknown: {
    text: "no such session was opened for this agent, or for the first one that delegated the call",
    next: "open the session first",
  },
  session_closed: {
    text: "the session was closed",
    next: "open another session",
  },
  session_expired: {
    text: "the session is older than its longest duration",
    next: "close it and open another",
  },
  session_idle: {
    text: "the session was idle for longer than its time-out",
    next: "close it and open another",
  },
  session_exhausted: {
    text: "the session has used up its calls or a budget",
    next: "close it and open another",
  },
  phase_expired: {
    text: "the session's phase is over and none follows",
    next: "move the session to another phase, or close it",
  },
  delegation_expired: {
    text: "a grant in the delegation chain has expired",
    next: "ask the grantor for a new grant",
  },
  delegation_not_granted: {
    text: "the policy lets the grantor delegate nothing of this kind to this agent, or not for so long",
    next: "add a delegate block, or grant for a shorter time",
  },
  delegation_too_deep: {
    text: "the delegation chain is too long or names an agent twice",
    next: "delegate from higher up",
  },
  delegation_scope: {
    text: "the call is outside the scope of a delegation",
    next: "stay within the scope; the detail names the grantor",
  },
  grantor_deny: {
    text: "the policy of an agent that delegated this call denies it",
    next: "do not repeat the call; the detail names the grantor",
  },
} as const satisfies Record<string, CodeText>;
