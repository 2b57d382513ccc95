/** STATE: what agents remember, phases' limits, meters and costs. The order of owners and slots is fixed, so one pass is enough. */
import {
  EFFECT_DEFER,
  EFFECT_DENY,
  EFFECT_PERMIT,
  FAMILY_AMBIENT,
  FAMILY_BUDGET,
  FAMILY_HISTORY,
  FAMILY_RATE,
  KEY_SETTLED,
  LIST_STRINGS,
  LOAD_BAD_REFERENCE,
  LOAD_BAD_SECTION,
  LOAD_OK,
  LOAD_TOO_LARGE,
  MAX_METER_SLOTS,
  MAX_METERS,
  MAX_SETTLED_METERS,
  MAX_TEXT_BYTES,
  METER_DISTINCT,
  METER_LAST,
  METER_PERIOD,
  METER_SEQUENCE,
  METER_SLIDING,
  METER_TOTAL,
  NONE,
  REMEMBERS_AGENT,
  REMEMBERS_DELEGATE,
  REMEMBERS_GATE_BUDGET,
  REMEMBERS_GATE_PENDING,
  REMEMBERS_SESSION,
  REMEMBERS_SPAWN,
  ROOT_ARGS,
  SCOPED_AGENT,
  SCOPED_SESSION,
  SECTION_STATE,
  UNIT_ARGUMENT,
  UNIT_BYTES,
  UNIT_CALLS,
  UNIT_DENIALS,
  UNIT_MONEY,
  UNIT_TOKENS,
} from "../../constants";
import {
  AGENT_PHASE_COUNT,
  AGENT_PHASE_FIRST,
  agentAt,
  agentCount,
  COST_BYTES,
  COST_PATH,
  costAt,
  costCount,
  dfaCount,
  ITEM_PHASES,
  itemCount,
  LIST_BYTES,
  listCount,
  lists,
  MEMORY_BYTES,
  MEMORY_DELEGATE_TTL,
  MEMORY_FLAGS,
  MEMORY_GATE_EFFECT,
  MEMORY_GATE_FACTS,
  MEMORY_LAYOUT,
  MEMORY_MAX_CALLS,
  MEMORY_MAX_DURATION,
  MEMORY_METER_COUNT,
  MEMORY_METER_FIRST,
  MEMORY_RATE_EXCEEDED,
  MEMORY_BUDGET_WARNING,
  MEMORY_SLOTS,
  MEMORY_SPAWN_ALLOW,
  MEMORY_SPAWN_DENY,
  MEMORY_SPAWN_EFFECT,
  METER_AGENT,
  METER_BYTES,
  METER_FAMILY,
  METER_KIND,
  METER_LIMIT,
  METER_NAME,
  METER_ON_EXCEED,
  METER_PATH,
  METER_SCOPE,
  METER_SLOT,
  METER_STEP,
  METER_UNIT,
  METER_WARN_AT,
  METER_WINDOW,
  memoryAt,
  meterAt,
  meterCount,
  PATH_BYTES,
  PHASE_LIMIT_BYTES,
  PHASE_NEXT,
  pathCount,
  paths,
  phaseLimitAt,
  STATE_HEAD_BYTES,
  sectionLength,
  sectionStart,
  stringCount,
  stringLength,
  systemMeterCount,
} from "../bundle";
import { slotsOfKind } from "../state/meters";
import { isSettled } from "../state/values";

/** Times and lengths of time: exact everywhere, and sums of two do not wrap. */
const MAX_MS: u64 = 9007199254740991;
/** Amounts are below it: number/micros.ts. */
const MAX_MICROS: u64 = 1000000000000000000;
const NO_LIMIT: u64 = u64.MAX_VALUE;
const FLAGS: u32 =
  REMEMBERS_AGENT |
  REMEMBERS_SESSION |
  REMEMBERS_DELEGATE |
  REMEMBERS_SPAWN |
  REMEMBERS_GATE_PENDING |
  REMEMBERS_GATE_BUDGET;

