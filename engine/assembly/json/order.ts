/** Keys of an object: their order (RFC 8785 section 3.2.3) and whether one repeats. */
import { equal } from "./bytes";
import { room } from "./state";
import { firstOf, lengthOf, nextOf, textOf, valueOf } from "./tape";

/** Up to this many keys are compared pair by pair, beyond they are merge sorted. */
const MAX_PAIRWISE: u32 = 12;
/** Bytes of an array slot: the address of a key node. */
export const SLOT_BYTES: usize = 4;
/** Of the keys being sorted by insertion. */
const prefixes: usize = memory.data(96, 8);
const NOT_ASCII: u64 = 0x8080808080808080;

/**
 * Order of two keys by UTF-16 code units: negative, 0 or positive. It is the order of their UTF-8 bytes, but for a character beyond
 * U+FFFF (lead byte 0xf0 and above), whose surrogates come before U+E000 to U+FFFF (lead bytes 0xee and 0xef).
 * Reads up to 7 bytes past the texts.
 */
export function compareKeys(left: usize, right: usize): i32 {
  const leftText = textOf(left);
  const rightText = textOf(right);
  const leftLength = lengthOf(left);
  const rightLength = lengthOf(right);
  const length = min(leftLength, rightLength);
  for (let i: u32 = 0; i < length; i += 8) {
    const difference = load<u64>(leftText + <usize>i) ^ load<u64>(rightText + <usize>i);
    if (difference == 0) continue;
    const at = i + <u32>(ctz(difference) >> 3);
    if (at >= length) break;
    const a: i32 = load<u8>(leftText + at);
    const b: i32 = load<u8>(rightText + at);
    if (a >= 0xee && b >= 0xee && a >= 0xf0 != b >= 0xf0) return b - a;
    return a - b;
  }
  return <i32>leftLength - <i32>rightLength;
}

/**
 * The first eight bytes of a key, zeros behind a shorter one, as a number that orders as `compareKeys` does. Equal ones say nothing.
 * Reads up to 7 bytes past the key.
 */
// @ts-ignore: decorator
@inline
function prefixOf(key: usize): u64 {
  const length = <u64>lengthOf(key);
  let bytes = load<u64>(textOf(key));
  if (length < 8) bytes &= ((<u64>1 << (length << 3)) - 1);
  return bswap(bytes & NOT_ASCII ? orderedBytes(bytes) : bytes);
}

/** The bytes with the lead bytes 0xee and 0xef moved behind 0xf0 to 0xf4. */
function orderedBytes(bytes: u64): u64 {
  let ordered: u64 = 0;
  for (let shift: u64 = 0; shift < 64; shift += 8) {
    let byte = (bytes >> shift) & 0xff;
    if (byte >= 0xee) byte = byte >= 0xf0 ? byte - 2 : byte + 5;
    ordered |= byte << shift;
  }
  return ordered;
}

/** Fills `slots` with the object's key nodes in canonical order; as much room behind the slots is used as temporary. Stable. */
export function sortKeys(object: usize, slots: usize): void {
  const count = lengthOf(object);
  let key = firstOf(object);
  if (count <= MAX_PAIRWISE) return insertionSort(key, count, slots);
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(slots + <usize>i * SLOT_BYTES, <u32>key);
    key = nextOf(valueOf(key));
  }
  mergeSort(slots, count);
}

/** Sorts up to MAX_PAIRWISE keys, the first of which is given. */
function insertionSort(key: usize, count: u32, slots: usize): void {
  for (let i: u32 = 0; i < count; i++) {
    const prefix = prefixOf(key);
    let slot = slots + <usize>i * SLOT_BYTES;
    let prefixSlot = prefixes + ((<usize>i) << 3);
    while (slot > slots) {
      const before = load<u64>(prefixSlot - 8);
      if (before < prefix || (before == prefix && compareKeys(load<u32>(slot - SLOT_BYTES), key) <= 0)) break;
      store<u64>(prefixSlot, before);
      store<u32>(slot, load<u32>(slot - SLOT_BYTES));
      prefixSlot -= 8;
      slot -= SLOT_BYTES;
    }
    store<u64>(prefixSlot, prefix);
    store<u32>(slot, <u32>key);
    key = nextOf(valueOf(key));
  }
}

/** Bottom-up merge sort of `count` slots. */
function mergeSort(slots: usize, count: u32): void {
  const bytes = <usize>count * SLOT_BYTES;
  let from = slots;
  let to = slots + bytes;
  for (let width = SLOT_BYTES; width < bytes; width <<= 1) {
    for (let start: usize = 0; start < bytes; start += width << 1) {
      const middle = min(start + width, bytes);
      merge(from + start, from + middle, from + min(middle + width, bytes), to + start);
    }
    const other = from;
    from = to;
    to = other;
  }
  if (from != slots) memory.copy(slots, from, bytes);
}

/** Merges the runs [left, middle) and [middle, end) to `out`. */
function merge(left: usize, middle: usize, end: usize, out: usize): void {
  let right = middle;
  const isOrdered = right < end && compareKeys(load<u32>(right - SLOT_BYTES), load<u32>(right)) <= 0;
  while (!isOrdered && left < middle && right < end) {
    if (compareKeys(load<u32>(left), load<u32>(right)) <= 0) {
      store<u32>(out, load<u32>(left));
      left += SLOT_BYTES;
    } else {
      store<u32>(out, load<u32>(right));
      right += SLOT_BYTES;
    }
    out += SLOT_BYTES;
  }
  for (; left < middle; left += SLOT_BYTES, out += SLOT_BYTES) store<u32>(out, load<u32>(left));
  for (; right < end; right += SLOT_BYTES, out += SLOT_BYTES) store<u32>(out, load<u32>(right));
}

/** The first key, in source order, that repeats an earlier one of its object, or 0. The object has a key. Uses free scratch. */
export function findDuplicate(object: usize): usize {
  const end = nextOf(object);
  const count = lengthOf(object);
  if (count <= MAX_PAIRWISE) {
    for (let key = firstOf(object); key < end; key = nextOf(valueOf(key))) {
      for (let other = firstOf(object); other < key; other = nextOf(valueOf(other))) {
        if (lengthOf(other) == lengthOf(key) && equal(textOf(other), textOf(key), lengthOf(key))) return key;
      }
    }
    return 0;
  }
  const slots = (room + 7) & ~7;
  sortKeys(object, slots);
  let found: usize = 0;
  for (let i: u32 = 1; i < count; i++) {
    const key = <usize>load<u32>(slots + <usize>i * SLOT_BYTES);
    if (compareKeys(load<u32>(slots + <usize>(i - 1) * SLOT_BYTES), key) == 0 && (found == 0 || key < found)) found = key;
  }
  return found;
}
