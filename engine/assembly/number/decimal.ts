/** Exact decimal values of canonical number texts, and their order. No value is ever rounded here. */
import { isDigit, MINUS, POINT, ZERO } from "../json/ascii";
import { lengthOf, textOf } from "../json/tape";
import { countDigits } from "./text";

// The value read last: (-1)^negative * mantissa * 10^exponent, mantissa not divisible by 10, zero is {0, 0, false}.
export let mantissa: u64 = 0;
export let exponent: i32 = 0;
export let negative: bool = false;

/** Reads a number node. */
export function readNode(node: usize): void {
  let at = textOf(node);
  const end = at + lengthOf(node);
  negative = load<u8>(at) == MINUS;
  if (negative) at++;
  // Zeros are only taken in when a digit follows them, so the mantissa ends in none.
  mantissa = 0;
  exponent = 0;
  let zeros: i32 = 0;
  let decimals: i32 = 0;
  let afterPoint: i32 = 0;
  for (; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == POINT) {
      afterPoint = 1;
      continue;
    }
    if (!isDigit(byte)) {
      readExponent(at + 1, end);
      break;
    }
    decimals += afterPoint;
    if (byte == ZERO) {
      zeros++;
      continue;
    }
    mantissa = mantissa * power10(zeros + 1) + (byte - ZERO);
    zeros = 0;
  }
  if (mantissa == 0) exponent = 0;
  else exponent += zeros - decimals;
}

/** The exponent's sign and digits, behind the `e`. */
function readExponent(at: usize, end: usize): void {
  const sign: u32 = load<u8>(at++);
  for (; at < end; at++) exponent = exponent * 10 + <i32>(load<u8>(at) - ZERO);
  if (sign == MINUS) exponent = -exponent;
}

/** Reads a NUMBERS entry of the bundle. */
export function readEntry(entry: usize): void {
  mantissa = load<u64>(entry);
  exponent = load<i32>(entry, 8);
  negative = load<u32>(entry, 12) != 0;
}

/** Takes value * 10^power, below 10^19 * 10^power, as the value read last. */
export function readComputed(value: u64, power: i32): void {
  mantissa = value;
  exponent = power;
  negative = false;
}

/** -1, 0 or 1: the order of two number nodes. */
export function compareNodes(left: usize, right: usize): i32 {
  readNode(right);
  const rightMantissa = mantissa;
  const rightExponent = exponent;
  const rightNegative = negative;
  readNode(left);
  return compareRead(rightMantissa, rightExponent, rightNegative);
}

/** -1, 0 or 1: the order of a number node and a NUMBERS entry (mantissa below 10^19). */
export function compareEntry(node: usize, entry: usize): i32 {
  readNode(node);
  return compareRead(load<u64>(entry), load<i32>(entry, 8), load<u32>(entry, 12) != 0);
}

/** -1, 0 or 1: the order of the value read last and a non-negative integer below 10^19, such as a length. */
export function compareInteger(value: u64): i32 {
  return compareRead(value, 0, false);
}

/** -1, 0 or 1: the order of the value read last and (-1)^otherNegative * otherMantissa * 10^otherExponent. */
export function compareRead(otherMantissa: u64, otherExponent: i32, otherNegative: bool): i32 {
  if (mantissa == 0 || otherMantissa == 0 || negative != otherNegative) {
    const sign = mantissa == 0 ? 0 : negative ? -1 : 1;
    const otherSign = otherMantissa == 0 ? 0 : otherNegative ? -1 : 1;
    return <i32>(sign > otherSign) - <i32>(sign < otherSign);
  }
  const order = compareMagnitudes(mantissa, exponent, otherMantissa, otherExponent);
  return negative ? -order : order;
}

/** The order of two positive decimals, mantissas below 10^19. */
function compareMagnitudes(left: u64, leftExponent: i32, right: u64, rightExponent: i32): i32 {
  if (leftExponent != rightExponent) {
    const leftTop = countDigits(left) + leftExponent;
    const rightTop = countDigits(right) + rightExponent;
    if (leftTop != rightTop) return leftTop < rightTop ? -1 : 1;
    // Equally many digits before the point: brought to one exponent, both stay below 10^19.
    if (leftExponent > rightExponent) left *= power10(leftExponent - rightExponent);
    else right *= power10(rightExponent - leftExponent);
  }
  return <i32>(left > right) - <i32>(left < right);
}

export function power10(power: i32): u64 {
  let value: u64 = 1;
  for (; power > 0; power--) value *= 10;
  return value;
}

/** The node's value when it is an integer from 0 to 10^19 - 1 and at most `maximum`: then true, and `integer` holds it. */
export function readInteger(node: usize, maximum: u64): bool {
  readNode(node);
  if (negative || exponent < 0 || countDigits(mantissa) + exponent > 19) return false;
  integer = mantissa * power10(exponent);
  return integer <= maximum;
}
/** Set by `readInteger`. */
export let integer: u64 = 0;