function isIdOrNone(id: u32, count: u32): bool {
  return id < count || id == NONE;
}

function isStringsOrNone(id: u32): bool {
  return id == NONE || (id < listCount && load<u32>(lists + <usize>id * LIST_BYTES) == LIST_STRINGS);
}

function isArgument(path: u32): bool {
  return path < pathCount && load<u32>(paths + <usize>path * PATH_BYTES) == ROOT_ARGS;
}

function isNarrowing(effect: u32): bool {
  return effect == EFFECT_DENY || effect == EFFECT_DEFER;
}

export function checkState(): u32 {
  const expected =
    <u64>STATE_HEAD_BYTES +
    <u64>agentCount * MEMORY_BYTES +
    <u64>itemCount(ITEM_PHASES) * PHASE_LIMIT_BYTES +
    <u64>meterCount * METER_BYTES +
    <u64>costCount * COST_BYTES;
  if (<u64>sectionLength(SECTION_STATE) != expected || load<u32>(sectionStart(SECTION_STATE), 12) != 0)
    return LOAD_BAD_SECTION;
  if (systemMeterCount > meterCount) return LOAD_BAD_SECTION;
  beginOwner(0, 0, 0);
  let status = checkMeters(0, systemMeterCount, NONE);
  const systemAgent = agentSlots;
  const systemSession = sessionSlots;
  const systemMeters = most;
  let taken = systemMeterCount;
  for (let id: u32 = 0; id < agentCount && status == LOAD_OK; id++) {
    const row = memoryAt(id);
    const count = load<u32>(row, MEMORY_METER_COUNT);
    if (load<u32>(row, MEMORY_METER_FIRST) != taken || count > meterCount - taken) return LOAD_BAD_REFERENCE;
    if (!isMemory(row)) return LOAD_BAD_REFERENCE;
    beginOwner(systemAgent, systemSession, systemMeters);
    status = checkMeters(taken, count, id);
    if (status == LOAD_OK && load<u64>(row, MEMORY_SLOTS) != (<u64>agentSlots | (<u64>sessionSlots << 32)))
      return LOAD_BAD_REFERENCE;
    taken += count;
  }
  if (status != LOAD_OK) return status;
  return taken == meterCount && areCosts() ? LOAD_OK : LOAD_BAD_REFERENCE;
}

function isMemory(row: usize): bool {
  for (let field = MEMORY_MAX_DURATION; field <= MEMORY_MAX_CALLS; field += 8) {
    const limit = load<u64>(row + field);
    if (limit > MAX_MS && limit != NO_LIMIT) return false;
  }
  for (let field = MEMORY_BUDGET_WARNING; field <= MEMORY_RATE_EXCEEDED; field += 4) {
    if (!isStringsOrNone(load<u32>(row + field))) return false;
  }
  return (
    load<u64>(row, MEMORY_LAYOUT) != 0 &&
    load<u64>(row, MEMORY_LAYOUT + 8) != 0 &&
    load<u64>(row, MEMORY_DELEGATE_TTL) <= MAX_MS &&
    isIdOrNone(load<u32>(row, MEMORY_SPAWN_ALLOW), dfaCount) &&
    isIdOrNone(load<u32>(row, MEMORY_SPAWN_DENY), dfaCount) &&
    isNarrowing(load<u32>(row, MEMORY_SPAWN_EFFECT)) &&
    isStringsOrNone(load<u32>(row, MEMORY_GATE_FACTS)) &&
    isNarrowing(load<u32>(row, MEMORY_GATE_EFFECT)) &&
    (load<u32>(row, MEMORY_FLAGS) & ~FLAGS) == 0 &&
    load<u32>(row, MEMORY_BYTES - 4) == 0
  );
}

// Of the owner whose meters are looked at.
let agentSlots: u32 = 0;
let sessionSlots: u32 = 0;
/** Meters of the owner and the system together: more than those of either blob. */
let most: u32 = 0;

