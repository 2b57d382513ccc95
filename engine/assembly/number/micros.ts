/** Amounts as whole millionths, exactly. */
import { isDigit, POINT, ZERO } from "../json/ascii";
import { KIND_NUMBER, KIND_STRING, kindOf, lengthOf, textOf } from "../json/tape";
import { exponent, mantissa, negative, power10, readNode } from "./decimal";
import { countDigits } from "./text";

const DECIMALS: i32 = 6;
/** Amounts are below 10^18 millionths, so that sums of a few do not wrap. */
const MAX_DIGITS: i32 = 18;

/** Set by the readers below. */
export let micros: u64 = 0;

/** Reads a number node: 0 or more, at most six decimals, below 10^18 millionths. False for another. */
export function readMicros(node: usize): bool {
  if (kindOf(node) != KIND_NUMBER) return false;
  readNode(node);
  if (negative || exponent < -DECIMALS || countDigits(mantissa) + exponent + DECIMALS > MAX_DIGITS) return false;
  micros = mantissa * power10(exponent + DECIMALS);
  return true;
}

/** The same of a number, or of a string of digits with up to six behind a point. */
export function readMoney(node: usize): bool {
  if (kindOf(node) != KIND_STRING) return readMicros(node);
  const text = textOf(node);
  const end = text + lengthOf(node);
  let point: usize = 0;
  let digits: i32 = 0;
  let value: u64 = 0;
  for (let at = text; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == POINT && point == 0 && at > text) {
      point = at;
      continue;
    }
    // Nineteen digits are more than any amount has, and do not wrap.
    if (!isDigit(byte) || ++digits > MAX_DIGITS) return false;
    value = value * 10 + (byte - ZERO);
  }
  const decimals = point == 0 ? 0 : <i32>(end - point) - 1;
  const isPlain = digits != 0 && !(load<u8>(text) == ZERO && digits - decimals > 1);
  if (!isPlain || (point != 0 && decimals == 0) || decimals > DECIMALS) return false;
  if (value != 0 && countDigits(value) + DECIMALS - decimals > MAX_DIGITS) return false;
  micros = value * power10(DECIMALS - decimals);
  return true;
}
