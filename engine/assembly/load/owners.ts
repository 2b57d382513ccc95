/** PATTERNS, AGENTS and SYSTEM. */
import {
  AGENT_HAS_EGRESS,
  AGENT_HAS_MODEL_POLICY,
  AGENT_REQUIRE_VERIFIED,
  EFFECT_DENY,
  EFFECT_DEFER,
  EFFECT_DENY_ALWAYS,
  EFFECT_PERMIT,
  LIST_STRINGS,
  LOAD_BAD_REFERENCE,
  LOAD_BAD_SECTION,
  LOAD_OK,
  LOAD_TOO_LARGE,
  MAX_PHASES,
  MAX_SELECTORS,
  MAX_TEXT_BYTES,
  NONE,
  SYSTEM_MISSING_APPLIES,
} from "../../constants";
import {
  AGENT_ALERT_DEFER,
  AGENT_ALERT_PERMIT,
  AGENT_ANY,
  AGENT_BYTES,
  AGENT_DEFAULT,
  AGENT_EGRESS_DENY,
  AGENT_FLAGS,
  AGENT_GLOB_ROOT,
  AGENT_METHODS,
  AGENT_MODEL_ALLOW,
  AGENT_PHASE_FIRST,
  AGENT_SELECTOR_FIRST,
  agentAt,
  agentCount,
  costCount,
  dfaCount,
  ITEM_CREDENTIALS,
  ITEM_PHASES,
  ITEM_REDACTS,
  ITEM_SCHEMAS,
  ITEM_SELECTORS,
  itemCount,
  LIST_BYTES,
  listCount,
  lists,
  nodeCount,
  meterCount,
  PATTERN_ALWAYS,
  PATTERN_COSTS,
  PATTERN_CREDENTIALS,
  PATTERN_METERS,
  PATTERN_REDACTS,
  PATTERN_RULES,
  PATTERN_SCHEMAS,
  patternAt,
  patternCount,
  ruleAt,
  ruleCount,
  SYSTEM_ANY,
  SYSTEM_DEFAULT_AGENT,
  SYSTEM_FLAGS,
  SYSTEM_UTC_OFFSET,
  sliceCount,
  sliceFirst,
  stringCount,
  stringLength,
  system,
} from "../bundle";
import { allTaken, takeIds } from "./slices";
import { arePhaseLimits } from "./state";

const MAX_OFFSET_MINUTES: i32 = 1439;
const RESERVED_FIRST: usize = 68;

export function checkPatterns(): u32 {
  for (let id: u32 = 0; id < patternCount; id++) {
    const pattern = patternAt(id);
    const taken =
      takeIds(pattern + PATTERN_ALWAYS, ruleCount) &&
      takeIds(pattern + PATTERN_RULES, ruleCount) &&
      takeIds(pattern + PATTERN_REDACTS, itemCount(ITEM_REDACTS)) &&
      takeIds(pattern + PATTERN_CREDENTIALS, itemCount(ITEM_CREDENTIALS)) &&
      takeIds(pattern + PATTERN_SCHEMAS, itemCount(ITEM_SCHEMAS)) &&
      takeIds(pattern + PATTERN_METERS, meterCount) &&
      takeIds(pattern + PATTERN_COSTS, costCount);
    if (!taken || load<u32>(pattern, 52) != 0) return LOAD_BAD_REFERENCE;
    if (!haveEffect(pattern + PATTERN_ALWAYS, true)) return LOAD_BAD_REFERENCE;
    if (!haveEffect(pattern + PATTERN_RULES, false)) return LOAD_BAD_REFERENCE;
  }
  return allTaken() ? LOAD_OK : LOAD_BAD_SECTION;
}

/** Whether all rules of the slice are `deny!` or `defer`, or none is `deny!`. */
function haveEffect(slice: usize, always: bool): bool {
  const first = sliceFirst(slice);
  const end = first + 4 * <usize>sliceCount(slice);
  for (let at = first; at < end; at += 4) {
    const effect = <u32>load<u8>(ruleAt(load<u32>(at)));
    const isAlways = effect == EFFECT_DENY_ALWAYS;
    if (always ? !isAlways && effect != EFFECT_DEFER : isAlways) return false;
  }
  return true;
}

