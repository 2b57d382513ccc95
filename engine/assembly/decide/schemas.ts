/** Step 3, second part: the arguments against every `tool` schema that matches, in the order of the table. */
import {
  CODE_SCHEMA_MISSING_ARGUMENT,
  CODE_SCHEMA_NOT_IN_ENUM,
  CODE_SCHEMA_UNDECLARED_ARGUMENT,
  CODE_SCHEMA_WRONG_TYPE,
  NONE,
  TYPE_BOOLEAN,
  TYPE_ENUM,
  TYPE_INTEGER,
  TYPE_LIST,
  TYPE_MONEY,
  TYPE_NUMBER,
  TYPE_STRING,
} from "../../constants";
import {
  LIST_BYTES,
  lists,
  PATTERN_SCHEMAS,
  schemaArguments,
  schemas,
  sliceCount,
  sliceFirst,
  stringLength,
  stringText,
} from "../bundle";
import { isAmong } from "../evaluate/tests";
import {
  firstOf,
  KIND_FALSE,
  KIND_LIST,
  KIND_NUMBER,
  KIND_OBJECT,
  KIND_STRING,
  KIND_TRUE,
  kindOf,
  lengthOf,
  member,
  nextOf,
  textOf,
  valueOf,
} from "../json/tape";
import { compareBytes } from "../load/text";
import { exponent, readNode } from "../number/decimal";
import { actionArgs } from "./action";
import { earlier, isNull } from "./members";
import { beginMerge, nextMerged } from "./merge";
import { DETAIL_ARGUMENT, denyWith } from "./verdict";

const SCHEMA_BYTES: u32 = 8;
const ARGUMENT_BYTES: u32 = 16;
const MAX_MONEY_DECIMALS: i32 = 6;

/** Whether it has decided. */
export function refuseArguments(): bool {
  beginMerge(PATTERN_SCHEMAS);
  for (let id = nextMerged(); id != NONE; id = nextMerged()) {
    const schema = schemas + <usize>id * SCHEMA_BYTES;
    const first = schemaArguments + <usize>load<u32>(schema) * ARGUMENT_BYTES;
    if (refuseBySchema(first, load<u32>(schema, 4))) return true;
  }
  return false;
}

function refuseBySchema(first: usize, count: u32): bool {
  if (refuseUndeclared(first, count)) return true;
  const end = first + <usize>count * ARGUMENT_BYTES;
  for (let argument = first; argument < end; argument += ARGUMENT_BYTES) {
    if (load<u32>(argument, 8) != 0 && isNull(given(argument))) {
      return denyFor(CODE_SCHEMA_MISSING_ARGUMENT, argument);
    }
  }
  for (let argument = first; argument < end; argument += ARGUMENT_BYTES) {
    const node = given(argument);
    if (isNull(node)) continue;
    const code = typeFault(argument, node);
    if (code != 0) return denyFor(code, argument);
  }
  return false;
}

function denyFor(code: u32, argument: usize): bool {
  const name = load<u32>(argument);
  return denyWith(code, DETAIL_ARGUMENT, stringText(name), stringLength(name));
}

/** The node of a declared argument, or 0. */
function given(argument: usize): usize {
  const name = load<u32>(argument);
  return member(actionArgs, stringText(name), stringLength(name));
}

function refuseUndeclared(first: usize, count: u32): bool {
  const end = nextOf(actionArgs);
  let undeclared: usize = 0;
  for (let key = firstOf(actionArgs); key < end; key = nextOf(valueOf(key))) {
    if (!isDeclared(first, count, textOf(key), lengthOf(key))) undeclared = earlier(undeclared, key);
  }
  if (undeclared == 0) return false;
  return denyWith(CODE_SCHEMA_UNDECLARED_ARGUMENT, DETAIL_ARGUMENT, textOf(undeclared), lengthOf(undeclared));
}

/** Arguments stand in the order of their names. */
function isDeclared(first: usize, high: u32, name: usize, length: u32): bool {
  let low: u32 = 0;
  while (low < high) {
    const middle = (low + high) >> 1;
    const id = load<u32>(first + <usize>middle * ARGUMENT_BYTES);
    const order = compareBytes(name, length, stringText(id), stringLength(id));
    if (order == 0) return true;
    if (order < 0) high = middle;
    else low = middle + 1;
  }
  return false;
}

/** 0 when the value is of the argument's type. */
function typeFault(argument: usize, node: usize): u32 {
  const type = load<u32>(argument, 4);
  const kind = kindOf(node);
  if (type == TYPE_ENUM) {
    if (kind != KIND_STRING) return CODE_SCHEMA_WRONG_TYPE;
    const slice = lists + <usize>load<u32>(argument, 12) * LIST_BYTES + 4;
    const known = isAmong(textOf(node), lengthOf(node), sliceFirst(slice), sliceCount(slice));
    return known ? 0 : CODE_SCHEMA_NOT_IN_ENUM;
  }
  return isOfType(type, kind, node) ? 0 : CODE_SCHEMA_WRONG_TYPE;
}

function isOfType(type: u32, kind: u32, node: usize): bool {
  switch (type) {
    case TYPE_STRING:
      return kind == KIND_STRING;
    case TYPE_INTEGER:
      return kind == KIND_NUMBER && exponentOf(node) >= 0;
    case TYPE_NUMBER:
      return kind == KIND_NUMBER;
    case TYPE_MONEY:
      return kind == KIND_NUMBER && exponentOf(node) >= -MAX_MONEY_DECIMALS;
    case TYPE_BOOLEAN:
      return kind == KIND_TRUE || kind == KIND_FALSE;
    case TYPE_LIST:
      return kind == KIND_LIST;
    default:
      return kind == KIND_OBJECT;
  }
}

function exponentOf(node: usize): i32 {
  readNode(node);
  return exponent;
}
