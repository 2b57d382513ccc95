/**
 * Values as conditions see them: { u32 kind, u32 first, u32 second } in the memory, named by their address.
 *
 *   VALUE_MISSING   not there, or JSON null
 *   VALUE_STRING    first: address of the text, second: its bytes
 *   VALUE_NODE      a number of an input; first: its tape node
 *   VALUE_ENTRY     a number of the bundle; first: its NUMBERS entry
 *   VALUE_INTEGER   a natural number that was computed: u64 in first and second
 *   VALUE_MICROS    the same in millionths
 *   VALUE_BOOLEAN   first: 0 or 1
 *   VALUE_LIST      first: its tape node
 *   VALUE_INTERVAL  of a meter's value: evaluate/memory.ts; first: its row
 *   VALUE_OBJECT    and all else that no test takes
 */
import {
  KIND_FALSE,
  KIND_LIST,
  KIND_NULL,
  KIND_NUMBER,
  KIND_STRING,
  KIND_TRUE,
  kindOf,
  lengthOf,
  textOf,
} from "../json/tape";
import {
  compareRead,
  exponent,
  mantissa,
  negative,
  readComputed,
  readEntry,
  readNode,
} from "../number/decimal";

export const VALUE_MISSING: u32 = 0;
export const VALUE_STRING: u32 = 1;
export const VALUE_NODE: u32 = 2;
export const VALUE_ENTRY: u32 = 3;
export const VALUE_INTEGER: u32 = 4;
export const VALUE_MICROS: u32 = 5;
export const VALUE_BOOLEAN: u32 = 6;
export const VALUE_LIST: u32 = 7;
export const VALUE_OBJECT: u32 = 8;
export const VALUE_INTERVAL: u32 = 9;

const MICROS_EXPONENT: i32 = -6;

export function setValue(value: usize, kind: u32, first: usize, second: u32): void {
  store<u32>(value, kind);
  store<u32>(value, <u32>first, 4);
  store<u32>(value, second, 8);
}

export function setInteger(value: usize, integer: u64): void {
  setValue(value, VALUE_INTEGER, <u32>integer, <u32>(integer >> 32));
}

export function setMicros(value: usize, count: u64): void {
  setValue(value, VALUE_MICROS, <u32>count, <u32>(count >> 32));
}

/** The value of a tape node; 0 is no node. */
export function setNode(value: usize, node: usize): void {
  if (node == 0) {
    store<u32>(value, VALUE_MISSING);
    return;
  }
  switch (kindOf(node)) {
    case KIND_NULL:
      store<u32>(value, VALUE_MISSING);
      return;
    case KIND_STRING:
      setValue(value, VALUE_STRING, textOf(node), lengthOf(node));
      return;
    case KIND_NUMBER:
      setValue(value, VALUE_NODE, node, 0);
      return;
    case KIND_FALSE:
      setValue(value, VALUE_BOOLEAN, 0, 0);
      return;
    case KIND_TRUE:
      setValue(value, VALUE_BOOLEAN, 1, 0);
      return;
    case KIND_LIST:
      setValue(value, VALUE_LIST, node, 0);
      return;
    default:
      store<u32>(value, VALUE_OBJECT);
  }
}

export function kindOfValue(value: usize): u32 {
  return load<u32>(value);
}

/** Address of a string's text; node, entry or boolean of another value. */
export function firstOfValue(value: usize): usize {
  return load<u32>(value, 4);
}

/** Bytes of a string. */
export function secondOfValue(value: usize): u32 {
  return load<u32>(value, 8);
}

export function isNumber(kind: u32): bool {
  return kind - VALUE_NODE <= VALUE_MICROS - VALUE_NODE;
}

function isComputed(kind: u32): bool {
  return kind == VALUE_INTEGER || kind == VALUE_MICROS;
}

/** Of a computed number: the power of ten that its integer counts. */
function exponentOf(value: usize): i32 {
  return kindOfValue(value) == VALUE_MICROS ? MICROS_EXPONENT : 0;
}

/** -1, 0 or 1: the order of two numbers. */
export function compareNumbers(left: usize, right: usize): i32 {
  const leftKind = kindOfValue(left);
  const rightKind = kindOfValue(right);
  if (isComputed(leftKind)) {
    const integer = load<u64>(left, 4);
    if (leftKind == rightKind) {
      const other = load<u64>(right, 4);
      return <i32>(integer > other) - <i32>(integer < other);
    }
    // Turned round: the other value is read, this one compared with it.
    readNumber(right);
    return -compareRead(integer, exponentOf(left), false);
  }
  readNumber(left);
  if (isComputed(rightKind)) return compareRead(load<u64>(right, 4), exponentOf(right), false);
  if (rightKind == VALUE_ENTRY) {
    const entry = firstOfValue(right);
    return compareRead(load<u64>(entry), load<i32>(entry, 8), load<u32>(entry, 12) != 0);
  }
  const leftMantissa = mantissa;
  const leftExponent = exponent;
  const leftNegative = negative;
  readNode(firstOfValue(right));
  return -compareRead(leftMantissa, leftExponent, leftNegative);
}

function readNumber(value: usize): void {
  const kind = kindOfValue(value);
  if (kind == VALUE_NODE) readNode(firstOfValue(value));
  else if (kind == VALUE_ENTRY) readEntry(firstOfValue(value));
  else readComputed(load<u64>(value, 4), exponentOf(value));
}
