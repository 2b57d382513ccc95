/** Sets of Unicode code points as sorted, disjoint, non-adjacent ranges [first, last, first, last, ...]. */

import { CATEGORIES, FOLDINGS, SCRIPTS } from "./unicode-data.ts";

export type CodePoints = readonly number[];

export const MAX_CODE_POINT = 0x10ffff;
export const ALL: CodePoints = [0, MAX_CODE_POINT];
export const DIGITS: CodePoints = [0x30, 0x39];
/** RE2's `\s`: not the vertical tab. */
export const SPACES: CodePoints = [0x09, 0x0a, 0x0c, 0x0d, 0x20, 0x20];
export const WORDS: CodePoints = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
export const NOT_NEWLINE: CodePoints = [0, 0x09, 0x0b, MAX_CODE_POINT];

/** Names inside `[[:name:]]`, ASCII. */
export const POSIX: ReadonlyMap<string, CodePoints> = new Map<string, CodePoints>([
  ["alnum", [0x30, 0x39, 0x41, 0x5a, 0x61, 0x7a]],
  ["alpha", [0x41, 0x5a, 0x61, 0x7a]],
  ["ascii", [0, 0x7f]],
  ["blank", [0x09, 0x09, 0x20, 0x20]],
  ["cntrl", [0, 0x1f, 0x7f, 0x7f]],
  ["digit", DIGITS],
  ["graph", [0x21, 0x7e]],
  ["lower", [0x61, 0x7a]],
  ["print", [0x20, 0x7e]],
  ["punct", [0x21, 0x2f, 0x3a, 0x40, 0x5b, 0x60, 0x7b, 0x7e]],
  ["space", [0x09, 0x0d, 0x20, 0x20]],
  ["upper", [0x41, 0x5a]],
  ["word", WORDS],
  ["xdigit", [0x30, 0x39, 0x41, 0x46, 0x61, 0x66]],
]);

/** Sorts and joins ranges given in any order. */
export function normalize(ranges: readonly number[]): CodePoints {
  const pairs: [number, number][] = [];
  for (let index = 0; index < ranges.length; index += 2) pairs.push([ranges[index]!, ranges[index + 1]!]);
  pairs.sort((left, right) => left[0] - right[0]);
  const joined: number[] = [];
  for (const [first, last] of pairs) {
    const end = joined.length - 1;
    if (end > 0 && first <= joined[end]! + 1) joined[end] = Math.max(joined[end]!, last);
    else joined.push(first, last);
  }
  return joined;
}

export function complement(set: CodePoints): CodePoints {
  const result: number[] = [];
  let next = 0;
  for (let index = 0; index < set.length; index += 2) {
    if (set[index]! > next) result.push(next, set[index]! - 1);
    next = set[index + 1]! + 1;
  }
  if (next <= MAX_CODE_POINT) result.push(next, MAX_CODE_POINT);
  return result;
}

function parseRanges(data: string): number[] {
  const ranges: number[] = [];
  let at = 0;
  const numbers = data.split(" ").map((text) => Number.parseInt(text, 36));
  for (let index = 0; index < numbers.length; index += 2) {
    const first = at + numbers[index]!;
    at = first + numbers[index + 1]!;
    ranges.push(first, at - 1);
  }
  return ranges;
}

/** A general category (`L`, `Lu`), a script (`Greek`) or `Any`; null when there is none of that name. */
export function unicodeClass(name: string): CodePoints | null {
  if (name === "Any") return ALL;
  if (Object.hasOwn(SCRIPTS, name)) return parseRanges(SCRIPTS[name]!);
  if (Object.hasOwn(CATEGORIES, name)) return parseRanges(CATEGORIES[name]!);
  const parts = Object.keys(CATEGORIES).filter((category) => category[0] === name);
  if (parts.length === 0) return null;
  return normalize(parts.flatMap((category) => parseRanges(CATEGORIES[category]!)));
}

/** Code points with other cases, ascending, and all cases of each. */
let orbits: { members: number[]; cases: ReadonlyMap<number, number[]> } | null = null;

function foldingOrbits() {
  if (orbits !== null) return orbits;
  const byFolding = new Map<number, number[]>();
  const numbers = FOLDINGS.split(" ").map((text) => Number.parseInt(text, 36));
  let from = 0;
  for (let index = 0; index < numbers.length; index += 2) {
    from += numbers[index]!;
    const to = from + numbers[index + 1]!;
    const orbit = byFolding.get(to) ?? [to];
    orbit.push(from);
    byFolding.set(to, orbit);
  }
  const cases = new Map<number, number[]>();
  for (const orbit of byFolding.values()) {
    for (const member of orbit) cases.set(member, orbit);
  }
  orbits = { members: [...cases.keys()].sort((left, right) => left - right), cases };
  return orbits;
}

/** The set with every case of its members: simple case folding. */
export function foldCase(set: CodePoints): CodePoints {
  const { members, cases } = foldingOrbits();
  const added: number[] = [];
  for (let index = 0; index < set.length; index += 2) {
    const last = set[index + 1]!;
    for (let at = lowerBound(members, set[index]!); at < members.length && members[at]! <= last; at++) {
      for (const other of cases.get(members[at]!)!) added.push(other, other);
    }
  }
  return added.length === 0 ? set : normalize([...set, ...added]);
}

function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
