/** What a path of the bundle leads to in this decision; each is walked at most once. */
import {
  NONE,
  ROOT_AGENT,
  ROOT_ARGS,
  ROOT_DELEGATION,
  ROOT_FACET,
  ROOT_HTTP,
  ROOT_MODEL,
  ROOT_PRINCIPAL,
  ROOT_SELECTORS,
  ROOT_SESSION,
  ROOT_TIME,
  ROOT_TOOL,
  STEP_INDEX,
} from "../../constants";
import { VALUE_BYTES, values } from "../arrays";
import { PATH_BYTES, paths, sliceCount, sliceFirst, stringLength, stringText } from "../bundle";
import { actionArgs, actionHttp, actionSession, actionTool } from "../decide/action";
import { factChain } from "../decide/grants";
import { factModel, factPrincipal, factPurpose, factSelectors, factUnavailable } from "../decide/facts";
import { isNull } from "../decide/members";
import { activePhaseName } from "../decide/phase";
import { element, KIND_LIST, KIND_NULL, KIND_OBJECT, kindOf, member } from "../json/tape";
import { nameOfParty, party, sessionBlob } from "../state/party";
import { textBytes, textOfBlob } from "../state/slots";
import { SESSION_ID, SESSION_PHASE, SESSION_PURPOSE, sessionField } from "./fields";
import { setTimeField } from "./time";
import { setNode, setValue, VALUE_MISSING, VALUE_STRING } from "./values";

/** The mark of values walked to in this decision. */
let mark: u32 = 0;

export function beginPaths(current: u32): void {
  mark = current;
}

/** Address of the path's value. */
export function pathValue(id: u32): usize {
  const entry = values + <usize>id * VALUE_BYTES;
  if (load<u32>(entry) != mark) {
    store<u32>(entry, mark);
    walk(paths + <usize>id * PATH_BYTES, entry + 4);
  }
  return entry + 4;
}

/** The tape node that a path under `args` leads to, or 0. */
export function argumentNode(id: u32): usize {
  const slice = paths + <usize>id * PATH_BYTES + 4;
  return descend(actionArgs, sliceFirst(slice), sliceCount(slice));
}

/**
 * The tape node that a path under `args` keeps out of a record, or 0: its value, or else the value that has no place for the
 * path's next step because it is of another type, in which what the path means may stand in another shape. `null` holds nothing.
 */
export function redactedNode(id: u32): usize {
  const path = paths + <usize>id * PATH_BYTES;
  let step = sliceFirst(path + 4);
  let node = actionArgs;
  for (const end = step + 4 * <usize>sliceCount(path + 4); step < end && node != 0; step += 4) {
    const next = load<u32>(step);
    if (kindOf(node) != containerOf(next)) return kindOf(node) == KIND_NULL ? 0 : node;
    node = stepInto(node, next);
  }
  return node;
}

function walk(path: usize, value: usize): void {
  const root = load<u32>(path);
  const first = sliceFirst(path + 4);
  if (root == ROOT_SESSION) setSessionField(value, sessionField(load<u32>(first)));
  else if (root == ROOT_TIME) setTimeField(value, load<u32>(first));
  // Its first step is `chain`.
  else if (root == ROOT_DELEGATION) setNode(value, descend(factChain, first + 4, sliceCount(path + 4) - 1));
  else setNode(value, descend(rootNode(root, first, sliceCount(path + 4)), first, sliceCount(path + 4)));
}

/** The root's tape node, or 0. */
function rootNode(root: u32, first: usize, count: u32): usize {
  switch (root) {
    case ROOT_ARGS:
      return actionArgs;
    case ROOT_TOOL:
      return actionTool;
    case ROOT_AGENT:
      return nameOfParty(party);
    case ROOT_MODEL:
      return factModel;
    case ROOT_PRINCIPAL:
      return factPrincipal;
    case ROOT_HTTP:
      return actionHttp;
    case ROOT_FACET:
      return actionHttp != 0 ? actionHttp : actionArgs;
    case ROOT_SELECTORS:
      return count != 0 && isUnavailable(load<u32>(first)) ? 0 : factSelectors;
    default:
      return 0;
  }
}

/** A selector that the facts call unavailable has no value, even if they hold one. */
function isUnavailable(step: u32): bool {
  if (factUnavailable == 0 || (step & STEP_INDEX) != 0) return false;
  return !isNull(member(factUnavailable, stringText(step), stringLength(step)));
}

/** A step that the value has no place for leads nowhere. */
function descend(node: usize, step: usize, count: u32): usize {
  for (const end = step + 4 * <usize>count; step < end && node != 0; step += 4) {
    const next = load<u32>(step);
    node = kindOf(node) == containerOf(next) ? stepInto(node, next) : 0;
  }
  return node;
}

/** Kind of the values that have a place for the step. */
function containerOf(step: u32): u32 {
  return (step & STEP_INDEX) != 0 ? KIND_LIST : KIND_OBJECT;
}

/** The node behind a step from a value of its kind, or 0. */
function stepInto(node: usize, step: u32): usize {
  if ((step & STEP_INDEX) != 0) return element(node, step ^ STEP_INDEX);
  return member(node, stringText(step), stringLength(step));
}

function setSessionField(value: usize, field: u32): void {
  if (field == SESSION_PHASE) {
    if (activePhaseName == NONE) store<u32>(value, VALUE_MISSING);
    else setValue(value, VALUE_STRING, stringText(activePhaseName), stringLength(activePhaseName));
  } else if (field == SESSION_PURPOSE && sessionBlob != 0) {
    const bytes = textBytes(sessionBlob);
    if (bytes == 0) store<u32>(value, VALUE_MISSING);
    else setValue(value, VALUE_STRING, textOfBlob(sessionBlob), bytes);
  } else setNode(value, field == SESSION_ID ? actionSession : factPurpose);
}
