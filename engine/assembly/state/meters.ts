/** Where an agent's meters stand in its blobs: laid, moved over from another layout by key, and checked. */
import {
  KEY_SETTLED,
  KEY_SLOTS,
  MAX_SETTLED_METERS,
  METER_DISTINCT,
  METER_LAST,
  METER_PERIOD,
  METER_SEQUENCE,
  METER_SLIDING,
  NONE,
  SCOPED_AGENT,
  SLIDING_BUCKETS,
  SLIDING_PARTS,
  STATE_SLOT_LAST,
} from "../../constants";
import {
  MEMORY_LAYOUT,
  MEMORY_METER_COUNT,
  MEMORY_METER_FIRST,
  MEMORY_SLOTS,
  METER_BYTES,
  METER_KIND,
  METER_LIMIT,
  METER_SCOPE,
  METER_SLOT,
  METER_WINDOW,
  memoryAt,
  meterAt,
  meters,
  systemMeterCount,
} from "../bundle";
import {
  countMembersOf,
  memberAt,
  memberCount,
  meterSlotAt,
  meterSlots,
  RESERVATION_MASK,
  removeMembersOf,
  reservationAt,
  reservationCount,
  scopeOf,
  slotOf,
} from "./slots";
import { RESERVATION_BYTES } from "./layout";

/** Slots of a meter of that kind, its key's included; 0 for no kind. */
export function slotsOfKind(kind: u32): u32 {
  switch (kind) {
    case METER_SLIDING:
      return 2 + SLIDING_BUCKETS;
    case METER_PERIOD:
    case METER_DISTINCT:
      return 3;
    default:
      return kind <= METER_DISTINCT ? 2 : 0;
  }
}

/** The layout of blobs of that scope; 0, which no blob has, without a policy. */
export function layoutOf(policy: u32, scope: u32): u64 {
  return policy == NONE ? 0 : load<u64>(memoryAt(policy) + MEMORY_LAYOUT + 8 * <usize>scope);
}

/** Slots of all meters in a blob of that scope. */
export function slotsOf(policy: u32, scope: u32): u32 {
  return policy == NONE ? 0 : load<u32>(memoryAt(policy) + MEMORY_SLOTS + 4 * <usize>scope);
}

// The walk over the meters of a blob: the system's, then the agent's own.
let at: usize = 0;
let end: usize = 0;
let ownFirst: usize = 0;
let ownEnd: usize = 0;
let wantedScope: u32 = SCOPED_AGENT;

/** Starts to go through all meters of blobs of that scope. */
export function beginMeters(policy: u32, scope: u32): void {
  wantedScope = scope;
  at = meters;
  end = policy == NONE ? meters : meterAt(systemMeterCount);
  ownFirst = end;
  ownEnd = end;
  if (policy == NONE) return;
  const memory = memoryAt(policy);
  ownFirst = meterAt(load<u32>(memory, MEMORY_METER_FIRST));
  ownEnd = ownFirst + <usize>load<u32>(memory, MEMORY_METER_COUNT) * METER_BYTES;
}

/** The next row, or 0. */
export function nextMeter(): usize {
  while (true) {
    if (at == end) {
      if (end == ownEnd) return 0;
      at = ownFirst;
      end = ownEnd;
      continue;
    }
    const meter = at;
    at += METER_BYTES;
    if (load<u32>(meter, METER_SCOPE) == wantedScope) return meter;
  }
}

/** Every meter at nothing. */
export function layMeters(blob: usize, policy: u32): void {
  const scope = scopeOf(blob);
  memory.fill(meterSlotAt(blob, 0), 0, 8 * <usize>slotsOf(policy, scope));
  beginMeters(policy, scope);
  for (let meter = nextMeter(); meter != 0; meter = nextMeter()) {
    store<u64>(meterSlotAt(blob, load<u32>(meter, METER_SLOT)), load<u64>(meter));
  }
}

/** Slots that a meter takes, its key's included. */
function slotsOfKey(key: u64): u32 {
  return <u32>key & KEY_SLOTS;
}

/**
 * Lays the meters and gives each the slots that a meter of its key has among `slots` old ones, behind which the old reservations stand:
 * what they hold of a meter that is still there they hold on. False when those are no meters.
 */
export function migrateMeters(blob: usize, policy: u32, old: usize, slots: u32): bool {
  if (!areKeyed(old, slots)) return false;
  layMeters(blob, policy);
  let from: u32 = 0;
  beginMeters(policy, scopeOf(blob));
  for (let meter = nextMeter(); meter != 0; meter = nextMeter()) {
    const found = findKey(load<u64>(meter), old, slots, from);
    if (found == NONE) {
      // Members of an earlier time, when a policy had this meter: it starts at nothing.
      if (load<u32>(meter, METER_KIND) == METER_DISTINCT) removeMembersOf(blob, load<u64>(meter));
      continue;
    }
    const taken = slotsOfKey(load<u64>(meter));
    memory.copy(meterSlotAt(blob, load<u32>(meter, METER_SLOT)), old + 8 * <usize>found, 8 * taken);
    from = found;
  }
  removeOrphans(blob, slotsOf(policy, scopeOf(blob)));
  return carryReservations(blob, slotsOf(policy, scopeOf(blob)), old, slots);
}

