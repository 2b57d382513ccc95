/**
 * Arrays beside the loaded bundle that decisions fill: one entry per path, pattern or trie node.
 * What an entry holds counts only if its mark is the current one, so nothing is cleared between decisions.
 */
import { nodeCount, pathCount, patternCount } from "./bundle";
import { behindBundle } from "./memory";

/** What a path leads to in this decision: { u32 mark, value (evaluate/values.ts) }. */
export let values: usize = 0;
/** The path's redaction is among the obligations already: u32 mark. */
export let pathMarks: usize = 0;
/** The pattern matches: u32 mark. */
export let patternMarks: usize = 0;
/** Ids of the patterns that match: those of the system, then those of the agent. */
export let matched: usize = 0;
/** Heap of the slices that are merged: { u32 id, u32 next, u32 end }. */
export let heap: usize = 0;
/** The trie node is active: u32 mark. */
export let nodeMarks: usize = 0;
/** Active trie nodes, before and after a byte. */
export let active: usize = 0;
export let nextActive: usize = 0;

export const VALUE_BYTES: u32 = 16;
export const HEAP_BYTES: u32 = 12;

let arraysEnd: usize = 0;

/** Lays the arrays out behind a bundle of that many bytes and clears them. */
export function layArrays(bundleBytes: u32): void {
  values = behindBundle(bundleBytes);
  pathMarks = values + <usize>pathCount * VALUE_BYTES;
  patternMarks = pathMarks + 4 * <usize>pathCount;
  matched = patternMarks + 4 * <usize>patternCount;
  heap = matched + 4 * <usize>patternCount;
  nodeMarks = heap + <usize>patternCount * HEAP_BYTES;
  active = nodeMarks + 4 * <usize>nodeCount;
  nextActive = active + 4 * <usize>nodeCount;
  arraysEnd = nextActive + 4 * <usize>nodeCount;
  clearMarks();
}

let mark: u32 = 0;

function clearMarks(): void {
  memory.fill(values, 0, arraysEnd - values);
  mark = 0;
}

/** More than the marks that one decision takes: for each party, twice, two for each byte of a tool name, and a few. */
const MARKS_OF_A_DECISION: u32 = 32768;

/** Called before each decision: clears all marks before they run out, so that they never do within one. */
export function keepMarks(): void {
  if (mark > u32.MAX_VALUE - MARKS_OF_A_DECISION) clearMarks();
}

/** A mark that no entry has. */
// @ts-ignore: decorator
@inline
export function nextMark(): u32 {
  return ++mark;
}

/** Exchanges the two lists of active nodes. */
export function swapActive(): void {
  const other = active;
  active = nextActive;
  nextActive = other;
}
