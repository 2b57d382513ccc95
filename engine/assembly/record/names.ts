/** Names of codes and effects in verdicts and records. engine/binding/codes.ts holds the same names; a test compares them. */
import {
  CODE_ACTION_FIELD_MISSING,
  CODE_ACTION_FIELD_TYPE,
  CODE_ACTION_FIELD_UNKNOWN,
  CODE_ACTION_NOT_OBJECT,
  CODE_AGENT_FROZEN,
  CODE_AGENT_MISMATCH,
  CODE_AGENT_UNKNOWN,
  CODE_AMBIENT_EXCEEDED,
  CODE_AMBIENT_EXCEEDED_DEFER,
  CODE_AMOUNT_UNKNOWN,
  CODE_APPROVALS_FULL,
  CODE_APPROVED,
  CODE_BUDGET_EXCEEDED,
  CODE_BUDGET_EXCEEDED_DEFER,
  CODE_CANONICAL_TOO_LARGE,
  CODE_CHILDREN_NONE,
  CODE_CLOCK_BACKWARDS,
  CODE_DEFAULT_DEFER,
  CODE_DEFAULT_DENY,
  CODE_DEFAULT_PERMIT,
  CODE_DELEGATION_EXPIRED,
  CODE_DELEGATION_INVALID,
  CODE_DELEGATION_NOT_GRANTED,
  CODE_DELEGATION_REVOKED,
  CODE_DELEGATION_SCOPE,
  CODE_DELEGATION_SCOPE_DEFER,
  CODE_DELEGATION_TOO_DEEP,
  CODE_DENY_ALWAYS,
  CODE_DENY_ALWAYS_MISSING,
  CODE_DENY_ALWAYS_WRONG_TYPE,
  CODE_DUPLICATE_KEY,
  CODE_EGRESS_DENIED,
  CODE_EGRESS_NOT_ALLOWED,
  CODE_ENGINE_TRAP,
  CODE_EVENT_APPLIED,
  CODE_EVENT_INVALID,
  CODE_FACTS_INVALID,
  CODE_FACT_CONFLICT,
  CODE_FACT_TYPE,
  CODE_FACT_UNKNOWN,
  CODE_GATE_UNMET,
  CODE_GATE_UNMET_DEFER,
  CODE_GRANTOR_DEFER,
  CODE_GRANTOR_DENY,
  CODE_HTTP_FACET_INVALID,
  CODE_IDENTITY_INVALID,
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
  CODE_PHASE_EXPIRED,
  CODE_PHASE_UNKNOWN,
  CODE_RATE_EXCEEDED,
  CODE_RECORD_UNWRITABLE,
  CODE_RESERVATION_UNKNOWN,
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
  CODE_SELF_APPROVAL,
  CODE_SESSION_CLOSED,
  CODE_SESSION_EXHAUSTED,
  CODE_SESSION_EXISTS,
  CODE_SESSION_EXPIRED,
  CODE_SESSION_IDLE,
  CODE_SESSION_MISSING,
  CODE_SESSION_UNKNOWN,
  CODE_SPAWN_LIMIT,
  CODE_SPAWN_LIMIT_DEFER,
  CODE_SPAWN_NOT_ALLOWED,
  CODE_STATE_INVALID,
  CODE_STATE_MISSING,
  CODE_STATE_UNAVAILABLE,
  CODE_TIME_INVALID,
  CODE_TIME_MISSING,
  CODE_TOOL_NAME_INVALID,
  CODE_TOOL_NOT_VISIBLE,
  CODE_TOO_DEEP,
  EFFECT_DEFER,
  EFFECT_PERMIT,
} from "../../constants";

export function codeName(code: u32): string {
  return code < CODE_INPUT_TOO_LARGE ? decisionName(code) : refusalName(code);
}

