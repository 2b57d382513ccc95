/**
 * Tool patterns (LANGUAGE section 3): validity, inclusion and overlap, decided exactly over the names that a call may have.
 *
 * A pattern is a row of items; `**` stands for zero segments or for one or more, so a pattern has up to 2^n readings. Names are
 * non-empty segments of NAME characters joined by `/`; a whole-segment `*` at the end is one or more segments.
 */

export const MAX_PATTERN_LENGTH = 256;
/** `**` double the readings each. */
export const MAX_DOUBLE_STARS = 4;
/** Pairs of states explored before an answer is given up, and taken as "no". */
const MAX_EXPLORED = 20_000;

const SEGMENT = /^(?:\*\*|[A-Za-z0-9._:@+*-]+)$/;

export function isToolPattern(text: string): boolean {
  if (text.length === 0 || text.length > MAX_PATTERN_LENGTH) return false;
  const segments = text.split("/");
  if (segments.filter((segment) => segment === "**").length > MAX_DOUBLE_STARS) return false;
  return segments.every((segment) => SEGMENT.test(segment) && (segment === "**" || !segment.includes("**")));
}

/** Whether a pattern names exactly one tool. */
export function isExact(text: string): boolean {
  return !text.includes("*");
}

/** What every name that the pattern matches begins with: the text before the first wildcard, and before the `/` of a `/**`. */
export function literalPrefix(text: string): string {
  const star = text.indexOf("*");
  if (star < 0) return text;
  return text.slice(0, text.startsWith("/**", star - 1) ? star - 1 : star);
}

/** What every name that the pattern matches ends with. */
export function literalSuffix(text: string): string {
  const star = text.lastIndexOf("*");
  const suffix = text.slice(star + 1);
  return /^(?:\*\*\/)+$/.test(text.slice(0, star + 2)) ? suffix.slice(1) : suffix;
}

