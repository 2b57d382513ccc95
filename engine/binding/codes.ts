/**
 * What decided: the closed table of codes. Numbers are those of engine/constants.ts, names those that the core writes into verdicts
 * and records. A new code breaks every exhaustive switch over CodeName at build time.
 */
import {
  CODE_ACTION_FIELD_MISSING,
  CODE_ACTION_FIELD_TYPE,
  CODE_ACTION_FIELD_UNKNOWN,
  CODE_ACTION_NOT_OBJECT,
  CODE_AGENT_MISMATCH,
  CODE_AGENT_UNKNOWN,
  CODE_CANONICAL_TOO_LARGE,
  CODE_DEFAULT_DEFER,
  CODE_DEFAULT_DENY,
  CODE_DEFAULT_PERMIT,
  CODE_DELEGATION_UNSUPPORTED,
  CODE_DENY_ALWAYS,
  CODE_DENY_ALWAYS_MISSING,
  CODE_DENY_ALWAYS_WRONG_TYPE,
  CODE_DUPLICATE_KEY,
  CODE_EGRESS_DENIED,
  CODE_EGRESS_NOT_ALLOWED,
  CODE_ENGINE_TRAP,
  CODE_FACT_TYPE,
  CODE_FACT_UNKNOWN,
  CODE_FACTS_INVALID,
  CODE_HTTP_FACET_INVALID,
  CODE_IDENTITY_METHOD,
  CODE_IDENTITY_UNVERIFIED,
  CODE_INPUT_TOO_LARGE,
  CODE_INTEGER_INEXACT,
  CODE_INVALID_JSON,
  CODE_INVALID_UTF8,
  CODE_LONE_SURROGATE,
  CODE_MODEL_MISSING,
  CODE_MODEL_NOT_ALLOWED,
  CODE_NO_POLICY,
  CODE_NUMBER_OUT_OF_RANGE,
  CODE_PHASE_UNKNOWN,
  CODE_RECORD_UNWRITABLE,
  CODE_RULE_DEFER,
  CODE_RULE_DEFER_MISSING,
  CODE_RULE_DEFER_WRONG_TYPE,
  CODE_RULE_DENY,
  CODE_RULE_DENY_MISSING,
  CODE_RULE_DENY_WRONG_TYPE,
  CODE_RULE_PERMIT,
  CODE_SALT_MISSING,
  CODE_SCHEMA_MISSING_ARGUMENT,
  CODE_SCHEMA_NOT_IN_ENUM,
  CODE_SCHEMA_UNDECLARED_ARGUMENT,
  CODE_SCHEMA_WRONG_TYPE,
  CODE_SELECTOR_TIMEOUT,
  CODE_SELECTOR_TIMEOUT_DEFER,
  CODE_SELECTOR_UNAVAILABLE,
  CODE_SELECTOR_UNAVAILABLE_DEFER,
  CODE_TIME_INVALID,
  CODE_TOO_DEEP,
  CODE_TOOL_NAME_INVALID,
  CODE_TOOL_NOT_VISIBLE,
} from "../constants.ts";

export type Effect = "permit" | "deny" | "defer";

/** One row of the table. */
export interface Code {
  /** CODE_*, as in packed verdicts. */
  readonly number: number;
  /** Lower snake case, as in verdicts and records. */
  readonly name: string;
  /** The effect of every verdict with this code. */
  readonly effect: Effect;
  /** One line: what it means. */
  readonly text: string;
  /** One line: what the caller can do next. */
  readonly next: string;
}

