/**
 * Numbers of a JSON text to their canonical text: RFC 8785 section 3.2.2.3, that is ECMAScript's Number::toString of the nearest double.
 *
 * A decimal of at most 15 significant digits within the range of normal doubles is itself the shortest text of its double, so only
 * its notation may change. Everything else goes through exact integers of any length.
 */
import { CODE_INTEGER_INEXACT, CODE_NUMBER_OUT_OF_RANGE } from "../../constants";
import { isDigit, LOWER_BIT, LOWER_E, MINUS, PLUS, POINT, ZERO } from "../json/ascii";
import { refuse, room, setRoom, unexpected } from "../json/state";
import { KIND_NUMBER, NODE_BYTES } from "../json/tape";
import {
  appendDigits,
  decimalExponent,
  decimalMantissa,
  findShortest,
  readDigits,
  roundToDouble,
  setDecimal,
} from "./double";

/** Decimals of no more digits than this survive the way through a double. */
const SAFE_DIGITS: i32 = 15;
/** Within 10^-SAFE_MAGNITUDE and 10^SAFE_MAGNITUDE all doubles are normal. */
const SAFE_MAGNITUDE: i32 = 290;
/** Digits of the longest shortest text. */
const MAX_DIGITS: i32 = 17;
/** Up to 2^53 every integer is a double. */
const MAX_EXACT: u64 = 0x20000000000000;
/** Digits that fit `leading`. */
const MAX_TAKEN: i32 = 19;
/** The half-way point between two doubles has at most 767 digits. */
const MAX_MATTERING: i32 = 800;
/** A written exponent beyond this is cut down to it: no text has so many digits that they could make up for it. */
const MAX_EXPONENT: i32 = 100000000;
/** The largest double is below 10^309, and half the smallest above 10^-324. */
const MAX_MAGNITUDE: i32 = 309;
const MIN_MAGNITUDE: i32 = -323;
/** Where the decimal point may stand without an exponent, counted from the first digit. */
const MAX_POINT: i32 = 21;
const MIN_POINT: i32 = -5;
/** `0.` */
const ZERO_POINT: u32 = 0x2e30;
/** Six zeros: from `0.` and these on, an exponent is written. */
const ZEROS: u64 = 0x303030303030;

/** Reads the number at `at` into the node, which gets its canonical text. The address behind it, or 0 after a fault. */
export function readNumber(at: usize, node: usize): usize {
  const start = at;
  if (load<u8>(at) == MINUS) at++;
  const digits = at;
  let byte: u32 = load<u8>(at);
  if (!isDigit(byte)) return unexpected(at);
  do {
    byte = load<u8>(++at);
  } while (isDigit(byte));
  const leadingZero = load<u8>(digits) == ZERO;
  if (leadingZero && at - digits > 1) return unexpected(digits + 1);
  let end = at;
  let isSmall = false;
  if (byte == POINT) {
    const fraction = at + 1;
    at = passDigits(fraction);
    if (at == fraction) return unexpected(at);
    byte = load<u8>(at);
    end = at;
    while (load<u8>(end - 1) == ZERO) end--;
    if (end == fraction) end--;
    isSmall = leadingZero && (load<u64>(fraction) & 0xffffffffffff) == ZEROS;
    // The point is no digit.
    if (end > fraction && <i32>(end - digits) == SAFE_DIGITS + 1 && !isSmall && (byte | LOWER_BIT) != LOWER_E) {
      return finishNode(node, start, end, at);
    }
  }
  if ((byte | LOWER_BIT) != LOWER_E && <i32>(end - digits) <= SAFE_DIGITS && !isSmall) {
    const isZero = leadingZero && end - digits == 1;
    return finishNode(node, isZero ? digits : start, end, at);
  }
  return readUnusual(start, digits, at, node);
}

function passDigits(at: usize): usize {
  while (isDigit(load<u8>(at))) at++;
  return at;
}

// @ts-ignore: decorator
@inline
function finishNode(node: usize, text: usize, textEnd: usize, at: usize): usize {
  store<u32>(node, KIND_NUMBER);
  store<u32>(node, <u32>text, 4);
  store<u32>(node, <u32>(textEnd - text), 8);
  store<u32>(node, <u32>(node + NODE_BYTES), 12);
  return at;
}

/** A number that is not canonical as it stands: [digits, at) has no exponent; one may follow. */
function readUnusual(start: usize, digits: usize, at: usize, node: usize): usize {
  const digitsEnd = at;
  let exponent: i32 = 0;
  if ((<u32>load<u8>(at) | LOWER_BIT) == LOWER_E) {
    const sign: u32 = load<u8>(++at);
    if (sign == PLUS || sign == MINUS) at++;
    if (!isDigit(load<u8>(at))) return unexpected(at);
    for (; isDigit(load<u8>(at)); at++) exponent = min(exponent * 10 + <i32>(load<u8>(at) - ZERO), MAX_EXPONENT);
    if (sign == MINUS) exponent = -exponent;
  }
  scanDigits(digits, digitsEnd);
  const text = room;
  let out = text;
  if (significant == 0) {
    store<u8>(out++, ZERO);
  } else {
    const code = convert(exponent + pointShift);
    if (code != 0) return refuse(code, start);
    if (start != digits && decimalMantissa != 0) store<u8>(out++, MINUS);
    out = format(decimalMantissa, decimalExponent, out);
  }
  setRoom(out);
  return finishNode(node, text, out, at);
}

