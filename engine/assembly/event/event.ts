/** An event: a closed object of its type. engine/ABI.md "Events". */
import { CODE_EVENT_INVALID, MAX_DELEGATION_DEPTH, MAX_PURPOSE_BYTES } from "../../constants";
import { takeSubject } from "../decide/action";
import { isHexDigest, readMs } from "../decide/grants";
import { earlier, orAbsent } from "../decide/members";
import { DETAIL_FIELD, deny, denyField, denyWith } from "../decide/verdict";
import { equal } from "../json/bytes";
import {
  firstOf,
  KIND_LIST,
  KIND_NUMBER,
  KIND_OBJECT,
  KIND_STRING,
  kindOf,
  lengthOf,
  nextOf,
  textOf,
  valueOf,
} from "../json/tape";
import { is } from "../literal";
import { readInteger } from "../number/decimal";
import { readMoney } from "../number/micros";
import {
  EVENT_NONE,
  FIELD_ACTION_DIGEST,
  FIELD_APPROVER,
  FIELD_AGENT,
  FIELD_BYTES,
  FIELD_CHAIN,
  FIELD_COUNT,
  FIELD_EXPIRES,
  FIELD_GRANT,
  FIELD_MONEY,
  FIELD_NONE,
  FIELD_PURPOSE,
  FIELD_RESERVATION,
  FIELD_SESSION,
  FIELD_TOKENS,
  fieldName,
  fieldOf,
  optionalFields,
  requiredFields,
  typeOf,
} from "./table";

/** Sequences, tokens and bytes. */
const MAX_INTEGER: u64 = 9007199254740991;

export let eventType: u32 = EVENT_NONE;
/** Tape nodes by field, 0 when absent. */
const fields: usize = memory.data(4 * FIELD_COUNT, 4);

// @ts-ignore: decorator
@inline
export function eventField(field: u32): usize {
  return load<u32>(fields + 4 * <usize>field);
}

export function forgetEvent(): void {
  eventType = EVENT_NONE;
  memory.fill(fields, 0, 4 * FIELD_COUNT);
}

/** Whether the event was refused. */
export function refuseEvent(root: usize): bool {
  if (kindOf(root) != KIND_OBJECT) return deny(CODE_EVENT_INVALID);
  const end = nextOf(root);
  let type: usize = 0;
  let unknown: usize = 0;
  let given: u32 = 0;
  for (let key = firstOf(root); key < end; key = nextOf(valueOf(key))) {
    const node = orAbsent(valueOf(key));
    if (is(textOf(key), lengthOf(key), "type")) {
      type = node;
      continue;
    }
    const field = fieldOf(textOf(key), lengthOf(key));
    if (field == FIELD_NONE) unknown = earlier(unknown, key);
    else {
      store<u32>(fields + 4 * <usize>field, <u32>node);
      if (node != 0) given |= 1 << field;
    }
  }
  if (type != 0 && kindOf(type) == KIND_STRING) eventType = typeOf(textOf(type), lengthOf(type));
  if (eventType == EVENT_NONE) return denyField(CODE_EVENT_INVALID, "type");
  const required = requiredFields(eventType);
  unknown = firstOutside(root, unknown, required | optionalFields(eventType));
  if (unknown != 0) return denyWith(CODE_EVENT_INVALID, DETAIL_FIELD, textOf(unknown), lengthOf(unknown));
  for (let field = FIELD_AGENT; field < FIELD_COUNT; field++) {
    const isGiven = ((given >> field) & 1) != 0;
    if (isGiven ? !isValid(field) : ((required >> field) & 1) != 0) {
      return denyField(CODE_EVENT_INVALID, fieldName(field));
    }
  }
  takeSubject(eventField(FIELD_AGENT), eventField(FIELD_SESSION));
  return false;
}

/** The first key in canonical order that the type's table does not hold, also when its value is null; or 0. */
function firstOutside(root: usize, unknown: usize, known: u32): usize {
  const end = nextOf(root);
  for (let key = firstOf(root); key < end; key = nextOf(valueOf(key))) {
    if (is(textOf(key), lengthOf(key), "type")) continue;
    const field = fieldOf(textOf(key), lengthOf(key));
    if (field != FIELD_NONE && ((known >> field) & 1) == 0) unknown = earlier(unknown, key);
  }
  return unknown;
}

function isValid(field: u32): bool {
  const node = eventField(field);
  switch (field) {
    case FIELD_ACTION_DIGEST:
    case FIELD_GRANT:
      return isHexDigest(node);
    case FIELD_EXPIRES:
      return readMs(node);
    case FIELD_RESERVATION:
    case FIELD_TOKENS:
    case FIELD_BYTES:
      return kindOf(node) == KIND_NUMBER && readInteger(node, MAX_INTEGER);
    case FIELD_MONEY:
      return readMoney(node);
    case FIELD_CHAIN:
      return isChain(node);
    case FIELD_PURPOSE:
      return kindOf(node) == KIND_STRING && lengthOf(node) <= MAX_PURPOSE_BYTES;
    case FIELD_APPROVER:
      return kindOf(node) == KIND_STRING && lengthOf(node) != 0;
    default:
      return kindOf(node) == KIND_STRING;
  }
}

/** Names of grantors, none twice and none the agent's. The agent has been checked. */
function isChain(node: usize): bool {
  if (kindOf(node) != KIND_LIST || lengthOf(node) - 1 >= MAX_DELEGATION_DEPTH) return false;
  const end = nextOf(node);
  for (let name = firstOf(node); name < end; name = nextOf(name)) {
    if (kindOf(name) != KIND_STRING || isSame(name, eventField(FIELD_AGENT))) return false;
    for (let earlierName = firstOf(node); earlierName < name; earlierName = nextOf(earlierName)) {
      if (isSame(name, earlierName)) return false;
    }
  }
  return true;
}

function isSame(left: usize, right: usize): bool {
  return lengthOf(left) == lengthOf(right) && equal(textOf(left), textOf(right), lengthOf(left));
}
