/**
 * Decimal to the nearest IEEE 754 double, ties to even, and double to its shortest decimal, both exact and with integers alone.
 *
 * A double is `significand * 2^binaryExponent`, the significand below 2^53. The shortest decimal is found as Steele and White (1990)
 * define it: the fewest digits that read back as the same double, and of these the closest to it.
 */
import {
  BIG_BYTES,
  bitLength,
  divide,
  hasRemainder,
  multiply,
  multiplyAdd,
  multiplyPower5,
  set,
  shiftedRight,
  shiftLeft,
} from "./big";

const SIGNIFICAND_BITS: i32 = 53;
/** Exponents of the first bit of the smallest normal and of the largest double. */
const MIN_NORMAL: i32 = -1022;
const MAX_NORMAL: i32 = 1023;
const MIN_BINARY_EXPONENT: i32 = -1074;
const HIDDEN_BIT: u64 = 0x10000000000000;
/** log10(2) * 2^18 */
const LOG10_OF_2: i32 = 78913;

/** Result of `findShortest`: decimalMantissa * 10^decimalExponent, the mantissa not divisible by 10 unless it is 0. */
export let decimalMantissa: u64 = 0;
export let decimalExponent: i32 = 0;

export function setDecimal(mantissa: u64, exponent: i32): void {
  decimalMantissa = mantissa;
  decimalExponent = exponent;
}

const numerator: usize = memory.data(BIG_BYTES, 8);
const denominator: usize = memory.data(BIG_BYTES, 8);
const scratch: usize = memory.data(BIG_BYTES, 8);
let scale: i32 = 0;
let significand: u64 = 0;
let binaryExponent: i32 = 0;

/** Begins a decimal: digits * 10^exponent, not 0 once all is appended. */
export function readDigits(digits: u64, exponent: i32): void {
  set(numerator, digits);
  scale = exponent;
}

/** Puts further digits behind: numerator * factor + digits. `dropped` is how many digits behind these are left out; the scale
 * given to `readDigits` is that of the last digit of all. */
export function appendDigits(factor: u32, digits: u32, dropped: i32): void {
  multiplyAdd(numerator, factor, digits);
  scale += dropped;
}

/** Rounds the decimal read to the nearest double, 0 included. False when that is infinite. */
export function roundToDouble(): bool {
  let quotient: u64 = 0;
  let exponent = scale;
  if (scale >= 0) {
    multiplyPower5(numerator, scale);
    const surplus = bitLength(numerator) - 64;
    if (surplus < 0) shiftLeft(numerator, -surplus);
    quotient = shiftedRight(numerator, max(surplus, 0));
    exponent += surplus;
  } else {
    set(denominator, 1);
    multiplyPower5(denominator, -scale);
    const shift = 63 - (bitLength(numerator) - bitLength(denominator));
    if (shift > 0) shiftLeft(numerator, shift);
    else shiftLeft(denominator, -shift);
    quotient = divide(numerator, denominator);
    exponent -= shift;
  }
  return roundQuotient(quotient, exponent, hasRemainder);
}

/** Rounds (quotient + less than one, if `more`) * 2^exponent; the quotient is at least 2^62. */
function roundQuotient(quotient: u64, exponent: i32, more: bool): bool {
  const bits = 64 - <i32>clz(quotient);
  const first = exponent + bits - 1;
  const precision = first >= MIN_NORMAL ? SIGNIFICAND_BITS : SIGNIFICAND_BITS - (MIN_NORMAL - first);
  significand = 0;
  binaryExponent = MIN_BINARY_EXPONENT;
  if (precision < 0) return true;
  const dropped = <u64>(bits - precision);
  // With no bit of precision left a quotient of 64 bits is dropped whole.
  const kept: u64 = dropped > 63 ? 0 : quotient >> dropped;
  const rest = dropped > 63 ? quotient : quotient & ((<u64>1 << dropped) - 1);
  const half = <u64>1 << (dropped - 1);
  significand = kept;
  if (rest > half || (rest == half && (more || (kept & 1) == 1))) significand++;
  binaryExponent = exponent + <i32>dropped;
  if (significand == HIDDEN_BIT << 1) {
    significand = HIDDEN_BIT;
    binaryExponent++;
  }
  return binaryExponent + SIGNIFICAND_BITS - 1 <= MAX_NORMAL || significand < HIDDEN_BIT;
}

/** Finds the shortest decimal of the double rounded to last. */
export function findShortest(): void {
  if (significand == 0) return setDecimal(0, 0);
  // The double over 10^power lies between 10^16 and 10^18, so that 17 digits or fewer stand before the point.
  const firstBit = binaryExponent + 63 - <i32>clz(significand);
  const power = ((firstBit * LOG10_OF_2) >> 18) - 16;
  set(denominator, 1);
  multiplyPower5(denominator, abs(power));
  // In eighths: half the way to the next double above is 4, and below too but under a power of two, where it is 2.
  const value = significand << 3;
  const isPowerOf2 = significand == HIDDEN_BIT && binaryExponent > MIN_BINARY_EXPONENT;
  const isOdd = (significand & 1) == 1;
  const shift = binaryExponent - 3 - power;
  let low = scaled(value - (isPowerOf2 ? 2 : 4), power, shift);
  if (hasRemainder || isOdd) low++;
  let high = scaled(value + 4, power, shift);
  if (!hasRemainder && isOdd) high--;
  const doubled = scaled(value << 1, power, shift);
  chooseShortest(low, high, doubled, hasRemainder, power);
}

/** floor(value * 2^shift * 5^-power); the denominator holds 5^|power|. */
function scaled(value: u64, power: i32, shift: i32): u64 {
  if (power <= 0) {
    multiply(scratch, denominator, value);
    if (shift > 0) shiftLeft(scratch, shift);
    return shiftedRight(scratch, max(-shift, 0));
  }
  set(scratch, value);
  shiftLeft(scratch, shift);
  memory.copy(numerator, denominator, BIG_BYTES);
  return divide(scratch, numerator);
}

/**
 * Of the integers from `low` to `high`, takes the one with the most zeros at its end, and of these the closest to the double, which is
 * half of `doubled` (and a little more, if `more`). Everything is in units of 10^power.
 */
function chooseShortest(low: u64, high: u64, doubled: u64, more: bool, power: i32): void {
  let unit: u64 = 1;
  while (true) {
    const larger = unit * 10;
    if ((high / larger) * larger < low) break;
    unit = larger;
    power++;
  }
  const below = (doubled >> 1) / unit;
  const rest = doubled - below * unit * 2;
  let chosen = below;
  if (below * unit < low) chosen++;
  else if ((below + 1) * unit <= high && (rest > unit || (rest == unit && (more || (below & 1) == 1)))) chosen++;
  setDecimal(chosen, power);
}
