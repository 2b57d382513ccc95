/** Running a rule's code: postfix over a stack of truth values, forward jumps only. `load` has checked depths and targets. */
import {
  FALSE,
  MISSING,
  OP_AND,
  OP_ANY_MATCHES,
  OP_CONSTANT,
  OP_CONTAINS,
  OP_ENDS_WITH,
  OP_HAPPENED,
  OP_IN,
  OP_MATCHES,
  OP_NOT,
  OP_OR,
  OP_PRESENT,
  OP_SKIP_IF_FALSE,
  OP_SKIP_IF_TRUE,
  OP_STARTS_WITH,
  OP_TRUTH,
  OP_UNDER,
  OPERAND_BOOLEAN,
  OPERAND_COMPUTED,
  OPERAND_LENGTH,
  OPERAND_METER,
  OPERAND_NUMBER,
  OPERAND_PATH,
  TRACE_TEST,
  TRUE,
  WRONG_TYPE,
} from "../../constants";
import { CODE_BYTES, code, numberAt, stringLength, stringText } from "../bundle";
import { lengthOf } from "../json/tape";
import { LEFT, RIGHT, STACK } from "../memory";
import { traceEvent, tracing } from "../record/trace";
import { happened, setComputed, setMeter } from "./memory";
import { pathValue } from "./paths";
import { affix, anyMatches, compare, holds, isIn, isMatch, not } from "./tests";
import { under } from "./under";
import {
  firstOfValue,
  kindOfValue,
  secondOfValue,
  setInteger,
  setValue,
  VALUE_BOOLEAN,
  VALUE_ENTRY,
  VALUE_LIST,
  VALUE_MISSING,
  VALUE_OBJECT,
  VALUE_STRING,
} from "./values";

/** The truth value of `count` instructions from the one with that index; no instruction is TRUE. */
export function evaluate(first: u32, count: u32): u32 {
  if (count == 0) return TRUE;
  const base = code + <usize>first * CODE_BYTES;
  const end = base + <usize>count * CODE_BYTES;
  let top: usize = STACK;
  let result: u32 = TRUE;
  let at = base;
  while (at < end) {
    const op = <u32>load<u8>(at);
    switch (op) {
      case OP_AND:
        result = and(load<u8>(--top), result);
        break;
      case OP_OR:
        result = max(<u32>load<u8>(--top), result);
        break;
      case OP_NOT:
        result = not(result);
        break;
      case OP_SKIP_IF_FALSE:
      case OP_SKIP_IF_TRUE:
        if (result == (op == OP_SKIP_IF_FALSE ? FALSE : TRUE)) {
          at = base + <usize>load<u32>(at, 4) * CODE_BYTES;
          continue;
        }
        break;
      default:
        // The top is kept in `result`: what was there goes down, at the first test a value that nothing reads.
        store<u8>(top++, <u8>result);
        result = test(op, at);
        if (tracing) traceEvent(TRACE_TEST, result, <u32>((at - code) / CODE_BYTES));
    }
    at += CODE_BYTES;
  }
  return result;
}

/** False if either is; else the lesser in the order wrong type, missing, true. */
function and(left: u32, right: u32): u32 {
  if (left == FALSE || right == FALSE) return FALSE;
  if (left == WRONG_TYPE || right == WRONG_TYPE) return WRONG_TYPE;
  return left == MISSING || right == MISSING ? MISSING : TRUE;
}

function test(op: u32, at: usize): u32 {
  if (op == OP_CONSTANT) return load<u32>(at, 4) != 0 ? TRUE : FALSE;
  const left = operand(load<u8>(at, 1), load<u32>(at, 4), LEFT);
  const right = load<u32>(at, 8);
  switch (op) {
    case OP_TRUTH:
      return isTrue(left);
    case OP_PRESENT:
      return kindOfValue(left) == VALUE_MISSING ? FALSE : TRUE;
    case OP_HAPPENED:
      return happened(load<u32>(at, 4));
    case OP_IN:
      return isIn(left, right);
    case OP_MATCHES:
      return isMatch(left, right);
    case OP_ANY_MATCHES:
      return anyMatches(left, right);
    case OP_UNDER:
      return isUnder(left, right);
    case OP_CONTAINS:
      return holds(left, operand(load<u8>(at, 2), right, RIGHT));
    case OP_STARTS_WITH:
    case OP_ENDS_WITH:
      return affix(op, left, operand(load<u8>(at, 2), right, RIGHT));
    default:
      return compare(op, left, operand(load<u8>(at, 2), right, RIGHT));
  }
}

/** Address of the operand's value, in `room` unless it is a path's. */
function operand(kind: u32, id: u32, room: usize): usize {
  switch (kind) {
    case OPERAND_PATH:
      return pathValue(id);
    case OPERAND_LENGTH:
      setLength(room, pathValue(id));
      return room;
    case OPERAND_NUMBER:
      setValue(room, VALUE_ENTRY, numberAt(id), 0);
      return room;
    case OPERAND_METER:
      setMeter(room, id);
      return room;
    case OPERAND_COMPUTED:
      setComputed(room, id);
      return room;
    case OPERAND_BOOLEAN:
      setValue(room, VALUE_BOOLEAN, id, 0);
      return room;
    default:
      setValue(room, VALUE_STRING, stringText(id), stringLength(id));
      return room;
  }
}

/** Elements of a list, code points of a string. */
function setLength(room: usize, value: usize): void {
  const kind = kindOfValue(value);
  if (kind == VALUE_MISSING) store<u32>(room, VALUE_MISSING);
  else if (kind == VALUE_LIST) setInteger(room, lengthOf(firstOfValue(value)));
  else if (kind == VALUE_STRING) setInteger(room, codePoints(firstOfValue(value), secondOfValue(value)));
  else store<u32>(room, VALUE_OBJECT);
}

/** All bytes of UTF-8 but the continuation bytes. */
function codePoints(text: usize, length: u32): u32 {
  let count: u32 = 0;
  for (const end = text + length; text < end; text++) count += u32((load<u8>(text) & 0xc0) != 0x80);
  return count;
}

function isTrue(value: usize): u32 {
  const kind = kindOfValue(value);
  if (kind == VALUE_MISSING) return MISSING;
  if (kind != VALUE_BOOLEAN) return WRONG_TYPE;
  return firstOfValue(value) != 0 ? TRUE : FALSE;
}

function isUnder(value: usize, directory: u32): u32 {
  const kind = kindOfValue(value);
  if (kind == VALUE_MISSING) return MISSING;
  if (kind != VALUE_STRING) return WRONG_TYPE;
  return under(firstOfValue(value), secondOfValue(value), stringText(directory), stringLength(directory));
}
