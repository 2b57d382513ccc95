/** The glob trie as a nondeterministic automaton: all nodes that the name so far can be at, a byte a step. */
import { LOOP_ANY, LOOP_SEGMENT, NONE } from "../../constants";
import { active, nextActive, nextMark, nodeMarks, swapActive } from "../arrays";
import {
  EDGE_BYTES,
  edges,
  NODE_ANY_STAR,
  NODE_BYTES,
  NODE_EDGE_COUNT,
  NODE_LOOP,
  NODE_PATTERN,
  NODE_SEGMENT_STAR,
  nodes,
} from "../bundle";
import { addMatch } from "./matches";

const SLASH: u32 = 0x2f;

let mark: u32 = 0;
let count: u32 = 0;

function nodeAt(id: u32): usize {
  return nodes + <usize>id * NODE_BYTES;
}

/** Adds the patterns of the trie at `root` that match the whole name. */
export function matchGlobs(root: u32, name: usize, length: u32): void {
  begin();
  activate(root);
  let current = finishStep();
  for (const end = name + length; name < end && current != 0; name++) {
    step(load<u8>(name), current);
    current = finishStep();
  }
  for (let i: u32 = 0; i < current; i++) {
    addMatch(load<u32>(nodeAt(load<u32>(active + 4 * <usize>i)), NODE_PATTERN));
  }
}

function begin(): void {
  mark = nextMark();
  count = 0;
}

/** What was activated becomes active; how many nodes. */
function finishStep(): u32 {
  const activated = count;
  swapActive();
  begin();
  return activated;
}

function step(byte: u32, current: u32): void {
  for (let i: u32 = 0; i < current; i++) {
    const id = load<u32>(active + 4 * <usize>i);
    const node = nodeAt(id);
    const loop = load<u32>(node, NODE_LOOP);
    if (loop == LOOP_ANY || (loop == LOOP_SEGMENT && byte != SLASH)) activate(id);
    const target = edgeTarget(node, byte);
    if (target != NONE) activate(target);
  }
}

/** Activates the node and, without a byte, its star children. */
function activate(id: u32): void {
  // The list itself is the queue of nodes whose children are still to be looked at.
  const from = count;
  push(id);
  for (let i = from; i < count; i++) {
    const node = nodeAt(load<u32>(nextActive + 4 * <usize>i));
    push(load<u32>(node, NODE_SEGMENT_STAR));
    push(load<u32>(node, NODE_ANY_STAR));
  }
}

function push(id: u32): void {
  if (id == NONE || load<u32>(nodeMarks + 4 * <usize>id) == mark) return;
  store<u32>(nodeMarks + 4 * <usize>id, mark);
  store<u32>(nextActive + 4 * <usize>count, id);
  count++;
}

/** The node behind the byte, or NONE. */
function edgeTarget(node: usize, byte: u32): u32 {
  const first = edges + <usize>load<u32>(node) * EDGE_BYTES;
  let low: u32 = 0;
  let high = load<u32>(node, NODE_EDGE_COUNT);
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = first + <usize>middle * EDGE_BYTES;
    const found = load<u32>(at);
    if (found == byte) return load<u32>(at, 4);
    if (found < byte) low = middle + 1;
    else high = middle;
  }
  return NONE;
}
