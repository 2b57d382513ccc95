/** The set of patterns that match the tool: those of the system, then those of the agent. */
import { NONE } from "../../constants";
import { matched, nextMark, patternMarks } from "../arrays";

/** How many patterns of `matched` hold, and how many of them are the system's. */
export let matchedCount: u32 = 0;
export let matchedSystem: u32 = 0;
let mark: u32 = 0;

export function forgetMatches(): void {
  matchedCount = 0;
  matchedSystem = 0;
}

export function beginMatches(): void {
  forgetMatches();
  mark = nextMark();
}

/** All patterns of the system are there. */
export function endSystemMatches(): void {
  matchedSystem = matchedCount;
}

/** Adds a pattern once; NONE is none. */
export function addMatch(pattern: u32): void {
  if (pattern == NONE) return;
  const at = patternMarks + 4 * <usize>pattern;
  if (load<u32>(at) == mark) return;
  store<u32>(at, mark);
  store<u32>(matched + 4 * <usize>matchedCount, pattern);
  matchedCount++;
}