/** The longest text without a wildcard that is in every name that the pattern matches. */
export function longestLiteral(text: string): string {
  let longest = "";
  // A `**` may stand for nothing, and then takes a `/` beside it along.
  for (const part of text.split(/(?:^|\/)\*\*(?=\/|$)/)) {
    const row = part.length === text.length ? part : part.replace(/^\//, "");
    for (const literal of row.split("*")) if (literal.length > longest.length) longest = literal;
  }
  return longest;
}

/** Some name that the pattern matches. */
export function sampleName(text: string): string {
  return text.replace(/\*+/g, "+");
}

/** Takes the steps of a search; false when it shall be given up. */
export interface Steps {
  spend(steps: number): boolean;
}

/** One character, or a loop over the characters of a segment (`segment`) or over any (`any`). */
type Item = string | { loop: "segment" | "any" };

const readingsOf = new Map<string, Item[][]>();
const MAX_CACHED = 4096;

function readings(pattern: string): Item[][] {
  let found = readingsOf.get(pattern);
  if (found === undefined) {
    if (readingsOf.size >= MAX_CACHED) readingsOf.clear();
    found = expand(pattern.split("/"))
      .filter((segments) => segments.length > 0)
      .map(itemsOf);
    readingsOf.set(pattern, found);
  }
  return found;
}

/** Replaces each `**` by nothing and by one loop segment. */
function expand(segments: string[]): string[][] {
  let all: string[][] = [[]];
  for (const segment of segments) {
    const longer = all.map((before) => [...before, segment]);
    all = segment === "**" ? [...all, ...longer] : longer;
  }
  return all;
}

function itemsOf(segments: string[]): Item[] {
  const items: Item[] = [];
  for (const [index, segment] of segments.entries()) {
    if (index > 0) items.push("/");
    if (segment === "**" || (segment === "*" && index === segments.length - 1)) items.push({ loop: "any" });
    else for (const character of segment) items.push(character === "*" ? { loop: "segment" } : character);
  }
  return items;
}

/** A character that no pattern here holds, standing for all of them, is the first unused one. */
const NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:@+-";

/** The states that follow `state` on `character`; a loop may also be left or skipped without one. */
function step(items: readonly Item[], states: ReadonlySet<number>, character: string): Set<number> {
  const next = new Set<number>();
  for (const state of states) {
    const item = items[state];
    if (item === undefined) continue;
    if (typeof item === "string") {
      if (item === character) addClosure(items, state + 1, next);
    } else if (item.loop === "any" || character !== "/") {
      addClosure(items, state, next);
    }
  }
  return next;
}

function addClosure(items: readonly Item[], state: number, into: Set<number>): void {
  let at = state;
  into.add(at);
  while (at < items.length && typeof items[at] === "object") into.add(++at);
}

function startOf(items: readonly Item[]): Set<number> {
  const states = new Set<number>();
  addClosure(items, 0, states);
  return states;
}

/** Characters that can make a difference between the two patterns. */
function alphabet(left: string, right: string): string[] {
  const used = new Set([...left, ...right].filter((character) => character !== "*"));
  const other = [...NAME_CHARACTERS].find((character) => !used.has(character));
  used.add("/");
  return other === undefined ? [...used] : [other, ...used];
}

/** Whether every tool name that `inner` matches is matched by `outer`; no when given up. */
export function includes(outer: string, inner: string, steps?: Steps): boolean {
  if (outer === inner || outer === "*" || outer === "**") return true;
  if (isExact(outer) || !literalPrefix(inner).startsWith(literalPrefix(outer))) return false;
  if (!literalSuffix(inner).endsWith(literalSuffix(outer))) return false;
  return findName(inner, outer, false, steps) === null;
}

/** A name that both patterns match, a short one, or null; null when given up. */
export function overlap(left: string, right: string, steps?: Steps): string | null {
  if (isExact(left) && isExact(right)) return left === right ? left : null;
  const [leftEnd, rightEnd] = [literalSuffix(left), literalSuffix(right)];
  if (!leftEnd.endsWith(rightEnd) && !rightEnd.endsWith(leftEnd)) return null;
  return findName(left, right, true, steps);
}

interface Node {
  left: Set<number>[];
  right: Set<number>[];
  emptySegment: boolean;
  name: string;
}

/** Breadth first: the shortest valid name that `left` matches and that `right` matches, or does not. */
function findName(left: string, right: string, wantRight: boolean, steps?: Steps): string | null {
  const [leftItems, rightItems] = [readings(left), readings(right)];
  const characters = alphabet(left, right);
  const queue: Node[] = [
    { left: leftItems.map(startOf), right: rightItems.map(startOf), emptySegment: true, name: "" },
  ];
  const seen = new Set<string>();
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at]!;
    if (
      !node.emptySegment &&
      accepts(leftItems, node.left) &&
      accepts(rightItems, node.right) === wantRight
    ) {
      return node.name;
    }
    const cost = characters.length * (sizeOf(node.left) + sizeOf(node.right));
    if (queue.length > MAX_EXPLORED || steps?.spend(cost) === false) return wantRight ? null : node.name;
    for (const character of characters) {
      if (character === "/" && node.emptySegment) continue;
      const next: Node = {
        left: node.left.map((states, index) => step(leftItems[index]!, states, character)),
        right: node.right.map((states, index) => step(rightItems[index]!, states, character)),
        emptySegment: character === "/",
        name: node.name + character,
      };
      if (next.left.every(isEmpty) || (wantRight && next.right.every(isEmpty))) continue;
      const key = `${keyOf(next.left)}|${keyOf(next.right)}|${next.emptySegment}`;
      if (seen.has(key)) continue;
      seen.add(key);
      queue.push(next);
    }
  }
  return null;
}

/** Of states, and of the sets that hold them. */
function sizeOf(states: readonly Set<number>[]): number {
  return states.reduce((sum, set) => sum + 4 + set.size, 0);
}

function isEmpty(states: ReadonlySet<number>): boolean {
  return states.size === 0;
}

function accepts(items: readonly Item[][], states: readonly Set<number>[]): boolean {
  return states.some((set, index) => set.has(items[index]!.length));
}

function keyOf(states: readonly Set<number>[]): string {
  return states.map((set) => [...set].sort((a, b) => a - b).join(",")).join(";");
}
