/** The tests of an instruction on values: one of four truth values each. engine/ABI.md "Tests". */
import {
  FALSE,
  LIST_NUMBERS,
  LIST_STRINGS,
  MISSING,
  OP_ENDS_WITH,
  OP_EQ,
  OP_GT,
  OP_LE,
  OP_LT,
  OP_NE,
  TRUE,
  WRONG_TYPE,
} from "../../constants";
import { LIST_BYTES, lists, numberAt, sliceCount, sliceFirst, stringLength, stringText } from "../bundle";
import { equal } from "../json/bytes";
import { firstOf, KIND_STRING, kindOf, lengthOf, nextOf, textOf } from "../json/tape";
import { compareBytes } from "../load/text";
import { LEFT, RIGHT } from "../memory";
import { matches } from "./automaton";
import { setEnd } from "./memory";
import { contains } from "./search";
import {
  compareNumbers,
  firstOfValue,
  isNumber,
  kindOfValue,
  secondOfValue,
  setNode,
  setValue,
  VALUE_BOOLEAN,
  VALUE_ENTRY,
  VALUE_INTERVAL,
  VALUE_LIST,
  VALUE_MISSING,
  VALUE_OBJECT,
  VALUE_STRING,
} from "./values";

function truth(value: bool): u32 {
  return value ? TRUE : FALSE;
}

export function not(value: u32): u32 {
  return value == TRUE ? FALSE : value == FALSE ? TRUE : value;
}

/** EQ to GE. A list is never a number: the compiler asks for a declared list's length by OPERAND_LENGTH. */
export function compare(op: u32, left: usize, right: usize): u32 {
  const leftKind = kindOfValue(left);
  const rightKind = kindOfValue(right);
  if (leftKind == VALUE_MISSING || rightKind == VALUE_MISSING) return MISSING;
  if (leftKind == VALUE_INTERVAL || rightKind == VALUE_INTERVAL) return compareInterval(op, left, right);
  if (op == OP_EQ) return equals(left, right);
  if (op == OP_NE) return not(equals(left, right));
  if (!isNumber(leftKind) || !isNumber(rightKind)) return WRONG_TYPE;
  const order = compareNumbers(left, right);
  switch (op) {
    case OP_LT:
      return truth(order < 0);
    case OP_LE:
      return truth(order <= 0);
    case OP_GT:
      return truth(order > 0);
    default:
      return truth(order >= 0);
  }
}

/** EQ to GE of two values one of which is an interval, which is lost: both its ends must give one answer; it equals nothing outside. */
function compareInterval(op: u32, left: usize, right: usize): u32 {
  const isLeft = kindOfValue(left) == VALUE_INTERVAL;
  const room = isLeft ? left : right;
  const other = isLeft ? right : left;
  const meter = firstOfValue(room);
  setEnd(room, meter, false);
  const atLeast = compare(op, left, right);
  if (atLeast == WRONG_TYPE) return atLeast;
  const isBelow = compareNumbers(other, room) < 0;
  setEnd(room, meter, true);
  if (op == OP_EQ || op == OP_NE) {
    if (!isBelow && compareNumbers(other, room) <= 0) return WRONG_TYPE;
    return op == OP_EQ ? FALSE : TRUE;
  }
  return compare(op, left, right) == atLeast ? atLeast : WRONG_TYPE;
}

/** Of two values that are there. */
function equals(left: usize, right: usize): u32 {
  const kind = kindOfValue(left);
  const other = kindOfValue(right);
  if (kind == VALUE_STRING && other == VALUE_STRING) return truth(sameText(left, right));
  if (isNumber(kind) && isNumber(other)) return truth(compareNumbers(left, right) == 0);
  if (kind == VALUE_BOOLEAN && other == VALUE_BOOLEAN)
    return truth(firstOfValue(left) == firstOfValue(right));
  return WRONG_TYPE;
}

function sameText(left: usize, right: usize): bool {
  const length = secondOfValue(left);
  return length == secondOfValue(right) && equal(firstOfValue(left), firstOfValue(right), length);
}

