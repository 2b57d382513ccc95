/** What meters hold, and how they move. Unsigned, exact; no sum passes MAX_VALUE. engine/ABI.md "State", engine/constants.ts METER_*. */
import {
  FAMILY_BUDGET,
  METER_DISTINCT,
  METER_LAST,
  METER_PERIOD,
  METER_SEQUENCE,
  METER_SLIDING,
  NONE,
  SCOPED_AGENT,
  SLIDING_BUCKETS,
  TRUE,
  FALSE,
  UNIT_BYTES,
} from "../../constants";
import {
  METER_BYTES,
  METER_FAMILY,
  METER_KIND,
  METER_LIMIT,
  METER_SCOPE,
  METER_SLOT,
  METER_STEP,
  METER_UNIT,
  METER_WINDOW,
  MEMORY_METER_FIRST,
  memoryAt,
  meterAt,
} from "../bundle";
import { bucketMs } from "./meters";
import { agentBlob, isScope, now, sessionBlob } from "./party";
import { addMember, findMember, meterSlotAt, removeMembersOf } from "./slots";

/** The order of decimals is exact below 10^19 (number/decimal.ts). */
export const MAX_VALUE: u64 = 9999999999999999999;

/** The blob of the party that was entered that holds the meter, or 0. */
export function blobOfMeter(meter: usize): usize {
  if (isScope) return 0;
  return load<u32>(meter, METER_SCOPE) == SCOPED_AGENT ? agentBlob : sessionBlob;
}

function placeOf(blob: usize, meter: usize): usize {
  return meterSlotAt(blob, load<u32>(meter, METER_SLOT));
}

/** The value as limits ask for it: of a sliding window all that is partly inside. */
export function valueOf(blob: usize, meter: usize): u64 {
  const at = placeOf(blob, meter);
  switch (load<u32>(meter, METER_KIND)) {
    case METER_SLIDING:
      return sumOf(at, meter, bucketMs(meter) - 1);
    case METER_PERIOD:
    case METER_DISTINCT:
      return isPresent(at, meter) ? load<u64>(at, 16) : 0;
    default:
      return load<u64>(at, 8);
  }
}

/** The least that the value can be: of a sliding window what is wholly inside. */
export function leastOf(blob: usize, meter: usize): u64 {
  if (load<u32>(meter, METER_KIND) != METER_SLIDING) return valueOf(blob, meter);
  return sumOf(placeOf(blob, meter), meter, 0);
}

/** Whether the period that is counted is the present one. */
export function isPresent(at: usize, meter: usize): bool {
  return load<u64>(at, 8) == now / load<u64>(meter, METER_WINDOW);
}

function bucketAt(at: usize, bucket: u64): usize {
  return at + 16 + 8 * <usize>(bucket % SLIDING_BUCKETS);
}

/** Sum of the buckets of which the moment `offset` milliseconds from the start is inside the window: less than its length ago. */
function sumOf(at: usize, meter: usize, offset: u64): u64 {
  const length = bucketMs(meter);
  const newest = load<u64>(at, 8);
  const window = load<u64>(meter, METER_WINDOW);
  let sum: u64 = 0;
  for (let i: u64 = 0; i < SLIDING_BUCKETS && i <= newest; i++) {
    const bucket = newest - i;
    if (bucket * length + offset + window <= now) break;
    const value = load<u64>(bucketAt(at, bucket));
    // Sums that no single bucket shows may pass the greatest value: then they stay there.
    sum = value > MAX_VALUE - sum ? MAX_VALUE : sum + value;
  }
  return sum;
}

