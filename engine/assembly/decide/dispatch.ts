/** Patterns that match the tool: by exact name, by the glob trie, and `*`; of the system, then of the agent. */
import { NONE, SCOPE_SYSTEM } from "../../constants";
import { matched, nextMark, patternMarks } from "../arrays";
import { AGENT_ANY, AGENT_GLOB_ROOT, agentAt, SYSTEM_ANY, system } from "../bundle";
import { find, systemNames } from "../names";
import { matchGlobs } from "./globs";

/** How many patterns of `matched` hold, and how many of them are the system's. */
export let matchedCount: u32 = 0;
export let matchedSystem: u32 = 0;
let mark: u32 = 0;

export function forgetMatches(): void {
  matchedCount = 0;
  matchedSystem = 0;
}

export function dispatch(tool: usize, length: u32, agent: u32): void {
  forgetMatches();
  mark = nextMark();
  matchScope(SCOPE_SYSTEM, load<u32>(system), load<u32>(system, SYSTEM_ANY), tool, length);
  matchedSystem = matchedCount;
  const policy = agentAt(agent);
  matchScope(
    SCOPE_SYSTEM + 1 + agent,
    load<u32>(policy, AGENT_GLOB_ROOT),
    load<u32>(policy, AGENT_ANY),
    tool,
    length,
  );
}

function matchScope(scope: u32, globRoot: u32, any: u32, tool: usize, length: u32): void {
  if (scope != SCOPE_SYSTEM || systemNames != 0) addMatch(find(scope, tool, length));
  if (globRoot != NONE) matchGlobs(globRoot, tool, length);
  addMatch(any);
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