function beginOwner(agent: u32, session: u32, meters: u32): void {
  agentSlots = agent;
  sessionSlots = session;
  most = meters;
}

/** `owner`: agent index, or NONE for the system. */
function checkMeters(first: u32, count: u32, owner: u32): u32 {
  let family: u32 = owner == NONE ? FAMILY_HISTORY : FAMILY_RATE;
  let settledOfAgent: u32 = 0;
  let settledOfSession: u32 = 0;
  /** Step that must follow in the sequence that is on, or 0. */
  let step: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const meter = meterAt(first + i);
    const name = load<u32>(meter, METER_NAME);
    if (name >= stringCount || load<u32>(meter, METER_FAMILY) < family) return LOAD_BAD_REFERENCE;
    if (stringLength(name) > MAX_TEXT_BYTES) return LOAD_TOO_LARGE;
    if (load<u32>(meter, METER_AGENT) != owner || !isMeter(meter)) return LOAD_BAD_REFERENCE;
    family = load<u32>(meter, METER_FAMILY);
    if (step != 0) {
      if (!isNextStep(meter, step)) return LOAD_BAD_REFERENCE;
      step--;
      continue;
    }
    const kind = load<u32>(meter, METER_KIND);
    if (kind == METER_SEQUENCE) {
      step = load<u32>(meter, METER_STEP) - 1;
      if (load<u64>(meter, METER_LIMIT) != <u64>step + 1) return LOAD_BAD_REFERENCE;
    }
    if (!takeSlots(meter, slotsOfKind(kind))) return LOAD_BAD_REFERENCE;
    if (isSettled(meter)) {
      if (load<u32>(meter, METER_SCOPE) == SCOPED_AGENT) settledOfAgent++;
      else settledOfSession++;
    }
  }
  if (step != 0) return LOAD_BAD_REFERENCE;
  most += count;
  const fits =
    max(settledOfAgent, settledOfSession) <= MAX_SETTLED_METERS &&
    max(agentSlots, sessionSlots) <= MAX_METER_SLOTS &&
    most <= 2 * MAX_METERS;
  return fits ? LOAD_OK : LOAD_TOO_LARGE;
}

/** A sequence is all its steps from the last to the first, in one place. */
function isNextStep(meter: usize, step: u32): bool {
  const before = meter - METER_BYTES;
  return (
    load<u64>(meter) == load<u64>(before) &&
    load<u64>(meter, METER_LIMIT) == load<u64>(before, METER_LIMIT) &&
    load<u32>(meter, METER_SLOT) == load<u32>(before, METER_SLOT) &&
    load<u32>(meter, METER_SCOPE) == load<u32>(before, METER_SCOPE) &&
    load<u32>(meter, METER_STEP) == step
  );
}

/** The meters of a blob stand back to back, in the order of their rows. */
function takeSlots(meter: usize, count: u32): bool {
  const ofAgent = load<u32>(meter, METER_SCOPE) == SCOPED_AGENT;
  const slot = load<u32>(meter, METER_SLOT);
  if (slot != (ofAgent ? agentSlots : sessionSlots)) return false;
  if (ofAgent) agentSlots += count;
  else sessionSlots += count;
  return true;
}

function bit(value: u32): u32 {
  return value < 32 ? 1 << value : 0;
}

