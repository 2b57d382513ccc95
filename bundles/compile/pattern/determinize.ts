/**
 * Subset construction. Assertions look one byte back and one ahead: a state remembers what its last byte was, and
 * assertions are settled when the next byte, or the end, is known. A match found then is found one byte late, which
 * minimisation makes good. All texts that contain a match are accepted, by one state that is never left.
 */

import type { Nfa } from "./nfa.ts";
import { type Assertion, PatternError } from "./syntax.ts";

/** Before minimisation, which often shrinks it. */
export const MAX_SUBSETS = 16_384;
/** Elementary steps for one pattern: bounds the time whatever the pattern. */
export const MAX_STEPS = 1 << 24;

/** A complete automaton: `next[state * classes + class]`; state 0 is the start. */
export interface Dfa {
  states: number;
  classes: number;
  classOf: Uint8Array;
  next: Uint32Array;
  /** 1 where a text that ends here matches. */
  final: Uint8Array;
}

// What stands on one side of a position. EDGE is the text's start or end.
const OTHER = 0;
const WORD = 1;
const NEWLINE = 2;
/** A byte within a code point: nothing is asserted before it. As what stood before it is OTHER. */
const CONTINUATION = 3;
const EDGE = 4;
const SIDES = 5;

function holds(assertion: Assertion, before: number, after: number): boolean {
  switch (assertion) {
    case "textStart":
      return before === EDGE;
    case "textEnd":
      return after === EDGE;
    case "lineStart":
      return before === EDGE || before === NEWLINE;
    case "lineEnd":
      return after === EDGE || after === NEWLINE;
    case "wordBoundary":
      return (before === WORD) !== (after === WORD);
    case "notWordBoundary":
      return (before === WORD) === (after === WORD) && after !== CONTINUATION;
  }
}

