/** Hopcroft's partition refinement (1971), then the canonical numbering of the format. */

import { DFA_ACCEPT, DFA_ACCEPT_END, DFA_DEAD, MAX_DFA_STATES } from "../../../engine/constants.ts";
import type { Automaton } from "../../format/ir.ts";
import { type Dfa, tooManyStates } from "./determinize.ts";

/**
 * The only automaton with the fewest states for the texts that `dfa` accepts. All states of `dfa` are reachable.
 * Throws PatternError when it has more than MAX_DFA_STATES.
 */
export function minimize(dfa: Dfa): Automaton {
  const blockOf = refine(dfa);
  return number(dfa, blockOf);
}

/** For each class the states before each state: `sources[starts[c * (n + 1) + t] ...]`. */
function reverse({ states, classes, next }: Dfa): { starts: Uint32Array; sources: Uint32Array } {
  const starts = new Uint32Array(classes * (states + 1) + 1);
  const sources = new Uint32Array(states * classes);
  let total = 0;
  const counts = new Uint32Array(states);
  for (let at = 0; at < classes; at++) {
    counts.fill(0);
    for (let state = 0; state < states; state++) counts[next[state * classes + at]!]!++;
    const base = at * (states + 1);
    for (let target = 0; target < states; target++) {
      starts[base + target] = total;
      total += counts[target]!;
    }
    starts[base + states] = total;
    for (let state = states - 1; state >= 0; state--) {
      const target = next[state * classes + at]!;
      sources[starts[base + target]! + --counts[target]!] = state;
    }
  }
  return { starts, sources };
}

/** Blocks of states as slices of one array. */
class Partition {
  /** Block b is `order[first[b]]` to `order[end[b] - 1]`; the marked states of a block lead its slice. */
  readonly first: number[] = [];
  readonly end: number[] = [];
  readonly order: Uint32Array;
  readonly blockOf: Uint32Array;
  private readonly place: Uint32Array;
  private readonly marked: number[] = [];
  private readonly touched: number[] = [];

  constructor(final: Uint8Array) {
    this.order = new Uint32Array(final.length);
    this.place = new Uint32Array(final.length);
    this.blockOf = new Uint32Array(final.length);
    let position = 0;
    for (const wanted of [1, 0]) {
      const from = position;
      for (let state = 0; state < final.length; state++) {
        if (final[state] !== wanted) continue;
        this.order[position] = state;
        this.place[state] = position++;
        this.blockOf[state] = this.first.length;
      }
      if (position > from) this.push(from, position);
    }
  }

  private push(first: number, end: number): number {
    this.end.push(end);
    this.marked.push(0);
    return this.first.push(first) - 1;
  }

  mark(state: number): void {
    const block = this.blockOf[state]!;
    const spot = this.first[block]! + this.marked[block]!;
    if (this.place[state]! < spot) return;
    if (this.marked[block]!++ === 0) this.touched.push(block);
    const other = this.order[spot]!;
    this.order[this.place[state]!] = other;
    this.place[other] = this.place[state]!;
    this.order[spot] = state;
    this.place[state] = spot;
  }

  /** Parts marked from unmarked states. Of each block that was parted the smaller half is a new block, told to `onBlock`. */
  split(onBlock: (block: number) => void): void {
    for (const block of this.touched) {
      const [first, end] = [this.first[block]!, this.end[block]!];
      const middle = first + this.marked[block]!;
      this.marked[block] = 0;
      if (middle === end) continue;
      const isLeft = middle - first <= end - middle;
      const fresh = isLeft ? this.push(first, middle) : this.push(middle, end);
      if (isLeft) this.first[block] = middle;
      else this.end[block] = middle;
      for (let index = this.first[fresh]!; index < this.end[fresh]!; index++) {
        this.blockOf[this.order[index]!] = fresh;
      }
      onBlock(fresh);
    }
    this.touched.length = 0;
  }
}

/** The block of each state: states are in one block if no text tells them apart. */
function refine(dfa: Dfa): Uint32Array {
  const { states, classes, final } = dfa;
  const { starts, sources } = reverse(dfa);
  const partition = new Partition(final);
  const pending: number[] = [];
  // A parted block that still waits stays waiting, so that both halves do; else the smaller half suffices.
  const enqueue = (block: number): void => {
    for (let at = 0; at < classes; at++) pending.push(block * classes + at);
  };
  for (let block = 0; block < partition.first.length; block++) enqueue(block);
  for (let splitter = pending.pop(); splitter !== undefined; splitter = pending.pop()) {
    const at = splitter % classes;
    const block = (splitter - at) / classes;
    const base = at * (states + 1);
    // Marking reorders the slice, this block's own included.
    const members = partition.order.slice(partition.first[block]!, partition.end[block]!);
    for (const target of members) {
      for (let index = starts[base + target]!; index < starts[base + target + 1]!; index++) {
        partition.mark(sources[index]!);
      }
    }
    partition.split(enqueue);
  }
  return partition.blockOf;
}

/** Breadth first from the start; classes of equal columns joined, in the order of their first byte. */
function number(dfa: Dfa, blockOf: Uint32Array): Automaton {
  const { classes, next, final } = dfa;
  const stateOf = new Map<number, number>([[blockOf[0]!, 0]]);
  const members = [0];
  for (let state = 0; state < members.length; state++) {
    for (let at = 0; at < classes; at++) {
      const target = next[members[state]! * classes + at]!;
      if (stateOf.has(blockOf[target]!)) continue;
      stateOf.set(blockOf[target]!, members.length);
      members.push(target);
    }
  }
  const states = members.length;
  if (states > MAX_DFA_STATES) throw tooManyStates();
  const columns = new Map<string, number>();
  const kept: number[] = [];
  const joined = new Uint8Array(classes);
  for (let at = 0; at < classes; at++) {
    const key = members.map((member) => stateOf.get(blockOf[next[member * classes + at]!]!)!).join(",");
    let column = columns.get(key);
    if (column === undefined) {
      column = kept.push(at) - 1;
      columns.set(key, column);
    }
    joined[at] = column;
  }
  const automaton: Automaton = {
    states,
    classes: kept.length,
    classOf: dfa.classOf.map((at) => joined[at]!),
    flags: new Uint8Array(states),
    next: new Uint16Array(states * kept.length),
  };
  for (const [state, member] of members.entries()) {
    let absorbing = true;
    for (const [column, at] of kept.entries()) {
      const target = stateOf.get(blockOf[next[member * classes + at]!]!)!;
      automaton.next[state * kept.length + column] = target;
      absorbing &&= target === state;
    }
    automaton.flags[state] = flagsOf(final[member] === 1, absorbing);
  }
  return automaton;
}

/** Only a state that is never left accepts at once: there is one at most, and one dead state. */
function flagsOf(isFinal: boolean, absorbing: boolean): number {
  if (isFinal) return absorbing ? DFA_ACCEPT : DFA_ACCEPT_END;
  return absorbing ? DFA_DEAD : 0;
}