/** Members of meters that are gone make room. Those of key 0 are pending calls. */
function removeOrphans(blob: usize, slots: u32): void {
  let kept: u64 = 0;
  for (let i: u32 = 0; i < memberCount(blob); ) {
    const key = load<u64>(memberAt(blob, i));
    if (key == kept || key == 0 || findKey(key, meterSlotAt(blob, 0), slots, 0) != NONE) {
      kept = key;
      i++;
    } else {
      // What stands before it has other keys.
      removeMembersOf(blob, key);
    }
  }
}

/** Masks of reservations, from the old meters' bits to those of the blob. False when more of the old ones are settled than there are bits. */
function carryReservations(blob: usize, slots: u32, old: usize, oldSlots: u32): bool {
  const count = reservationCount(blob);
  for (let i: u32 = 0; i < count; i++) store<u64>(reservationAt(blob, i) + RESERVATION_MASK, 0);
  if (count == 0) return true;
  const masks = old + 8 * <usize>oldSlots + RESERVATION_MASK;
  let position: u32 = 0;
  for (let slot: u32 = 0; slot < oldSlots; slot += slotsOfKey(load<u64>(old + 8 * <usize>slot))) {
    const key = load<u64>(old + 8 * <usize>slot);
    if ((<u32>key & KEY_SETTLED) == 0) continue;
    if (position == MAX_SETTLED_METERS) return false;
    const bit = bitOfKey(key, meterSlotAt(blob, 0), slots);
    for (let i: u32 = 0; i < count && bit != 0; i++) {
      const isHeld = ((load<u64>(masks + <usize>i * RESERVATION_BYTES) >> position) & 1) != 0;
      const mask = reservationAt(blob, i) + RESERVATION_MASK;
      if (isHeld) store<u64>(mask, load<u64>(mask) | bit);
    }
    position++;
  }
  return true;
}

/** The bit that a key has in masks over these meters, or 0 when it is none of them. */
function bitOfKey(key: u64, meters: usize, slots: u32): u64 {
  let bit: u64 = 1;
  for (let slot: u32 = 0; slot < slots; ) {
    const found = load<u64>(meters + 8 * <usize>slot);
    if (found == key) return bit;
    if ((<u32>found & KEY_SETTLED) != 0) bit <<= 1;
    slot += slotsOfKey(found);
  }
  return 0;
}

/** Whether the keys' counts of slots lead from one meter to the next, up to the last slot. */
function areKeyed(old: usize, slots: u32): bool {
  for (let slot: u32 = 0; slot < slots; ) {
    const taken = slotsOfKey(load<u64>(old + 8 * <usize>slot));
    if (taken == 0 || taken > slots - slot) return false;
    slot += taken;
  }
  return true;
}

/** Slot of the key among the old ones, or NONE. Layouts mostly keep their order, so the search goes round from the last find. */
function findKey(key: u64, old: usize, slots: u32, from: u32): u32 {
  if (slots == 0) return NONE;
  let slot = from;
  do {
    const found = load<u64>(old + 8 * <usize>slot);
    if (found == key) return slot;
    slot += slotsOfKey(found);
    if (slot == slots) slot = 0;
  } while (slot != from);
  return NONE;
}

/** Whether every meter has its key in its place, and no value that cannot be. */
export function areMetersSane(blob: usize, policy: u32): bool {
  const last = slotOf(blob, STATE_SLOT_LAST);
  beginMeters(policy, scopeOf(blob));
  for (let meter = nextMeter(); meter != 0; meter = nextMeter()) {
    if (!isMeterSane(blob, meter, last)) return false;
  }
  return meterSlots(blob) == slotsOf(policy, scopeOf(blob));
}

function isMeterSane(blob: usize, meter: usize, last: u64): bool {
  const slot = meterSlotAt(blob, load<u32>(meter, METER_SLOT));
  const key = load<u64>(meter);
  const first = load<u64>(slot, 8);
  if (load<u64>(slot) != key) return false;
  switch (load<u32>(meter, METER_KIND)) {
    case METER_PERIOD:
      return first <= last / load<u64>(meter, METER_WINDOW);
    case METER_DISTINCT:
      if (first > last / load<u64>(meter, METER_WINDOW)) return false;
      return load<u64>(slot, 16) == <u64>countMembersOf(blob, key);
    case METER_SLIDING:
      return first <= last / bucketMs(meter);
    case METER_LAST:
      return first <= last + 1;
    case METER_SEQUENCE:
      return first <= load<u64>(meter, METER_LIMIT);
    default:
      return true;
  }
}

/** Length of a sliding window's bucket. */
export function bucketMs(meter: usize): u64 {
  return (load<u64>(meter, METER_WINDOW) + SLIDING_PARTS - 1) / SLIDING_PARTS;
}
