/** Names of codes and effects in verdicts and records. engine/binding/codes.ts holds the same names; a test compares them. */
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
  CODE_FACTS_INVALID,
  CODE_FACT_TYPE,
  CODE_FACT_UNKNOWN,
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
    case CODE_RULE_DEFER: return "rule_defer";
    case CODE_RULE_DEFER_WRONG_TYPE: return "rule_defer_wrong_type";
    case CODE_RULE_DEFER_MISSING: return "rule_defer_missing";
    case CODE_DEFAULT_DEFER: return "default_defer";
    case CODE_SELECTOR_UNAVAILABLE_DEFER: return "selector_unavailable_defer";
    case CODE_SELECTOR_TIMEOUT_DEFER: return "selector_timeout_defer";
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
    case CODE_DELEGATION_UNSUPPORTED: return "delegation_unsupported";
    case CODE_ENGINE_TRAP: return "engine_trap";
    case CODE_NO_POLICY: return "no_policy";
    case CODE_RECORD_UNWRITABLE: return "record_unwritable";
    default: return "unknown";
  }
}

/** A verdict is never wider than what is written here: all but permit and defer is a deny. */
export function effectName(effect: u32): string {
  if (effect == EFFECT_PERMIT) return "permit";
  return effect == EFFECT_DEFER ? "defer" : "deny";
}
