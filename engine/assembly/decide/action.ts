/** The action: a closed object. engine/ABI.md "The action". */
import {
  CODE_ACTION_FIELD_MISSING,
  CODE_ACTION_FIELD_TYPE,
  CODE_ACTION_FIELD_UNKNOWN,
  CODE_ACTION_NOT_OBJECT,
  CODE_TOOL_NAME_INVALID,
} from "../../constants";
import { firstOf, KIND_OBJECT, KIND_STRING, kindOf, lengthOf, nextOf, textOf, valueOf } from "../json/tape";
import { is } from "../literal";
import { refuseFacet } from "./http";
import { earlier, isAbsentOr, orAbsent } from "./members";
import { isToolName } from "./tool-name";
import { DETAIL_FIELD, deny, denyField, denyWith } from "./verdict";

// Tape nodes of the fields, 0 when absent.
export let actionAgent: usize = 0;
export let actionTool: usize = 0;
export let actionArgs: usize = 0;
export let actionSession: usize = 0;
export let actionHttp: usize = 0;
let actionCallId: usize = 0;

export function forgetAction(): void {
  actionAgent = 0;
  actionTool = 0;
  actionArgs = 0;
  actionSession = 0;
  actionHttp = 0;
  actionCallId = 0;
}

/** An event stands in the place of the action: whom and which session (0: none) it is about. */
export function takeSubject(agent: usize, session: usize): void {
  actionAgent = agent;
  actionSession = session;
}

/** Whether the action was refused. */
export function refuseAction(root: usize): bool {
  if (kindOf(root) != KIND_OBJECT) return deny(CODE_ACTION_NOT_OBJECT);
  const end = nextOf(root);
  let unknown: usize = 0;
  for (let key = firstOf(root); key < end; key = nextOf(valueOf(key))) {
    if (!takeField(textOf(key), lengthOf(key), orAbsent(valueOf(key)))) unknown = earlier(unknown, key);
  }
  if (unknown != 0)
    return denyWith(CODE_ACTION_FIELD_UNKNOWN, DETAIL_FIELD, textOf(unknown), lengthOf(unknown));
  return (
    refuseRequired(actionAgent, KIND_STRING, "agent") ||
    refuseRequired(actionTool, KIND_STRING, "tool") ||
    refuseRequired(actionArgs, KIND_OBJECT, "args") ||
    refuseType(actionSession, KIND_STRING, "session") ||
    refuseType(actionCallId, KIND_STRING, "call_id") ||
    refuseType(actionHttp, KIND_OBJECT, "http") ||
    refuseToolName() ||
    (actionHttp != 0 && refuseFacet(actionHttp))
  );
}

/** Notes a field; false for an unknown one. */
function takeField(name: usize, length: u32, node: usize): bool {
  if (length == 4) {
    if (is(name, length, "tool")) actionTool = node;
    else if (is(name, length, "args")) actionArgs = node;
    else if (is(name, length, "http")) actionHttp = node;
    else return false;
    return true;
  }
  if (is(name, length, "agent")) actionAgent = node;
  else if (is(name, length, "session")) actionSession = node;
  else if (is(name, length, "call_id")) actionCallId = node;
  else return false;
  return true;
}

function refuseRequired(node: usize, kind: u32, name: string): bool {
  if (node == 0) return denyField(CODE_ACTION_FIELD_MISSING, name);
  return refuseType(node, kind, name);
}

function refuseType(node: usize, kind: u32, name: string): bool {
  return isAbsentOr(node, kind) ? false : denyField(CODE_ACTION_FIELD_TYPE, name);
}

function refuseToolName(): bool {
  return isToolName(textOf(actionTool), lengthOf(actionTool))
    ? false
    : denyField(CODE_TOOL_NAME_INVALID, "tool");
}
