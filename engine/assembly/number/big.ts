/**
 * Natural numbers of up to MAX_LIMBS limbs in static memory, for the exact conversions between decimals and doubles.
 *
 *   0 u32 count (no leading zero limb; 0 is the number 0)   4 u32 zero   8 u32 limb[], least significant first
 */

/** Enough for 5^1124 and for 801 digits, shifted to leave a quotient of 64 bits. */
const MAX_LIMBS: i32 = 128;
/** Room of one number. */
export const BIG_BYTES: i32 = 8 + 4 * MAX_LIMBS;
const LIMBS: usize = 8;
const POWER_13_OF_5: u32 = 1220703125;
const LOW_HALF: u64 = 0xffffffff;

/** Whether the last `shiftedRight` or `divide` left a remainder. */
export let hasRemainder: bool = false;

export function set(big: usize, value: u64): void {
  store<u64>(big, value == 0 ? 0 : value > LOW_HALF ? 2 : 1);
  store<u64>(big, value, LIMBS);
}

/** big = big * factor + addend */
export function multiplyAdd(big: usize, factor: u32, addend: u32): void {
  const count = load<u32>(big);
  const end = big + LIMBS + (<usize>count << 2);
  let carry: u64 = addend;
  for (let at = big + LIMBS; at < end; at += 4) {
    carry += <u64>load<u32>(at) * <u64>factor;
    store<u32>(at, <u32>carry);
    carry >>= 32;
  }
  if (carry != 0) {
    store<u32>(end, <u32>carry);
    store<u32>(big, count + 1);
  }
}

/** big = big * 5^power */
export function multiplyPower5(big: usize, power: i32): void {
  for (; power >= 13; power -= 13) multiplyAdd(big, POWER_13_OF_5, 0);
  let factor: u32 = 1;
  for (; power > 0; power--) factor *= 5;
  multiplyAdd(big, factor, 0);
}

/** product = big * value; the two are different places, big is not 0. */
export function multiply(product: usize, big: usize, value: u64): void {
  const count = load<u32>(big);
  const low = value & LOW_HALF;
  const high = value >> 32;
  let carry: u64 = 0;
  let previous: u64 = 0;
  for (let i: usize = 0; i < count; i++) {
    const limb: u64 = load<u32>(big + (i << 2), LIMBS);
    const sum = limb * low + (carry & LOW_HALF);
    const cross = previous * high + (sum & LOW_HALF);
    store<u32>(product + (i << 2), <u32>cross, LIMBS);
    carry = (carry >> 32) + (sum >> 32) + (cross >> 32);
    previous = limb;
  }
  const top = previous * high + carry;
  store<u64>(product + (<usize>count << 2), top, LIMBS);
  store<u64>(product, count + (top > LOW_HALF ? 2 : top == 0 ? 0 : 1));
}

export function bitLength(big: usize): i32 {
  const count = load<u32>(big);
  if (count == 0) return 0;
  return <i32>((count << 5) - clz(load<u32>(big + (<usize>count << 2), LIMBS - 4)));
}

/** big = big * 2^bits */
export function shiftLeft(big: usize, bits: i32): void {
  const count = load<u32>(big);
  if (count == 0 || bits == 0) return;
  const limbs = <u32>bits >> 5;
  const within = <u64>(bits & 31);
  const first = big + LIMBS;
  let above: u64 = 0;
  for (let i = <i32>count; i >= 0; i--) {
    const below: u64 = i > 0 ? <u64>load<u32>(first + ((<usize>i - 1) << 2)) : 0;
    const pair = (above << 32) | below;
    store<u32>(first + (<usize>(<u32>i + limbs) << 2), <u32>((pair << within) >> 32));
    above = below;
  }
  memory.fill(first, 0, <usize>limbs << 2);
  const top = count + limbs;
  store<u32>(big, load<u32>(first + (<usize>top << 2)) != 0 ? top + 1 : top);
}

