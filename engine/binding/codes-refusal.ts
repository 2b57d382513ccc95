/** Texts of the codes of what is refused before it is judged, and of what hosts refuse. In the order of code-table.ts. */
import type { CodeText } from "./code.ts";

export const REFUSAL_TEXTS = {
  input_too_large: {
    text: "the action is over 1 MiB",
    next: "send a smaller action; pass large content by reference",
  },
  invalid_utf8: {
    text: "the action is not UTF-8",
    next: "encode the text as UTF-8",
  },
  invalid_json: {
    text: "the action is not JSON (RFC 8259)",
    next: "send one JSON value; the detail is the offset of the first byte that cannot stand there",
  },
  duplicate_key: {
    text: "an object has the same key twice",
    next: "send each key once",
  },
  lone_surrogate: {
    text: "a string holds half of a surrogate pair",
    next: "send whole code points",
  },
  too_deep: {
    text: "lists and objects nest deeper than 64",
    next: "send a flatter action",
  },
  integer_inexact: {
    text: "an integer would change as a double",
    next: "send it as a string, or as an integer below 2^53",
  },
  number_out_of_range: {
    text: "a number has no finite double",
    next: "send it as a string",
  },
  canonical_too_large: {
    text: "the canonical form of the action is over 1 MiB",
    next: "send a smaller action",
  },
  action_not_object: {
    text: "the action is JSON but no object",
    next: "send an object with agent, tool and args",
  },
  action_field_unknown: {
    text: "the action has a field that actions do not have",
    next: "leave the field out; tool arguments go into args",
  },
  action_field_missing: {
    text: "the action lacks agent, tool or args",
    next: "send the field that the detail names",
  },
  action_field_type: {
    text: "a field of the action has the wrong type",
    next: "send the field that the detail names in its type",
  },
  tool_name_invalid: {
    text: "the tool's name is not made of segments of A-Z a-z 0-9 . _ : @ + - joined by /",
    next: "rename the tool, or map its name in the host",
  },
  http_facet_invalid: {
    text: "the http facet has an unknown field or a value that is not in its one form",
    next: "normalise the request as the ABI says; the detail names the field",
  },
  facts_invalid: {
    text: "the facts are no JSON object that has a canonical form",
    next: "fix the host: facts are one JSON object",
  },
  fact_unknown: {
    text: "the facts have a field that facts do not have",
    next: "fix the host: leave out the field that the detail names",
  },
  fact_type: {
    text: "a fact has the wrong type",
    next: "fix the host: send the fact that the detail names in its type",
  },
  time_invalid: {
    text: "the time is no integer of Unix milliseconds",
    next: "fix the host: send milliseconds, 12 to 15 digits",
  },
  salt_missing: {
    text: "the record must redact and the facts hold no salt",
    next: "fix the host: send a secret salt of 16 bytes or more",
  },
  fact_conflict: {
    text: "the facts give what the state of the session gives",
    next: "fix the host: leave out purpose and phase where there is a session with state",
  },
  state_missing: {
    text: "the policy remembers calls and the decision was asked for without state",
    next: "decide through a control plane with a store",
  },
  state_invalid: {
    text: "the state is damaged, of another version or of another owner",
    next: "restore the store, or build it again from the record log",
  },
  time_missing: {
    text: "the policy needs the time and the facts do not give it",
    next: "fix the host: send time",
  },
  clock_backwards: {
    text: "the time is behind what the state has already seen",
    next: "set the clock of this machine right",
  },
  event_invalid: {
    text: "the event is of no known type, or a field of it is missing, unknown or of the wrong type",
    next: "send the event as the ABI says; the detail names the field",
  },
  session_exists: {
    text: "a session of that name was opened before",
    next: "take another name",
  },
  reservation_unknown: {
    text: "no open reservation has that number: it was settled, refunded or pushed out",
    next: "settle a call once, and soon",
  },
  gate_unmet: {
    text: "the session cannot be closed: its completion gate is not met",
    next: "resolve what the gate waits for, then close again",
  },
  self_approval: {
    text: "the approver is the agent itself or one that delegated to it",
    next: "have somebody else approve",
  },
  approvals_full: {
    text: "as many approvals or pending calls as there is room for",
    next: "resolve or let expire those that are open",
  },
  children_none: {
    text: "the agent has no live child",
    next: "report the end of a child once",
  },
  engine_trap: {
    text: "the engine failed while it decided",
    next: "report it with the action; the next call runs on a fresh engine",
  },
  no_policy: {
    text: "no policy is loaded",
    next: "load a policy that the engine accepts",
  },
  record_unwritable: {
    text: "the record of the decision could not be made durable",
    next: "see why the log refuses; nothing runs without its record",
  },
  state_unavailable: {
    text: "the store of the state could not be read or written",
    next: "see why the store refuses; nothing runs without it",
  },
  identity_invalid: {
    text: "the credential of the caller was refused",
    next: "present a valid credential",
  },
  delegation_invalid: {
    text: "a delegation token is malformed, not signed by its grantor or wider than its parent",
    next: "ask the grantor for a new grant",
  },
  delegation_revoked: {
    text: "a grant in the delegation chain was revoked",
    next: "ask the grantor for a new grant",
  },
} as const satisfies Record<string, CodeText>;