/** The OR of == over a list of the bundle. */
export function isIn(value: usize, id: u32): u32 {
  const list = lists + <usize>id * LIST_BYTES;
  const count = sliceCount(list + 4);
  if (count == 0) return FALSE;
  const kind = kindOfValue(value);
  if (kind == VALUE_MISSING) return MISSING;
  const first = sliceFirst(list + 4);
  switch (load<u32>(list)) {
    case LIST_STRINGS:
      return kind == VALUE_STRING ? truth(isAmongStrings(value, first, count)) : WRONG_TYPE;
    case LIST_NUMBERS:
      return isNumber(kind) ? truth(isAmongNumbers(value, first, count)) : WRONG_TYPE;
    default:
      if (kind != VALUE_BOOLEAN) return WRONG_TYPE;
      return truth(isAmongBooleans(<u32>firstOfValue(value), first, count));
  }
}

/** Whether the text is one of the `count` strings whose ids, ascending as their texts do, stand at `ids`. */
export function isAmong(text: usize, length: u32, ids: usize, count: u32): bool {
  let low: u32 = 0;
  while (low < count) {
    const middle = (low + count) >> 1;
    const id = load<u32>(ids + 4 * <usize>middle);
    const order = compareBytes(text, length, stringText(id), stringLength(id));
    if (order == 0) return true;
    if (order < 0) count = middle;
    else low = middle + 1;
  }
  return false;
}

/** At most two ids, ascending: the first or the last. */
function isAmongBooleans(value: u32, ids: usize, count: u32): bool {
  return load<u32>(ids) == value || load<u32>(ids + 4 * <usize>(count - 1)) == value;
}

function isAmongStrings(value: usize, ids: usize, count: u32): bool {
  return isAmong(firstOfValue(value), secondOfValue(value), ids, count);
}

function isAmongNumbers(value: usize, ids: usize, count: u32): bool {
  let low: u32 = 0;
  while (low < count) {
    const middle = (low + count) >> 1;
    setValue(RIGHT, VALUE_ENTRY, numberAt(load<u32>(ids + 4 * <usize>middle)), 0);
    const order = compareNumbers(value, RIGHT);
    if (order == 0) return true;
    if (order < 0) count = middle;
    else low = middle + 1;
  }
  return false;
}

/** A substring of a string, or a scalar among a list's elements: the OR of ==. */
export function holds(left: usize, right: usize): u32 {
  const kind = kindOfValue(left);
  const other = kindOfValue(right);
  if (kind == VALUE_MISSING || other == VALUE_MISSING) return MISSING;
  if (kind == VALUE_STRING) {
    if (other != VALUE_STRING) return WRONG_TYPE;
    return truth(
      contains(firstOfValue(left), secondOfValue(left), firstOfValue(right), secondOfValue(right)),
    );
  }
  if (kind != VALUE_LIST || other == VALUE_LIST || other == VALUE_OBJECT) return WRONG_TYPE;
  const list = firstOfValue(left);
  const end = nextOf(list);
  let result = FALSE;
  for (let node = firstOf(list); node < end && result != TRUE; node = nextOf(node)) {
    setNode(LEFT, node);
    result = max(result, kindOfValue(LEFT) == VALUE_MISSING ? MISSING : equals(LEFT, right));
  }
  return result;
}

/** STARTS_WITH and ENDS_WITH. */
export function affix(op: u32, left: usize, right: usize): u32 {
  const kind = kindOfValue(left);
  const other = kindOfValue(right);
  if (kind == VALUE_MISSING || other == VALUE_MISSING) return MISSING;
  if (kind != VALUE_STRING || other != VALUE_STRING) return WRONG_TYPE;
  const length = secondOfValue(left);
  const part = secondOfValue(right);
  if (part > length) return FALSE;
  const start = firstOfValue(left) + (op == OP_ENDS_WITH ? <usize>(length - part) : 0);
  return truth(equal(start, firstOfValue(right), part));
}

export function isMatch(value: usize, automaton: u32): u32 {
  const kind = kindOfValue(value);
  if (kind == VALUE_MISSING) return MISSING;
  if (kind != VALUE_STRING) return WRONG_TYPE;
  return truth(matches(automaton, firstOfValue(value), secondOfValue(value)));
}

/** The OR over a list's elements; one that is no string is of the wrong type. */
export function anyMatches(value: usize, automaton: u32): u32 {
  const kind = kindOfValue(value);
  if (kind == VALUE_MISSING) return MISSING;
  if (kind != VALUE_LIST) return WRONG_TYPE;
  const list = firstOfValue(value);
  const end = nextOf(list);
  let result = FALSE;
  for (let node = firstOf(list); node < end && result != TRUE; node = nextOf(node)) {
    const isText = kindOf(node) == KIND_STRING;
    result = max(result, isText ? truth(matches(automaton, textOf(node), lengthOf(node))) : WRONG_TYPE);
  }
  return result;
}