function isIdOrNone(id: u32, count: u32): bool {
  return id < count || id == NONE;
}

function isStringsOrNone(id: u32): bool {
  return id == NONE || (id < listCount && load<u32>(lists + <usize>id * LIST_BYTES) == LIST_STRINGS);
}

export function checkAgents(): u32 {
  let least: u32 = 0;
  for (let id: u32 = 0; id < agentCount; id++) {
    const agent = agentAt(id);
    const name = load<u32>(agent);
    if (name < least || name >= stringCount) return LOAD_BAD_REFERENCE;
    if (stringLength(name) > MAX_TEXT_BYTES) return LOAD_TOO_LARGE;
    least = name + 1;
    const effect = load<u32>(agent, AGENT_DEFAULT);
    const flags = AGENT_REQUIRE_VERIFIED | AGENT_HAS_EGRESS | AGENT_HAS_MODEL_POLICY;
    if (effect < EFFECT_DENY || effect > EFFECT_PERMIT) return LOAD_BAD_REFERENCE;
    if (!isIdOrNone(load<u32>(agent, AGENT_GLOB_ROOT), nodeCount)) return LOAD_BAD_REFERENCE;
    if (!isIdOrNone(load<u32>(agent, AGENT_ANY), patternCount)) return LOAD_BAD_REFERENCE;
    if ((load<u32>(agent, AGENT_FLAGS) & ~flags) != 0) return LOAD_BAD_REFERENCE;
    if (!isStringsOrNone(load<u32>(agent, AGENT_METHODS))) return LOAD_BAD_REFERENCE;
    for (let field = AGENT_MODEL_ALLOW; field <= AGENT_EGRESS_DENY; field += 4) {
      if (!isIdOrNone(load<u32>(agent + field), dfaCount)) return LOAD_BAD_REFERENCE;
    }
    for (let field = AGENT_ALERT_PERMIT; field <= AGENT_ALERT_DEFER; field += 4) {
      if (!isStringsOrNone(load<u32>(agent + field))) return LOAD_BAD_REFERENCE;
    }
    if (!ownsItems(agent + AGENT_PHASE_FIRST, itemCount(ITEM_PHASES), MAX_PHASES)) return LOAD_BAD_REFERENCE;
    if (!arePhaseLimits(id)) return LOAD_BAD_REFERENCE;
    if (!ownsItems(agent + AGENT_SELECTOR_FIRST, itemCount(ITEM_SELECTORS), MAX_SELECTORS))
      return LOAD_BAD_REFERENCE;
    for (let field = RESERVED_FIRST; field < AGENT_BYTES; field += 4) {
      if (load<u32>(agent + field) != 0) return LOAD_BAD_REFERENCE;
    }
  }
  return LOAD_OK;
}

/** A run { u32 first, u32 count } of a table with `total` entries. */
function ownsItems(run: usize, total: u32, most: u32): bool {
  const first = load<u32>(run);
  const count = load<u32>(run, 4);
  return count <= most && first <= total && count <= total - first;
}

export function checkSystem(): u32 {
  const offset = load<i32>(system, SYSTEM_UTC_OFFSET);
  const known =
    isIdOrNone(load<u32>(system), nodeCount) &&
    isIdOrNone(load<u32>(system, SYSTEM_ANY), patternCount) &&
    isIdOrNone(load<u32>(system, SYSTEM_DEFAULT_AGENT), agentCount) &&
    (load<u32>(system, SYSTEM_FLAGS) & ~SYSTEM_MISSING_APPLIES) == 0 &&
    offset >= -MAX_OFFSET_MINUTES &&
    offset <= MAX_OFFSET_MINUTES;
  const reserved = load<u32>(system, 20) | load<u32>(system, 24) | load<u32>(system, 28);
  return known && reserved == 0 ? LOAD_OK : LOAD_BAD_REFERENCE;
}
