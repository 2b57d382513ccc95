/** What the verdict obliges the host to do. engine/ABI.md "Order of a decision". */
import { EFFECT_DEFER, EFFECT_PERMIT, NONE, STEP_INDEX } from "../../constants";
import { nextMark, pathMarks } from "../arrays";
import {
  AGENT_ALERT_DEFER,
  AGENT_ALERT_DENY,
  AGENT_ALERT_PERMIT,
  agentAt,
  credentials,
  LIST_BYTES,
  lists,
  MEMORY_BUDGET_EXCEEDED,
  MEMORY_BUDGET_WARNING,
  MEMORY_RATE_EXCEEDED,
  memoryAt,
  PATH_BYTES,
  PATTERN_CREDENTIALS,
  PATTERN_REDACTS,
  paths,
  RULE_NOTIFY,
  redacts,
  ruleAt,
  sliceCount,
  sliceFirst,
  stringLength,
  stringText,
} from "../bundle";
import { beginMerge, isAnyMatched, nextMerged } from "../decide/merge";
import { agent, effect, NOTICE_BUDGET, NOTICE_RATE, NOTICE_WARNING, notices, rule } from "../decide/verdict";
import { closeList, put, putInteger, putJson, putString, written } from "./writer";

const CREDENTIAL_BYTES: u32 = 8;
const CREDENTIAL_JSON: usize = 4;

/** Target of the deciding rule, or NONE. */
function ruleTarget(): u32 {
  return rule == NONE ? NONE : load<u32>(ruleAt(rule), RULE_NOTIFY);
}

/** Address of the slice of the agent's alert targets for this effect, or 0. */
function alertTargets(): usize {
  if (agent == NONE) return 0;
  const narrow = effect == EFFECT_DEFER ? AGENT_ALERT_DEFER : AGENT_ALERT_DENY;
  const list = load<u32>(agentAt(agent) + (effect == EFFECT_PERMIT ? AGENT_ALERT_PERMIT : narrow));
  return list == NONE ? 0 : lists + <usize>list * LIST_BYTES + 4;
}

export function hasObligations(): bool {
  const alerts = alertTargets();
  return (
    ruleTarget() != NONE ||
    (alerts != 0 && sliceCount(alerts) != 0) ||
    hasNotices() ||
    isAnyMatched(PATTERN_REDACTS) ||
    (effect == EFFECT_PERMIT && isAnyMatched(PATTERN_CREDENTIALS))
  );
}

export function putObligations(): void {
  put('{"credentials":[');
  putCredentials();
  put(',"notify":[');
  putTargets();
  put(',"redact":[');
  putRedactions();
  put("}");
}

function putCredentials(): void {
  const from = written();
  if (effect == EFFECT_PERMIT) {
    beginMerge(PATTERN_CREDENTIALS);
    for (let id = nextMerged(); id != NONE; id = nextMerged()) {
      const json = load<u32>(credentials + <usize>id * CREDENTIAL_BYTES, CREDENTIAL_JSON);
      putJson(stringText(json), stringLength(json));
      put(",");
    }
  }
  closeList(from);
}

/** Slice of the agent's targets for a kind of notice that the verdict gives, or 0. */
function noticeTargets(kind: u32, field: usize): usize {
  if ((notices & kind) == 0 || agent == NONE) return 0;
  if (kind == NOTICE_WARNING && effect != EFFECT_PERMIT) return 0;
  const list = load<u32>(memoryAt(agent) + field);
  return list == NONE ? 0 : lists + <usize>list * LIST_BYTES + 4;
}

function hasNotices(): bool {
  return (
    notices != 0 &&
    (noticeTargets(NOTICE_WARNING, MEMORY_BUDGET_WARNING) != 0 ||
      noticeTargets(NOTICE_BUDGET, MEMORY_BUDGET_EXCEEDED) != 0 ||
      noticeTargets(NOTICE_RATE, MEMORY_RATE_EXCEEDED) != 0)
  );
}

/** The rule's target, then the agent's for this effect, then those for budgets that are near their limits, for limits exceeded, for rates. */
function putTargets(): void {
  const from = written();
  const first = ruleTarget();
  if (first != NONE) putTarget(first);
  const alerts = alertTargets();
  const warning = noticeTargets(NOTICE_WARNING, MEMORY_BUDGET_WARNING);
  const exceeded = noticeTargets(NOTICE_BUDGET, MEMORY_BUDGET_EXCEEDED);
  putOthers(alerts, first, 0, 0, 0);
  putOthers(warning, first, alerts, 0, 0);
  putOthers(exceeded, first, alerts, warning, 0);
  putOthers(noticeTargets(NOTICE_RATE, MEMORY_RATE_EXCEEDED), first, alerts, warning, exceeded);
  closeList(from);
}

/** Targets of a slice that are neither `first` nor in one of the slices before it; 0 is no slice. */
function putOthers(slice: usize, first: u32, before: usize, second: usize, third: usize): void {
  if (slice == 0) return;
  const ids = sliceFirst(slice);
  for (let i: u32 = 0; i < sliceCount(slice); i++) {
    const target = load<u32>(ids + 4 * <usize>i);
    if (target != first && !isIn(before, target) && !isIn(second, target) && !isIn(third, target)) putTarget(target);
  }
}

/** Whether the ascending ids of the slice hold one. */
function isIn(slice: usize, id: u32): bool {
  if (slice == 0) return false;
  const ids = sliceFirst(slice);
  let low: u32 = 0;
  let high = sliceCount(slice);
  while (low < high) {
    const middle = (low + high) >> 1;
    const found = load<u32>(ids + 4 * <usize>middle);
    if (found == id) return true;
    if (found < id) low = middle + 1;
    else high = middle;
  }
  return false;
}

function putTarget(id: u32): void {
  putString(stringText(id), stringLength(id));
  put(",");
}

function putRedactions(): void {
  const from = written();
  beginRedactions();
  for (let path = nextRedaction(); path != NONE; path = nextRedaction()) {
    putPath(path);
    put(",");
  }
  closeList(from);
}

let redactionMark: u32 = 0;

/** Starts to go through the paths of all redactions that match, in the order of their table, each path once. */
export function beginRedactions(): void {
  redactionMark = nextMark();
  beginMerge(PATTERN_REDACTS);
}

/** The next path id, or NONE. */
export function nextRedaction(): u32 {
  while (true) {
    const id = nextMerged();
    if (id == NONE) return NONE;
    const path = load<u32>(redacts + 4 * <usize>id);
    const mark = pathMarks + 4 * <usize>path;
    if (load<u32>(mark) == redactionMark) continue;
    store<u32>(mark, redactionMark);
    return path;
  }
}

/** The path as a list of keys and indexes. */
export function putPath(id: u32): void {
  const slice = paths + <usize>id * PATH_BYTES + 4;
  const first = sliceFirst(slice);
  const count = sliceCount(slice);
  put("[");
  const from = written();
  for (let i: u32 = 0; i < count; i++) {
    const step = load<u32>(first + 4 * <usize>i);
    if ((step & STEP_INDEX) != 0) putInteger(step ^ STEP_INDEX);
    else putString(stringText(step), stringLength(step));
    put(",");
  }
  closeList(from);
}