function decisionName(code: u32): string {
  switch (code) {
    case CODE_RULE_PERMIT: return "rule_permit";
    case CODE_DEFAULT_PERMIT: return "default_permit";
    case CODE_APPROVED: return "approved";
    case CODE_EVENT_APPLIED: return "event_applied";
    case CODE_RULE_DEFER: return "rule_defer";
    case CODE_RULE_DEFER_WRONG_TYPE: return "rule_defer_wrong_type";
    case CODE_RULE_DEFER_MISSING: return "rule_defer_missing";
    case CODE_DEFAULT_DEFER: return "default_defer";
    case CODE_SELECTOR_UNAVAILABLE_DEFER: return "selector_unavailable_defer";
    case CODE_SELECTOR_TIMEOUT_DEFER: return "selector_timeout_defer";
    case CODE_BUDGET_EXCEEDED_DEFER: return "budget_exceeded_defer";
    case CODE_AMBIENT_EXCEEDED_DEFER: return "ambient_exceeded_defer";
    case CODE_SPAWN_LIMIT_DEFER: return "spawn_limit_defer";
    case CODE_GRANTOR_DEFER: return "grantor_defer";
    case CODE_DELEGATION_SCOPE_DEFER: return "delegation_scope_defer";
    case CODE_GATE_UNMET_DEFER: return "gate_unmet_defer";
    case CODE_RULE_DENY: return "rule_deny";
    case CODE_RULE_DENY_WRONG_TYPE: return "rule_deny_wrong_type";
    case CODE_RULE_DENY_MISSING: return "rule_deny_missing";
    case CODE_DEFAULT_DENY: return "default_deny";
    case CODE_DENY_ALWAYS: return "deny_always";
    case CODE_DENY_ALWAYS_WRONG_TYPE: return "deny_always_wrong_type";
    case CODE_DENY_ALWAYS_MISSING: return "deny_always_missing";
    case CODE_SELECTOR_UNAVAILABLE: return "selector_unavailable";
    case CODE_SELECTOR_TIMEOUT: return "selector_timeout";
    case CODE_AGENT_UNKNOWN: return "agent_unknown";
    case CODE_AGENT_MISMATCH: return "agent_mismatch";
    case CODE_IDENTITY_UNVERIFIED: return "identity_unverified";
    case CODE_IDENTITY_METHOD: return "identity_method";
    case CODE_PHASE_UNKNOWN: return "phase_unknown";
    case CODE_TOOL_NOT_VISIBLE: return "tool_not_visible";
    case CODE_SCHEMA_MISSING_ARGUMENT: return "schema_missing_argument";
    case CODE_SCHEMA_WRONG_TYPE: return "schema_wrong_type";
    case CODE_SCHEMA_NOT_IN_ENUM: return "schema_not_in_enum";
    case CODE_SCHEMA_UNDECLARED_ARGUMENT: return "schema_undeclared_argument";
    case CODE_MODEL_MISSING: return "model_missing";
    case CODE_MODEL_NOT_ALLOWED: return "model_not_allowed";
    case CODE_EGRESS_NOT_ALLOWED: return "egress_not_allowed";
    case CODE_EGRESS_DENIED: return "egress_denied";
    case CODE_BUDGET_EXCEEDED: return "budget_exceeded";
    case CODE_RATE_EXCEEDED: return "rate_exceeded";
    case CODE_AMBIENT_EXCEEDED: return "ambient_exceeded";
    case CODE_SPAWN_NOT_ALLOWED: return "spawn_not_allowed";
    case CODE_SPAWN_LIMIT: return "spawn_limit";
    case CODE_AMOUNT_UNKNOWN: return "amount_unknown";
    case CODE_AGENT_FROZEN: return "agent_frozen";
    case CODE_SESSION_MISSING: return "session_missing";
    case CODE_SESSION_UNKNOWN: return "session_unknown";
    case CODE_SESSION_CLOSED: return "session_closed";
    case CODE_SESSION_EXPIRED: return "session_expired";
    case CODE_SESSION_IDLE: return "session_idle";
    case CODE_SESSION_EXHAUSTED: return "session_exhausted";
    case CODE_PHASE_EXPIRED: return "phase_expired";
    case CODE_DELEGATION_EXPIRED: return "delegation_expired";
    case CODE_DELEGATION_NOT_GRANTED: return "delegation_not_granted";
    case CODE_DELEGATION_TOO_DEEP: return "delegation_too_deep";
    case CODE_DELEGATION_SCOPE: return "delegation_scope";
    case CODE_GRANTOR_DENY: return "grantor_deny";
    default: return "unknown";
  }
}

function refusalName(code: u32): string {
  switch (code) {
    case CODE_INPUT_TOO_LARGE: return "input_too_large";
    case CODE_INVALID_UTF8: return "invalid_utf8";
    case CODE_INVALID_JSON: return "invalid_json";
    case CODE_DUPLICATE_KEY: return "duplicate_key";
    case CODE_LONE_SURROGATE: return "lone_surrogate";
    case CODE_TOO_DEEP: return "too_deep";
    case CODE_INTEGER_INEXACT: return "integer_inexact";
    case CODE_NUMBER_OUT_OF_RANGE: return "number_out_of_range";
    case CODE_CANONICAL_TOO_LARGE: return "canonical_too_large";
    case CODE_ACTION_NOT_OBJECT: return "action_not_object";
    case CODE_ACTION_FIELD_UNKNOWN: return "action_field_unknown";
    case CODE_ACTION_FIELD_MISSING: return "action_field_missing";
    case CODE_ACTION_FIELD_TYPE: return "action_field_type";
    case CODE_TOOL_NAME_INVALID: return "tool_name_invalid";
    case CODE_HTTP_FACET_INVALID: return "http_facet_invalid";
    case CODE_FACTS_INVALID: return "facts_invalid";
    case CODE_FACT_UNKNOWN: return "fact_unknown";
    case CODE_FACT_TYPE: return "fact_type";
    case CODE_TIME_INVALID: return "time_invalid";
    case CODE_SALT_MISSING: return "salt_missing";
    case CODE_FACT_CONFLICT: return "fact_conflict";
    case CODE_STATE_MISSING: return "state_missing";
    case CODE_STATE_INVALID: return "state_invalid";
    case CODE_TIME_MISSING: return "time_missing";
    case CODE_CLOCK_BACKWARDS: return "clock_backwards";
    case CODE_EVENT_INVALID: return "event_invalid";
    case CODE_SESSION_EXISTS: return "session_exists";
    case CODE_RESERVATION_UNKNOWN: return "reservation_unknown";
    case CODE_GATE_UNMET: return "gate_unmet";
    case CODE_SELF_APPROVAL: return "self_approval";
    case CODE_APPROVALS_FULL: return "approvals_full";
    case CODE_CHILDREN_NONE: return "children_none";
    case CODE_ENGINE_TRAP: return "engine_trap";
    case CODE_NO_POLICY: return "no_policy";
    case CODE_RECORD_UNWRITABLE: return "record_unwritable";
    case CODE_STATE_UNAVAILABLE: return "state_unavailable";
    case CODE_IDENTITY_INVALID: return "identity_invalid";
    case CODE_DELEGATION_INVALID: return "delegation_invalid";
    case CODE_DELEGATION_REVOKED: return "delegation_revoked";
    default: return "unknown";
  }
}

/** A verdict is never wider than what is written here: all but permit and defer is a deny. */
export function effectName(effect: u32): string {
  if (effect == EFFECT_PERMIT) return "permit";
  return effect == EFFECT_DEFER ? "defer" : "deny";
}