/** What a meter of its family may be. */
function isMeter(meter: usize): bool {
  const kind = load<u32>(meter, METER_KIND);
  const unit = load<u32>(meter, METER_UNIT);
  const window = load<u64>(meter, METER_WINDOW);
  const limit = load<u64>(meter, METER_LIMIT);
  const warnAt = load<u64>(meter, METER_WARN_AT);
  const path = load<u32>(meter, METER_PATH);
  const isCounting = bit(kind) & (bit(METER_TOTAL) | bit(METER_PERIOD) | bit(METER_SLIDING));
  const isEndless = kind == METER_TOTAL || kind == METER_SEQUENCE;
  return (
    isKey(load<u64>(meter), meter, kind) &&
    isOfFamily(meter, kind, unit) &&
    (isCounting != 0 || unit == UNIT_CALLS) &&
    (unit != UNIT_DENIALS || kind == METER_SLIDING) &&
    window <= MAX_MS &&
    (window == 0 ? isEndless || kind == METER_LAST : !isEndless) &&
    (warnAt == NO_LIMIT || warnAt <= limit) &&
    (unit == UNIT_ARGUMENT || kind == METER_DISTINCT ? isArgument(path) : path == NONE) &&
    (kind == METER_SEQUENCE) == (load<u32>(meter, METER_STEP) != 0)
  );
}

/** A hash, and behind it what the key says of its meter. */
function isKey(key: u64, meter: usize, kind: u32): bool {
  return key >> 16 != 0 && <u32>(key & 0xffff) == (slotsOfKind(kind) | (isSettled(meter) ? KEY_SETTLED : 0));
}

function isOfFamily(meter: usize, kind: u32, unit: u32): bool {
  const family = load<u32>(meter, METER_FAMILY);
  const scope = load<u32>(meter, METER_SCOPE);
  const onExceed = load<u32>(meter, METER_ON_EXCEED);
  const isLimited = load<u64>(meter, METER_LIMIT) != NO_LIMIT;
  let kinds: u32 = bit(METER_SLIDING);
  let units: u32 = bit(UNIT_CALLS);
  let scopes: u32 = bit(SCOPED_AGENT);
  switch (family) {
    case FAMILY_RATE:
      if (onExceed != EFFECT_DENY) return false;
      break;
    case FAMILY_AMBIENT:
      kinds = bit(METER_PERIOD) | bit(METER_DISTINCT);
      units |= bit(UNIT_BYTES);
      break;
    case FAMILY_BUDGET:
      kinds = bit(METER_TOTAL) | bit(METER_PERIOD);
      units |= bit(UNIT_MONEY) | bit(UNIT_TOKENS);
      scopes |= bit(SCOPED_SESSION);
      break;
    case FAMILY_HISTORY:
      kinds |= bit(METER_TOTAL) | bit(METER_LAST) | bit(METER_SEQUENCE);
      units |= bit(UNIT_ARGUMENT) | bit(UNIT_DENIALS);
      scopes = bit(SCOPED_SESSION);
      break;
    default:
      return false;
  }
  const isKnown = (kinds & bit(kind)) != 0 && (units & bit(unit)) != 0 && (scopes & bit(scope)) != 0;
  if (family == FAMILY_HISTORY) return isKnown && (kind == METER_SEQUENCE || !isLimited) && onExceed == EFFECT_PERMIT;
  return isKnown && isLimited && onExceed - EFFECT_DENY <= EFFECT_PERMIT - EFFECT_DENY;
}

function areCosts(): bool {
  for (let id: u32 = 0; id < costCount; id++) {
    const cost = costAt(id);
    const path = load<u32>(cost, COST_PATH);
    if (load<u32>(cost, 12) != 0 || load<u64>(cost) >= MAX_MICROS) return false;
    if (path != NONE && !(isArgument(path) && load<u64>(cost) == 0)) return false;
  }
  return true;
}

/** Whether the agent's phases lead only to one another. Their run has been checked. */
export function arePhaseLimits(id: u32): bool {
  const first = load<u32>(agentAt(id), AGENT_PHASE_FIRST);
  const count = load<u32>(agentAt(id), AGENT_PHASE_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const limits = phaseLimitAt(first + i);
    const next = load<u32>(limits, PHASE_NEXT);
    if (load<u64>(limits) > MAX_MS || (next != NONE && next - first >= count)) return false;
    if (load<u32>(limits, PHASE_NEXT + 4) != 0) return false;
  }
  return true;
}
