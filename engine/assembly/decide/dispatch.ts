/** Finds the patterns that match the tool: by exact name, by the glob trie, and `*`. The cost does not grow with the rules. */
import { NONE, SCOPE_SYSTEM } from "../../constants";
import { AGENT_ANY, AGENT_GLOB_ROOT, agentAt, SYSTEM_ANY, system } from "../bundle";
import { find, systemNames } from "../names";
import { matchGlobs } from "./globs";
import { addMatch, beginMatches, endSystemMatches } from "./matches";

export function dispatch(tool: usize, length: u32, agent: u32): void {
  beginMatches();
  matchScope(SCOPE_SYSTEM, load<u32>(system), load<u32>(system, SYSTEM_ANY), tool, length);
  endSystemMatches();
  matchOwn(tool, length, agent);
}

/** The patterns of a `delegate` block alone: what the system's rules say decides no scope. */
export function dispatchScope(tool: usize, length: u32, block: u32): void {
  beginMatches();
  matchOwn(tool, length, block);
}

function matchOwn(tool: usize, length: u32, agent: u32): void {
  const policy = agentAt(agent);
  const globRoot = load<u32>(policy, AGENT_GLOB_ROOT);
  matchScope(SCOPE_SYSTEM + 1 + agent, globRoot, load<u32>(policy, AGENT_ANY), tool, length);
}

function matchScope(scope: u32, globRoot: u32, any: u32, tool: usize, length: u32): void {
  if (scope != SCOPE_SYSTEM || systemNames != 0) addMatch(find(scope, tool, length));
  if (globRoot != NONE) matchGlobs(globRoot, tool, length);
  addMatch(any);
}