/** floor(big / 2^bits), which must be below 2^64. Sets `hasRemainder`. */
export function shiftedRight(big: usize, bits: i32): u64 {
  const count = load<u32>(big);
  const limbs = <u32>bits >> 5;
  const within = <u64>(bits & 31);
  const first = big + LIMBS;
  hasRemainder = false;
  for (let i: u32 = 0; i < min(limbs, count); i++) {
    if (load<u32>(first + (<usize>i << 2)) != 0) {
      hasRemainder = true;
      break;
    }
  }
  if (limbs >= count) return 0;
  const at = first + (<usize>limbs << 2);
  const low: u64 = load<u32>(at);
  const middle: u64 = limbs + 1 < count ? <u64>load<u32>(at, 4) : 0;
  const high: u64 = limbs + 2 < count ? <u64>load<u32>(at, 8) : 0;
  const pair = (middle << 32) | low;
  if (within == 0) return pair;
  if ((low & ((<u64>1 << within) - 1)) != 0) hasRemainder = true;
  return (pair >> within) | (high << (64 - within));
}

/** floor(dividend / divisor), which must be below 2^64. Sets `hasRemainder`; destroys both. Knuth, TAOCP volume 2, 4.3.1, algorithm D. */
export function divide(dividend: usize, divisor: usize): u64 {
  // D1: the divisor's top bit is set, and it has two limbs at least.
  let bits = clz(load<u32>(divisor + (<usize>load<u32>(divisor) << 2), LIMBS - 4));
  if (load<u32>(divisor) == 1) bits += 32;
  shiftLeft(dividend, <i32>bits);
  shiftLeft(divisor, <i32>bits);
  const count = <usize>load<u32>(divisor);
  const filled = <usize>load<u32>(dividend);
  const needed = count + 2;
  if (filled < needed) memory.fill(dividend + LIMBS + (filled << 2), 0, (needed - filled) << 2);
  const high: u64 = divideStep(dividend + LIMBS + 4, divisor + LIMBS, count);
  const low: u64 = divideStep(dividend + LIMBS, divisor + LIMBS, count);
  hasRemainder = false;
  for (let i: usize = 0; i < count; i++) {
    if (load<u32>(dividend + LIMBS + (i << 2)) != 0) hasRemainder = true;
  }
  return (high << 32) | low;
}

/** One quotient limb (D3 to D6) of the `count + 1` limbs at `window`, which keep the remainder. */
function divideStep(window: usize, divisor: usize, count: usize): u32 {
  const top = window + (count << 2);
  const first: u64 = load<u32>(divisor + (count << 2) - 4);
  const second: u64 = load<u32>(divisor + (count << 2) - 8);
  const head = (<u64>load<u32>(top) << 32) | <u64>load<u32>(top - 4);
  let digit = head / first;
  let rest = head % first;
  while (digit > LOW_HALF || digit * second > ((rest << 32) | <u64>load<u32>(top - 8))) {
    digit--;
    rest += first;
    if (rest > LOW_HALF) break;
  }
  let borrow: u64 = 0;
  let carry: u64 = 0;
  for (let i: usize = 0; i < count << 2; i += 4) {
    carry += digit * <u64>load<u32>(divisor + i);
    const difference = <u64>load<u32>(window + i) - (carry & LOW_HALF) - borrow;
    store<u32>(window + i, <u32>difference);
    borrow = difference >> 63;
    carry >>= 32;
  }
  const difference = <u64>load<u32>(top) - carry - borrow;
  store<u32>(top, <u32>difference);
  if (difference >> 63 == 0) return <u32>digit;
  carry = 0;
  for (let i: usize = 0; i < count << 2; i += 4) {
    carry += <u64>load<u32>(window + i) + <u64>load<u32>(divisor + i);
    store<u32>(window + i, <u32>carry);
    carry >>= 32;
  }
  store<u32>(top, load<u32>(top) + <u32>carry);
  return <u32>digit - 1;
}