// The significant digits found by `scanDigits`, without zeros at either end.
let significant: i32 = 0;
let firstDigit: usize = 0;
let lastDigit: usize = 0;
/** The power of ten of the last significant digit, as the point stands. */
let pointShift: i32 = 0;
/** Value of the first 19 significant digits or fewer. */
let leading: u64 = 0;

/** Finds the significant digits of [digits, end), which may hold a point. */
function scanDigits(digits: usize, end: usize): void {
  significant = 0;
  leading = 0;
  let point: usize = 0;
  let count: i32 = 0;
  for (let at = digits; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == POINT) {
      point = at;
      continue;
    }
    if (count == 0) {
      if (byte == ZERO) continue;
      firstDigit = at;
    }
    count++;
    if (byte != ZERO) {
      significant = count;
      lastDigit = at;
    }
  }
  if (significant == 0) return;
  if (point == 0) point = end;
  pointShift = lastDigit < point ? <i32>(point - lastDigit) - 1 : -<i32>(lastDigit - point);
  let taken: i32 = 0;
  for (let at = firstDigit; at <= lastDigit && taken < MAX_TAKEN; at++) {
    if (load<u8>(at) == POINT) continue;
    leading = leading * 10 + (load<u8>(at) - ZERO);
    taken++;
  }
}

/**
 * Finds the shortest decimal of the double nearest to the scanned digits times 10^exponent (of the last digit): `decimalMantissa`
 * without zeros at its end, and `decimalExponent`. 0, or a CODE_*.
 */
function convert(exponent: i32): u32 {
  const magnitude = significant + exponent;
  const isSafe = significant <= SAFE_DIGITS && magnitude <= SAFE_MAGNITUDE && magnitude >= -SAFE_MAGNITUDE;
  if (isSafe || (exponent == 0 && significant <= MAX_DIGITS && leading <= MAX_EXACT)) {
    setDecimal(leading, exponent);
    return 0;
  }
  if (magnitude > MAX_MAGNITUDE) return CODE_NUMBER_OUT_OF_RANGE;
  if (magnitude < MIN_MAGNITUDE) {
    setDecimal(0, 0);
    return 0;
  }
  if (significant > MAX_TAKEN) readLongDigits(exponent);
  else readDigits(leading, exponent);
  if (!roundToDouble()) return CODE_NUMBER_OUT_OF_RANGE;
  findShortest();
  const isInteger = exponent >= 0;
  const isSame = significant <= MAX_DIGITS && decimalMantissa == leading && decimalExponent == exponent;
  return isInteger && !isSame ? CODE_INTEGER_INEXACT : 0;
}

/** Hands the scanned digits, all or as many as can matter, to the exact conversion. */
function readLongDigits(exponent: i32): void {
  readDigits(0, exponent);
  let chunk: u32 = 0;
  let factor: u32 = 1;
  let taken: i32 = 0;
  for (let at = firstDigit; at <= lastDigit && taken < MAX_MATTERING; at++) {
    const digit = <u32>load<u8>(at) - ZERO;
    if (digit > 9) continue;
    chunk = chunk * 10 + digit;
    factor *= 10;
    taken++;
    if (factor == 1000000000) {
      appendDigits(factor, chunk, 0);
      chunk = 0;
      factor = 1;
    }
  }
  appendDigits(factor, chunk, 0);
  // What was left out is not zero: a digit 1 in its place keeps the number off every half-way point.
  if (taken < significant) appendDigits(10, 1, significant - taken - 1);
}

/** Writes mantissa * 10^exponent in ECMAScript's notation (Number::toString, steps 6 to 12); the address behind it. */
function format(mantissa: u64, exponent: i32, out: usize): usize {
  if (mantissa == 0) {
    store<u8>(out, ZERO);
    return out + 1;
  }
  const digits = countDigits(mantissa);
  const point = digits + exponent;
  if (point > MAX_POINT || point < MIN_POINT) {
    out = writeDigits(mantissa, digits, 1, out);
    store<u8>(out, LOWER_E);
    store<u8>(out, point > 0 ? PLUS : MINUS, 1);
    const shown = <u64>abs(point - 1);
    const shownDigits = countDigits(shown);
    return writeDigits(shown, shownDigits, shownDigits, out + 2);
  }
  if (point <= 0) {
    store<u16>(out, ZERO_POINT);
    out += 2;
    for (let i = point; i < 0; i++) store<u8>(out++, ZERO);
    return writeDigits(mantissa, digits, digits, out);
  }
  out = writeDigits(mantissa, digits, min(point, digits), out);
  for (let i = digits; i < point; i++) store<u8>(out++, ZERO);
  return out;
}

/** Writes a number's digits with a point behind the first `whole`, or none if those are all; the address behind them. */
function writeDigits(value: u64, digits: i32, whole: i32, out: usize): usize {
  const hasPoint = whole < digits;
  const end = out + digits + <usize>hasPoint;
  let at = end;
  for (let i = digits; i > 0; i--) {
    if (hasPoint && i == whole) store<u8>(--at, POINT);
    store<u8>(--at, ZERO + <u32>(value % 10));
    value /= 10;
  }
  return end;
}

/** Digits of a decimal integer; 1 for 0. */
export function countDigits(value: u64): i32 {
  let count = 1;
  while (value >= 10) {
    value /= 10;
    count++;
  }
  return count;
}

/** Writes a decimal integer, at most 20 bytes; the address behind it. */
export function writeInteger(value: u64, out: usize): usize {
  const digits = countDigits(value);
  return writeDigits(value, digits, digits, out);
}
