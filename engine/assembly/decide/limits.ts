/** Step 6, second part: rates, ambient limits, spawning, budgets. Nothing moves here. engine/ABI.md "Meters". */
import {
  CODE_AMBIENT_EXCEEDED,
  CODE_AMBIENT_EXCEEDED_DEFER,
  CODE_AMOUNT_UNKNOWN,
  CODE_BUDGET_EXCEEDED,
  CODE_BUDGET_EXCEEDED_DEFER,
  CODE_RATE_EXCEEDED,
  CODE_SPAWN_LIMIT_DEFER,
  EFFECT_DEFER,
  EFFECT_DENY,
  EFFECT_PERMIT,
  FAMILY_BUDGET,
  FAMILY_RATE,
  MAX_MEMBERS,
  METER_DISTINCT,
  METER_LAST,
  METER_SEQUENCE,
  NONE,
  UNIT_DENIALS,
} from "../../constants";
import {
  METER_AGENT,
  METER_FAMILY,
  METER_KIND,
  METER_LIMIT,
  METER_NAME,
  METER_ON_EXCEED,
  METER_UNIT,
  METER_WARN_AT,
  meterAt,
  PATTERN_METERS,
  stringLength,
  stringText,
} from "../bundle";
import { agentBlob } from "../state/party";
import { countMembersOf, findMember, memberCount } from "../state/slots";
import { blobOfMeter, isCounting, MAX_VALUE, valueOf } from "../state/values";
import { amount, denyUnknown, isOpen, weigh, weighCosts } from "./amounts";
import { beginMerge, nextMerged } from "./merge";
import { spawnFault } from "./spawn";
import {
  agent,
  DETAIL_METER,
  decideBy,

  effect,
  explain,
  NOTICE_BUDGET,
  NOTICE_RATE,
  NOTICE_WARNING,
  notice,
} from "./verdict";

/** Code of the first limit that denies, or else of the first that defers; 0 when none does. */
let foundCode: u32 = 0;
let foundEffect: u32 = EFFECT_PERMIT;
/** String id of the limit's name, or NONE. */
let foundName: u32 = NONE;
let isSpawnAsked: bool = false;

/** Whether it has decided. The verdict so far is a permit, or a defer that may become one. */
export function refuseLimits(): bool {
  foundCode = 0;
  foundEffect = EFFECT_PERMIT;
  isSpawnAsked = false;
  if (agentBlob == 0) return false;
  if (!weighCosts()) return denyUnknown();
  beginMerge(PATTERN_METERS);
  for (let id = nextMerged(); id != NONE; id = nextMerged()) {
    const meter = meterAt(id);
    if (!isAsked(meter)) continue;
    const family = load<u32>(meter, METER_FAMILY);
    // The system's history stands before all limits, the agent's behind its budgets.
    if (family >= FAMILY_BUDGET && load<u32>(meter, METER_AGENT) != NONE) askSpawn();
    // An amount that is none denies, unless a limit before it does. Behind it, or behind a sum that is none, nothing is asked.
    if (!weigh(meter)) {
      if (foundEffect != EFFECT_DENY) return denyUnknown();
      break;
    }
    if (!askLimit(meter, family)) break;
  }
  askSpawn();
  if (foundCode == 0 || foundEffect >= effect) return false;
  decideBy(foundCode, foundEffect, NONE);
  if (foundName != NONE) explain(DETAIL_METER, stringText(foundName), stringLength(foundName));
  return true;
}

/** Whether what the meter adds up is asked of a call: of this party's, in a blob that is there, and no history of moments. */
export function isAsked(meter: usize): bool {
  const kind = load<u32>(meter, METER_KIND);
  return kind != METER_LAST && kind != METER_SEQUENCE && isMoved(meter) && load<u32>(meter, METER_UNIT) != UNIT_DENIALS;
}

/** Whether the meter is this party's, in a blob that is there. */
export function isMoved(meter: usize): bool {
  const owner = load<u32>(meter, METER_AGENT);
  return (owner == NONE || owner == agent) && blobOfMeter(meter) != 0;
}

/** Whether the sum is one. */
function askLimit(meter: usize, family: u32): bool {
  const blob = blobOfMeter(meter);
  const limit = load<u64>(meter, METER_LIMIT);
  const value = valueOf(blob, meter);
  const added = load<u32>(meter, METER_KIND) == METER_DISTINCT ? isNew(blob, meter) : amount;
  if (added > MAX_VALUE - value) {
    find(CODE_AMOUNT_UNKNOWN, EFFECT_DENY, load<u32>(meter, METER_NAME));
    return false;
  }
  const isOver = value + added > limit || (isOpen && value >= limit);
  if (isOver || (added != 0 && !hasRoom(blob, meter))) exceed(meter, family);
  else if (value + added >= load<u64>(meter, METER_WARN_AT)) notice(NOTICE_WARNING);
  return true;
}

/** 1 for a value that is not among the members of the present period. */
function isNew(blob: usize, meter: usize): u64 {
  const isMember = isCounting(blob, meter) && findMember(blob, load<u64>(meter), amount) != NONE;
  return isMember ? 0 : 1;
}

/** Whether another member can be noted; those of a period that is over give their places. */
function hasRoom(blob: usize, meter: usize): bool {
  if (load<u32>(meter, METER_KIND) != METER_DISTINCT || memberCount(blob) < MAX_MEMBERS) return true;
  return !isCounting(blob, meter) && countMembersOf(blob, load<u64>(meter)) != 0;
}

function exceed(meter: usize, family: u32): void {
  notice(family == FAMILY_RATE ? NOTICE_RATE : NOTICE_BUDGET);
  const newEffect = load<u32>(meter, METER_ON_EXCEED);
  if (newEffect == EFFECT_PERMIT) return;
  const name = load<u32>(meter, METER_NAME);
  const defers = newEffect == EFFECT_DEFER;
  if (family == FAMILY_RATE) find(CODE_RATE_EXCEEDED, newEffect, name);
  else if (family == FAMILY_BUDGET) find(defers ? CODE_BUDGET_EXCEEDED_DEFER : CODE_BUDGET_EXCEEDED, newEffect, name);
  else find(defers ? CODE_AMBIENT_EXCEEDED_DEFER : CODE_AMBIENT_EXCEEDED, newEffect, name);
}

/** Between ambient limits and budgets. */
function askSpawn(): void {
  if (isSpawnAsked) return;
  isSpawnAsked = true;
  const code = spawnFault();
  if (code != 0) find(code, code == CODE_SPAWN_LIMIT_DEFER ? EFFECT_DEFER : EFFECT_DENY, NONE);
}

/** Keeps the narrowest, of equals the first. */
function find(code: u32, newEffect: u32, name: u32): void {
  if (newEffect >= foundEffect) return;
  foundCode = code;
  foundEffect = newEffect;
  foundName = name;
}