/** Adds to what is counted now; the caller has seen that it fits. */
export function addTo(blob: usize, meter: usize, amount: u64): void {
  const at = placeOf(blob, meter);
  switch (load<u32>(meter, METER_KIND)) {
    case METER_SLIDING: {
      const bucket = now / bucketMs(meter);
      rollTo(at, bucket);
      increase(bucketAt(at, bucket), amount);
      return;
    }
    case METER_PERIOD:
      if (!isPresent(at, meter)) {
        store<u64>(at, now / load<u64>(meter, METER_WINDOW), 8);
        store<u64>(at, 0, 16);
      }
      increase(at + 16, amount);
      return;
    case METER_LAST:
      store<u64>(at, now + 1, 8);
      return;
    case METER_SEQUENCE: {
      const step = <u64>load<u32>(meter, METER_STEP);
      if (load<u64>(at, 8) + 1 == step) store<u64>(at, step, 8);
      return;
    }
    default:
      increase(at + 8, amount);
  }
}

function increase(at: usize, amount: u64): void {
  const value = load<u64>(at);
  store<u64>(at, amount > MAX_VALUE - value ? MAX_VALUE : value + amount);
}

/** Makes the bucket the newest; those between are empty. */
function rollTo(at: usize, bucket: u64): void {
  const newest = load<u64>(at, 8);
  const passed = min(bucket - newest, <u64>SLIDING_BUCKETS);
  for (let i: u64 = 0; i < passed; i++) store<u64>(bucketAt(at, bucket - i), 0);
  store<u64>(at, bucket, 8);
}

/** Takes back what was added at `time`, as far as it is counted still: of a period that is over nothing. */
export function takeBack(blob: usize, meter: usize, amount: u64, time: u64): void {
  const at = placeOf(blob, meter);
  const isPeriod = load<u32>(meter, METER_KIND) == METER_PERIOD;
  if (isPeriod && load<u64>(at, 8) != time / load<u64>(meter, METER_WINDOW)) return;
  const counted = at + (isPeriod ? 16 : 8);
  const value = load<u64>(counted);
  store<u64>(counted, value - min(value, amount));
}

/** Counts a value if it is not among the members; those of another period go first. */
export function addDistinct(blob: usize, meter: usize, hash: u64): void {
  const at = placeOf(blob, meter);
  const key = load<u64>(meter);
  if (!isPresent(at, meter)) {
    removeMembersOf(blob, key);
    store<u64>(at, now / load<u64>(meter, METER_WINDOW), 8);
    store<u64>(at, 0, 16);
  }
  if (findMember(blob, key, hash) == NONE && addMember(blob, key, hash)) increase(at + 16, 1);
}

/** Whether the members that the blob has of this meter are of the present period. */
export function isCounting(blob: usize, meter: usize): bool {
  return isPresent(placeOf(blob, meter), meter);
}

/** FALSE or TRUE: METER_LAST within its window, METER_SEQUENCE with all its steps. */
export function hasHappened(blob: usize, meter: usize): u32 {
  const value = load<u64>(placeOf(blob, meter), 8);
  if (load<u32>(meter, METER_KIND) == METER_SEQUENCE) {
    return value >= load<u64>(meter, METER_LIMIT) ? TRUE : FALSE;
  }
  if (value == 0) return FALSE;
  const window = load<u64>(meter, METER_WINDOW);
  return window == 0 || now - (value - 1) < window ? TRUE : FALSE;
}

/** Whether reservations hold what the meter counts: budgets, and bytes. */
export function isSettled(meter: usize): bool {
  return load<u32>(meter, METER_FAMILY) == FAMILY_BUDGET || load<u32>(meter, METER_UNIT) == UNIT_BYTES;
}

/** The meter's bit in a reservation's mask: counted among those of its blob that can be settled, all of them the agent's own. */
export function settledBit(policy: u32, meter: usize): u64 {
  let bit: u64 = 0;
  const scope = load<u32>(meter, METER_SCOPE);
  const first = meterAt(load<u32>(memoryAt(policy), MEMORY_METER_FIRST));
  for (let at = first; at < meter; at += METER_BYTES) {
    bit += u64(load<u32>(at, METER_SCOPE) == scope && isSettled(at));
  }
  return <u64>1 << bit;
}
