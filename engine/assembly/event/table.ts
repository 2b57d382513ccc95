/** Types of events and their fields: the table of engine/ABI.md "Events". */
import { is } from "../literal";

export const EVENT_NONE: u32 = 0;
export const EVENT_SESSION_OPEN: u32 = 1;
export const EVENT_SESSION_PHASE: u32 = 2;
export const EVENT_SESSION_CLOSE: u32 = 3;
export const EVENT_SETTLE: u32 = 4;
export const EVENT_REFUND: u32 = 5;
export const EVENT_APPROVE: u32 = 6;
export const EVENT_REJECT: u32 = 7;
export const EVENT_FREEZE: u32 = 8;
export const EVENT_UNFREEZE: u32 = 9;
export const EVENT_CHILD_EXIT: u32 = 10;
export const EVENT_DELEGATION_GRANT: u32 = 11;
export const EVENT_DELEGATION_REVOKE: u32 = 12;
export const EVENT_INCIDENT: u32 = 13;

// Fields besides `type`. Every type lists its own in this order.
export const FIELD_AGENT: u32 = 0;
export const FIELD_ACTION_DIGEST: u32 = 1;
export const FIELD_APPROVER: u32 = 2;
export const FIELD_GRANT: u32 = 3;
export const FIELD_TO: u32 = 4;
export const FIELD_EXPIRES: u32 = 5;
export const FIELD_ID: u32 = 6;
export const FIELD_RESERVATION: u32 = 7;
export const FIELD_SESSION: u32 = 8;
export const FIELD_CHAIN: u32 = 9;
export const FIELD_PURPOSE: u32 = 10;
export const FIELD_PHASE: u32 = 11;
export const FIELD_MONEY: u32 = 12;
export const FIELD_TOKENS: u32 = 13;
export const FIELD_BYTES: u32 = 14;
export const FIELD_REASON: u32 = 15;
export const FIELD_BY: u32 = 16;
export const FIELD_COUNT: u32 = 17;
export const FIELD_NONE: u32 = 31;

const AGENT: u32 = 1 << FIELD_AGENT;
const ACTION_DIGEST: u32 = 1 << FIELD_ACTION_DIGEST;
const APPROVER: u32 = 1 << FIELD_APPROVER;
const GRANT: u32 = 1 << FIELD_GRANT;
const TO: u32 = 1 << FIELD_TO;
const EXPIRES: u32 = 1 << FIELD_EXPIRES;
const ID: u32 = 1 << FIELD_ID;
const RESERVATION: u32 = 1 << FIELD_RESERVATION;
const SESSION: u32 = 1 << FIELD_SESSION;
const CHAIN: u32 = 1 << FIELD_CHAIN;
const PURPOSE: u32 = 1 << FIELD_PURPOSE;
const PHASE: u32 = 1 << FIELD_PHASE;
const COST: u32 = (1 << FIELD_MONEY) | (1 << FIELD_TOKENS) | (1 << FIELD_BYTES);
const REASON: u32 = 1 << FIELD_REASON;
const BY: u32 = 1 << FIELD_BY;

/** Fields that an event of the type must have, a bit each. */
export function requiredFields(type: u32): u32 {
  switch (type) {
    case EVENT_SESSION_OPEN:
    case EVENT_SESSION_CLOSE:
      return AGENT | SESSION;
    case EVENT_SESSION_PHASE:
      return AGENT | SESSION | PHASE;
    case EVENT_SETTLE:
    case EVENT_REFUND:
      return AGENT | RESERVATION;
    case EVENT_APPROVE:
      return AGENT | ACTION_DIGEST | APPROVER | EXPIRES;
    case EVENT_REJECT:
      return AGENT | ACTION_DIGEST | APPROVER;
    case EVENT_DELEGATION_GRANT:
      return AGENT | GRANT | TO | EXPIRES;
    case EVENT_DELEGATION_REVOKE:
      return AGENT | GRANT;
    case EVENT_INCIDENT:
      return AGENT | ID;
    default:
      return AGENT;
  }
}

/** Fields that it may have besides. */
export function optionalFields(type: u32): u32 {
  switch (type) {
    case EVENT_SESSION_OPEN:
      return PURPOSE | PHASE;
    case EVENT_SESSION_CLOSE:
    case EVENT_DELEGATION_GRANT:
      return REASON;
    case EVENT_SETTLE:
      return SESSION | CHAIN | COST;
    case EVENT_REFUND:
    case EVENT_APPROVE:
    case EVENT_REJECT:
      return SESSION | CHAIN | REASON;
    case EVENT_FREEZE:
    case EVENT_UNFREEZE:
    case EVENT_DELEGATION_REVOKE:
    case EVENT_INCIDENT:
      return REASON | BY;
    default:
      return 0;
  }
}

/** Name of a type, also for the record's `type`. */
export function typeName(type: u32): string {
  switch (type) {
    case EVENT_SESSION_OPEN: return "session_open";
    case EVENT_SESSION_PHASE: return "session_phase";
    case EVENT_SESSION_CLOSE: return "session_close";
    case EVENT_SETTLE: return "settle";
    case EVENT_REFUND: return "refund";
    case EVENT_APPROVE: return "approve";
    case EVENT_REJECT: return "reject";
    case EVENT_FREEZE: return "freeze";
    case EVENT_UNFREEZE: return "unfreeze";
    case EVENT_CHILD_EXIT: return "child_exit";
    case EVENT_DELEGATION_GRANT: return "delegation_grant";
    case EVENT_DELEGATION_REVOKE: return "delegation_revoke";
    case EVENT_INCIDENT: return "incident";
    default: return "event";
  }
}

/** The type of that name, or EVENT_NONE. */
export function typeOf(text: usize, length: u32): u32 {
  for (let type = EVENT_SESSION_OPEN; type <= EVENT_INCIDENT; type++) {
    if (is(text, length, typeName(type))) return type;
  }
  return EVENT_NONE;
}

export function fieldName(field: u32): string {
  switch (field) {
    case FIELD_AGENT: return "agent";
    case FIELD_ACTION_DIGEST: return "action_digest";
    case FIELD_APPROVER: return "approver";
    case FIELD_GRANT: return "grant";
    case FIELD_TO: return "to";
    case FIELD_EXPIRES: return "expires";
    case FIELD_ID: return "id";
    case FIELD_RESERVATION: return "reservation";
    case FIELD_SESSION: return "session";
    case FIELD_CHAIN: return "chain";
    case FIELD_PURPOSE: return "purpose";
    case FIELD_PHASE: return "phase";
    case FIELD_MONEY: return "money";
    case FIELD_TOKENS: return "tokens";
    case FIELD_BYTES: return "bytes";
    case FIELD_REASON: return "reason";
    default: return "by";
  }
}

/** The field of that name, or FIELD_NONE. */
export function fieldOf(text: usize, length: u32): u32 {
  for (let field = FIELD_AGENT; field < FIELD_COUNT; field++) {
    if (is(text, length, fieldName(field))) return field;
  }
  return FIELD_NONE;
}