function sideOf(byte: number): number {
  if (byte === 0x0a) return NEWLINE;
  if ((byte & 0xc0) === 0x80) return CONTINUATION;
  const isLetter = (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a;
  return isLetter || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f ? WORD : OTHER;
}

/** Throws PatternError over a limit. `spend` is called with steps as they are made, and may throw too. */
export function determinize(nfa: Nfa, spend: (steps: number) => void): Dfa {
  return new Determinizer(nfa, spend).run();
}

interface Subset {
  /** Ascending; states that read bytes, and assertions not yet settled. */
  members: number[];
  before: number;
}

class Determinizer {
  private readonly nfa: Nfa;
  private readonly spend: (steps: number) => void;
  private readonly classOf = new Uint8Array(256);
  private readonly classSides: number[] = [];
  private readonly subsets: (Subset | null)[] = [];
  private readonly ids = new Map<string, number>();
  /** Subset id by the targets of one step, before their closure. */
  private readonly steps = new Map<string, number>();
  private readonly visited: Uint32Array;
  private visit = 0;
  private accept = -1;

  constructor(nfa: Nfa, spend: (steps: number) => void) {
    this.nfa = nfa;
    this.spend = spend;
    this.visited = new Uint32Array(nfa.states.length);
    this.cutClasses();
  }

  /** Classes are intervals, cut wherever an edge or a side begins or ends. */
  private cutClasses(): void {
    const cuts = new Uint8Array(257);
    let asserts = false;
    for (const state of this.nfa.states) {
      asserts ||= state.kind === "assert";
      if (state.kind !== "bytes") continue;
      for (const { low, high } of state.edges) {
        cuts[low] = 1;
        cuts[high + 1] = 1;
      }
    }
    let current = -1;
    for (let byte = 0; byte < 256; byte++) {
      const side = asserts ? sideOf(byte) : OTHER;
      if (byte === 0 || cuts[byte] === 1 || side !== this.classSides[current]) {
        current++;
        this.classSides.push(side);
      }
      this.classOf[byte] = current;
    }
  }

  run(): Dfa {
    const classes = this.classSides.length;
    this.idOf([this.nfa.start], EDGE);
    const rows: Uint32Array[] = [];
    const final: number[] = [];
    for (let id = 0; id < this.subsets.length; id++) {
      const subset = this.subsets[id]!;
      const row = new Uint32Array(classes);
      rows.push(row);
      if (subset === null) {
        row.fill(id);
        final.push(1);
        continue;
      }
      final.push(this.settle(subset, EDGE) === null ? 1 : 0);
      this.fillRow(subset, row);
    }
    const next = new Uint32Array(rows.length * classes);
    for (const [id, row] of rows.entries()) next.set(row, id * classes);
    return { states: rows.length, classes, classOf: this.classOf, next, final: Uint8Array.from(final) };
  }

  private fillRow(subset: Subset, row: Uint32Array): void {
    const classes = row.length;
    this.spend(classes);
    for (let side = 0; side < SIDES - 1; side++) {
      if (!this.classSides.includes(side)) continue;
      const settled = this.settle(subset, side);
      const targets: number[][] = Array.from({ length: classes }, () => []);
      for (const member of settled ?? []) {
        const state = this.nfa.states[member]!;
        if (state.kind !== "bytes") continue;
        for (const { low, high, to } of state.edges) {
          const last = this.classOf[high]!;
          for (let at = this.classOf[low]!; at <= last; at++) targets[at]!.push(to);
          this.spend(1 + last - this.classOf[low]!);
        }
      }
      for (let at = 0; at < classes; at++) {
        if (this.classSides[at] !== side) continue;
        const before = side === CONTINUATION ? OTHER : side;
        row[at] = settled === null ? this.acceptId() : this.idOf(targets[at]!, before);
      }
    }
  }

  /** The members after assertions are settled; null when that matches. */
  private settle(subset: Subset, after: number): number[] | null {
    const { members, before } = subset;
    if (!members.some((member) => this.nfa.states[member]!.kind === "assert")) return members;
    return this.closure(members, before, after);
  }

  private acceptId(): number {
    if (this.accept < 0) this.accept = this.push(null);
    return this.accept;
  }

  private push(subset: Subset | null): number {
    if (this.subsets.length >= MAX_SUBSETS) throw tooManyStates();
    return this.subsets.push(subset) - 1;
  }

  private idOf(targets: number[], before: number): number {
    const step = `${before}:${targets.join(",")}`;
    const known = this.steps.get(step);
    if (known !== undefined) return known;
    const id = this.subsetId(targets, before);
    this.steps.set(step, id);
    return id;
  }

  private subsetId(targets: number[], before: number): number {
    const members = this.closure(targets, before, null);
    if (members === null) return this.acceptId();
    // What stood before matters only to assertions still open.
    const open = members.some((member) => this.nfa.states[member]!.kind === "assert");
    const side = open ? before : OTHER;
    const key = `${side}:${members.join(",")}`;
    let id = this.ids.get(key);
    if (id === undefined) {
      id = this.push({ members, before: side });
      this.ids.set(key, id);
    }
    return id;
  }

  /**
   * The states that `from` reaches without a byte, ascending; null when the match is among them. With `after` null
   * assertions stay open, but for those that can no longer hold.
   */
  private closure(from: readonly number[], before: number, after: number | null): number[] | null {
    const reached: number[] = [];
    const pending = [...from];
    const visit = ++this.visit;
    let steps = 0;
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      steps++;
      if (this.visited[id] === visit) continue;
      this.visited[id] = visit;
      const state = this.nfa.states[id]!;
      if (state.kind === "match") return null;
      if (state.kind === "bytes") reached.push(id);
      else if (state.kind === "split") pending.push(...state.to);
      else if (after === null) {
        if (canHold(state.assertion, before)) reached.push(id);
      } else if (holds(state.assertion, before, after)) pending.push(state.to);
    }
    this.spend(steps);
    return reached.sort((left, right) => left - right);
  }
}

function canHold(assertion: Assertion, before: number): boolean {
  if (assertion === "textStart") return before === EDGE;
  return assertion !== "lineStart" || before === EDGE || before === NEWLINE;
}

export function tooManyStates(): PatternError {
  return new PatternError(
    "tooLarge",
    "it needs too large an automaton",
    "use smaller bounds, fewer wide classes before them, or split it with `or`",
  );
}