/** Ascending by number. */
export const CODES = [
  {
    number: CODE_RULE_PERMIT,
    name: "rule_permit",
    effect: "permit",
    text: "a permit rule applies",
    next: "go on",
  },
  {
    number: CODE_DEFAULT_PERMIT,
    name: "default_permit",
    effect: "permit",
    text: "no rule applies and the agent's default is permit",
    next: "go on",
  },
  {
    number: CODE_RULE_DEFER,
    name: "rule_defer",
    effect: "defer",
    text: "a defer rule applies",
    next: "ask for an approval, then decide again",
  },
  {
    number: CODE_RULE_DEFER_WRONG_TYPE,
    name: "rule_defer_wrong_type",
    effect: "defer",
    text: "a defer rule could not be judged: a field it reads has the wrong type",
    next: "send the field in the type that the rule compares, or ask for an approval",
  },
  {
    number: CODE_RULE_DEFER_MISSING,
    name: "rule_defer_missing",
    effect: "defer",
    text: "a defer rule could not be judged: a field it reads is missing, and missing fields apply",
    next: "send the missing field, or ask for an approval",
  },
  {
    number: CODE_DEFAULT_DEFER,
    name: "default_defer",
    effect: "defer",
    text: "no rule applies and the agent's default is defer",
    next: "ask for an approval, or add a rule for this call",
  },
  {
    number: CODE_SELECTOR_UNAVAILABLE_DEFER,
    name: "selector_unavailable_defer",
    effect: "defer",
    text: "a selector that the rules need is unavailable, and the policy defers then",
    next: "try again when its source answers, or ask for an approval",
  },
  {
    number: CODE_SELECTOR_TIMEOUT_DEFER,
    name: "selector_timeout_defer",
    effect: "defer",
    text: "a selector that the rules need timed out, and the policy defers then",
    next: "try again when its source answers, or ask for an approval",
  },
  {
    number: CODE_RULE_DENY,
    name: "rule_deny",
    effect: "deny",
    text: "a deny rule applies",
    next: "do not repeat the call as it is; the rule and its reason say why",
  },
  {
    number: CODE_RULE_DENY_WRONG_TYPE,
    name: "rule_deny_wrong_type",
    effect: "deny",
    text: "a deny rule could not be judged: a field it reads has the wrong type",
    next: "send the field in the type that the rule compares",
  },
  {
    number: CODE_RULE_DENY_MISSING,
    name: "rule_deny_missing",
    effect: "deny",
    text: "a deny rule could not be judged: a field it reads is missing, and missing fields apply",
    next: "send the missing field",
  },
  {
    number: CODE_DEFAULT_DENY,
    name: "default_deny",
    effect: "deny",
    text: "no rule applies and the agent's default is deny",
    next: "add a permit or defer rule for this call if it should be allowed",
  },
  {
    number: CODE_DENY_ALWAYS,
    name: "deny_always",
    effect: "deny",
    text: "a `deny!` rule applies; nothing overrides it",
    next: "do not repeat the call; no other rule or approval can allow it",
  },
  {
    number: CODE_DENY_ALWAYS_WRONG_TYPE,
    name: "deny_always_wrong_type",
    effect: "deny",
    text: "a `deny!` rule could not be judged: a field it reads has the wrong type",
    next: "send the field in the type that the rule compares",
  },
  {
    number: CODE_DENY_ALWAYS_MISSING,
    name: "deny_always_missing",
    effect: "deny",
    text: "a `deny!` rule could not be judged: a field it reads is missing",
    next: "send the missing field",
  },
  {
    number: CODE_SELECTOR_UNAVAILABLE,
    name: "selector_unavailable",
    effect: "deny",
    text: "a selector that the rules need is unavailable",
    next: "try again when its source answers",
  },
  {
    number: CODE_SELECTOR_TIMEOUT,
    name: "selector_timeout",
    effect: "deny",
    text: "a selector that the rules need timed out",
    next: "try again when its source answers",
  },
  {
    number: CODE_AGENT_UNKNOWN,
    name: "agent_unknown",
    effect: "deny",
    text: "no policy block serves this agent and there is no `default` agent",
    next: "add a block for the agent, or one for the agent named default",
  },
  {
    number: CODE_AGENT_MISMATCH,
    name: "agent_mismatch",
    effect: "deny",
    text: "the action names another agent than the host knows",
    next: "let the host set the action's agent to the one it authenticated",
  },
  {
    number: CODE_IDENTITY_UNVERIFIED,
    name: "identity_unverified",
    effect: "deny",
    text: "the policy wants a verified principal and this one is not",
    next: "authenticate the principal and set principal.verified in the facts",
  },
  {
    number: CODE_IDENTITY_METHOD,
    name: "identity_method",
    effect: "deny",
    text: "the principal was verified by a method that the policy does not list",
    next: "authenticate by one of the listed methods",
  },
  {
    number: CODE_PHASE_UNKNOWN,
    name: "phase_unknown",
    effect: "deny",
    text: "the agent has no phase of the name in the facts",
    next: "use a declared phase, or leave it out for the first one",
  },
  {
    number: CODE_TOOL_NOT_VISIBLE,
    name: "tool_not_visible",
    effect: "deny",
    text: "the tool is not visible in the session's phase",
    next: "move the session to a phase that names the tool",
  },
  {
    number: CODE_SCHEMA_MISSING_ARGUMENT,
    name: "schema_missing_argument",
    effect: "deny",
    text: "an argument that the tool's schema requires is missing",
    next: "send the argument",
  },
  {
    number: CODE_SCHEMA_WRONG_TYPE,
    name: "schema_wrong_type",
    effect: "deny",
    text: "an argument is not of the type that the tool's schema declares",
    next: "send the argument in the declared type",
  },
  {
    number: CODE_SCHEMA_NOT_IN_ENUM,
    name: "schema_not_in_enum",
    effect: "deny",
    text: "an argument is none of the values that the tool's schema lists",
    next: "send one of the listed values",
  },
  {
    number: CODE_SCHEMA_UNDECLARED_ARGUMENT,
    name: "schema_undeclared_argument",
    effect: "deny",
    text: "an argument is not declared in the tool's schema",
    next: "leave the argument out, or declare it",
  },
  {
    number: CODE_MODEL_MISSING,
    name: "model_missing",
    effect: "deny",
    text: "the agent has a model policy and the facts name no model",
    next: "give the model in the facts",
  },
  {
    number: CODE_MODEL_NOT_ALLOWED,
    name: "model_not_allowed",
    effect: "deny",
    text: "the model policy does not allow this model",
    next: "use an allowed model",
  },
  {
    number: CODE_EGRESS_NOT_ALLOWED,
    name: "egress_not_allowed",
    effect: "deny",
    text: "the egress block allows no such host and port",
    next: "add the destination to the allow list if it should be reached",
  },
  {
    number: CODE_EGRESS_DENIED,
    name: "egress_denied",
    effect: "deny",
    text: "the egress block denies this host and port",
    next: "do not repeat the call; deny wins over allow",
  },
  {
    number: CODE_INPUT_TOO_LARGE,
    name: "input_too_large",
    effect: "deny",
    text: "the action is over 1 MiB",
    next: "send a smaller action; pass large content by reference",
  },
  {
    number: CODE_INVALID_UTF8,
    name: "invalid_utf8",
    effect: "deny",
    text: "the action is not UTF-8",
    next: "encode the text as UTF-8",
  },
  {
    number: CODE_INVALID_JSON,
    name: "invalid_json",
    effect: "deny",
    text: "the action is not JSON (RFC 8259)",
    next: "send one JSON value; the detail is the offset of the first byte that cannot stand there",
  },
  {
    number: CODE_DUPLICATE_KEY,
    name: "duplicate_key",
    effect: "deny",
    text: "an object has the same key twice",
    next: "send each key once",
  },
  {
    number: CODE_LONE_SURROGATE,
    name: "lone_surrogate",
    effect: "deny",
    text: "a string holds half of a surrogate pair",
    next: "send whole code points",
  },
  {
    number: CODE_TOO_DEEP,
    name: "too_deep",
    effect: "deny",
    text: "lists and objects nest deeper than 64",
    next: "send a flatter action",
  },
  {
    number: CODE_INTEGER_INEXACT,
    name: "integer_inexact",
    effect: "deny",
    text: "an integer would change as a double",
    next: "send it as a string, or as an integer below 2^53",
  },
  {
    number: CODE_NUMBER_OUT_OF_RANGE,
    name: "number_out_of_range",
    effect: "deny",
    text: "a number has no finite double",
    next: "send it as a string",
  },
  {
    number: CODE_CANONICAL_TOO_LARGE,
    name: "canonical_too_large",
    effect: "deny",
    text: "the canonical form of the action is over 1 MiB",
    next: "send a smaller action",
  },
  {
    number: CODE_ACTION_NOT_OBJECT,
    name: "action_not_object",
    effect: "deny",
    text: "the action is JSON but no object",
    next: "send an object with agent, tool and args",
  },
  {
    number: CODE_ACTION_FIELD_UNKNOWN,
    name: "action_field_unknown",
    effect: "deny",
    text: "the action has a field that actions do not have",
    next: "leave the field out; tool arguments go into args",
  },
  {
    number: CODE_ACTION_FIELD_MISSING,
    name: "action_field_missing",
    effect: "deny",
    text: "the action lacks agent, tool or args",
    next: "send the field that the detail names",
  },
  {
    number: CODE_ACTION_FIELD_TYPE,
    name: "action_field_type",
    effect: "deny",
    text: "a field of the action has the wrong type",
    next: "send the field that the detail names in its type",
  },
  {
    number: CODE_TOOL_NAME_INVALID,
    name: "tool_name_invalid",
    effect: "deny",
    text: "the tool's name is not made of segments of A-Z a-z 0-9 . _ : @ + - joined by /",
    next: "rename the tool, or map its name in the host",
  },
  {
    number: CODE_HTTP_FACET_INVALID,
    name: "http_facet_invalid",
    effect: "deny",
    text: "the http facet has an unknown field or a value that is not in its one form",
    next: "normalise the request as the ABI says; the detail names the field",
  },
  {
    number: CODE_FACTS_INVALID,
    name: "facts_invalid",
    effect: "deny",
    text: "the facts are no JSON object that has a canonical form",
    next: "fix the host: facts are one JSON object",
  },
  {
    number: CODE_FACT_UNKNOWN,
    name: "fact_unknown",
    effect: "deny",
    text: "the facts have a field that facts do not have",
    next: "fix the host: leave out the field that the detail names",
  },
  {
    number: CODE_FACT_TYPE,
    name: "fact_type",
    effect: "deny",
    text: "a fact has the wrong type",
    next: "fix the host: send the fact that the detail names in its type",
  },
  {
    number: CODE_TIME_INVALID,
    name: "time_invalid",
    effect: "deny",
    text: "the time is no integer of Unix milliseconds",
    next: "fix the host: send milliseconds, 12 to 15 digits",
  },
  {
    number: CODE_SALT_MISSING,
    name: "salt_missing",
    effect: "deny",
    text: "the record must redact and the facts hold no salt",
    next: "fix the host: send a secret salt of 16 bytes or more",
  },
  {
    number: CODE_DELEGATION_UNSUPPORTED,
    name: "delegation_unsupported",
    effect: "deny",
    text: "the facts hold a delegation chain, which is not enforced yet",
    next: "leave delegation out; it would not be judged",
  },
  {
    number: CODE_ENGINE_TRAP,
    name: "engine_trap",
    effect: "deny",
    text: "the engine failed while it decided",
    next: "report it with the action; the next call runs on a fresh engine",
  },
  {
    number: CODE_NO_POLICY,
    name: "no_policy",
    effect: "deny",
    text: "no policy is loaded",
    next: "load a policy that the engine accepts",
  },
  {
    number: CODE_RECORD_UNWRITABLE,
    name: "record_unwritable",
    effect: "deny",
    text: "the record of the decision could not be made durable",
    next: "see why the log refuses; nothing runs without its record",
  },
] as const satisfies readonly Code[];

export type CodeName = (typeof CODES)[number]["name"];

const byNumber: ReadonlyMap<number, (typeof CODES)[number]> = new Map(
  CODES.map((code) => [code.number, code]),
);

/** The row of that number, or undefined for a number outside the table. */
export function codeOf(number: number): (typeof CODES)[number] | undefined {
  return byNumber.get(number);
}

const byName: ReadonlyMap<string, (typeof CODES)[number]> = new Map(CODES.map((code) => [code.name, code]));

/** The row of that name. */
export function codeNamed(name: CodeName): (typeof CODES)[number] {
  return byName.get(name)!;
}
