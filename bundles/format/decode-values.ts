/** STRINGS, NUMBERS, LISTS, PATHS, INDEX. */

import {
  LIST_BOOLEANS,
  LIST_NUMBERS,
  LIST_STRINGS,
  MAX_INPUT_BYTES,
  MAX_NESTING,
  NONE,
  ROOT_AGENT,
  ROOT_COUNT,
  ROOT_DELEGATION,
  ROOT_MODEL,
  ROOT_SESSION,
  ROOT_TIME,
  ROOT_TOOL,
  STEP_INDEX,
} from "../../engine/constants.ts";
import type { Ir, IrList, IrNumber, IrPath } from "./ir.ts";
import { compareLists, compareNumbers, comparePaths, compareText } from "./order.ts";
import type { Reader } from "./reader.ts";

/** 10^19: 19 digits. */
const MANTISSA_LIMIT = 10_000_000_000_000_000_000n;
/** Far beyond every double. */
const MAX_EXPONENT = 1_048_576;
const NUMBER_BYTES = 16;
const LIST_BYTES = 12;
const PATH_BYTES = 12;

const SESSION_FIELDS: readonly string[] = ["id", "phase", "purpose"];
const TIME_FIELDS: readonly string[] = ["day", "hour", "month", "unix", "weekday"];

/** Of STRINGS and DEBUG: unique and ascending. Leaves the reader behind the last string. */
export function readStrings(reader: Reader): string[] {
  const count = reader.count(4);
  const starts = Array.from({ length: count + 1 }, () => reader.u32());
  const strings: string[] = [];
  if (starts[0] !== 0) reader.fail("the first string to start at 0", reader.start + 4);
  for (let id = 0; id < count; id++) {
    const place = reader.start + 4 + (id + 1) * 4;
    const length = starts[id + 1]! - starts[id]!;
    if (length < 0 || length > MAX_INPUT_BYTES) reader.fail("a string of an allowed length", place);
    const text = reader.text(length);
    if (id > 0 && compareText(strings[id - 1]!, text) >= 0) reader.fail("ascending strings", place);
    strings.push(text);
  }
  return strings;
}

export function readNumbers(reader: Reader): IrNumber[] {
  const numbers: IrNumber[] = [];
  for (let count = reader.entries(NUMBER_BYTES); count > 0; count--) {
    const place = reader.at;
    const mantissa = reader.u64();
    const exponent = reader.i32();
    const negative = reader.bounded(1, "a sign of 0 or 1") === 1;
    const isZero = mantissa === 0n;
    if (mantissa >= MANTISSA_LIMIT) reader.fail("at most 19 digits", place);
    if (isZero ? exponent !== 0 || negative : mantissa % 10n === 0n)
      reader.fail("a normalised number", place);
    if (Math.abs(exponent) > MAX_EXPONENT) reader.fail("an exponent in range", place + 8);
    const number = { negative, digits: mantissa.toString(), exponent };
    const last = numbers.at(-1);
    if (last !== undefined && compareNumbers(last, number) >= 0) reader.fail("ascending numbers", place);
    numbers.push(number);
  }
  return numbers;
}

/** The pool of slices, which stand in the order of their owners, back to back. */
export class IndexPool {
  private readonly reader: Reader;
  private taken = 0;

  constructor(reader: Reader) {
    reader.entries(4);
    this.reader = reader;
  }

  /** Reads { first, count } from `owner`, and the elements. */
  take(owner: Reader): number[] {
    if (owner.u32() !== this.taken) owner.fail(`the slice to start at ${this.taken}`, owner.at - 4);
    const count = owner.u32();
    if (count * 4 > this.reader.left) owner.fail("a slice within INDEX", owner.at - 4);
    this.taken += count;
    return Array.from({ length: count }, () => this.reader.u32());
  }

  /** The same for ids of a table of `limit` entries, ascending. */
  takeIds(owner: Reader, limit: number): number[] {
    const ids = this.take(owner);
    for (const [position, id] of ids.entries()) {
      const place = this.reader.at - (ids.length - position) * 4;
      if (id >= limit) this.reader.fail(`an id below ${limit}`, place);
      if (position > 0 && id <= ids[position - 1]!) this.reader.fail("ascending ids", place);
    }
    return ids;
  }

  finish(): void {
    this.reader.finish();
  }
}

export function readLists(reader: Reader, index: IndexPool, ir: Pick<Ir, "strings" | "numbers">): IrList[] {
  const lists: IrList[] = [];
  const limits = new Map([
    [LIST_STRINGS, ir.strings.length],
    [LIST_NUMBERS, ir.numbers.length],
    [LIST_BOOLEANS, 2],
  ]);
  for (let count = reader.entries(LIST_BYTES); count > 0; count--) {
    const place = reader.at;
    const kind = reader.u32();
    const limit = limits.get(kind);
    if (limit === undefined) return reader.fail("a kind of list", place);
    const list = { kind, ids: index.takeIds(reader, limit) };
    const last = lists.at(-1);
    if (last !== undefined && compareLists(last, list) >= 0) reader.fail("ascending lists", place);
    lists.push(list);
  }
  return lists;
}

export function readPaths(reader: Reader, index: IndexPool, strings: readonly string[]): IrPath[] {
  const paths: IrPath[] = [];
  for (let count = reader.entries(PATH_BYTES); count > 0; count--) {
    const place = reader.at;
    const path = { root: reader.id(ROOT_COUNT, "a root"), steps: index.take(reader) };
    if (path.steps.length > MAX_NESTING) reader.fail(`at most ${MAX_NESTING} steps`, place + 8);
    for (const step of path.steps) {
      if (step < STEP_INDEX && step >= strings.length)
        reader.fail("steps that are strings or indexes", place + 4);
    }
    if (!areStepsOf(path, strings)) reader.fail("steps that the root has", place + 4);
    const last = paths.at(-1);
    if (last !== undefined && comparePaths(last, path) >= 0) reader.fail("ascending paths", place);
    paths.push(path);
  }
  return paths;
}

/** Roots that are no JSON values take no step, or one of a closed list. */
function areStepsOf({ root, steps }: IrPath, strings: readonly string[]): boolean {
  if (root === ROOT_TOOL || root === ROOT_AGENT || root === ROOT_MODEL) return steps.length === 0;
  if (root === ROOT_DELEGATION) return areDelegationSteps(steps, strings);
  if (root !== ROOT_SESSION && root !== ROOT_TIME) return true;
  const fields = root === ROOT_SESSION ? SESSION_FIELDS : TIME_FIELDS;
  return steps.length === 1 && fields.includes(strings[steps[0]!] ?? "");
}

/** `chain`, or an element of it. */
function areDelegationSteps([field, index, ...rest]: readonly number[], strings: readonly string[]): boolean {
  const isElement = index === undefined || index >= STEP_INDEX;
  return strings[field ?? NONE] === "chain" && isElement && rest.length === 0;
}
