/** What the core does with automata and dispatch tables, written for obviousness. */

import { compilePattern } from "../../bundles/compile/pattern/pattern.ts";
import type { Automaton, Ir } from "../../bundles/format/ir.ts";
import {
  DFA_ACCEPT,
  DFA_ACCEPT_END,
  DFA_DEAD,
  LOOP_ANY,
  LOOP_SEGMENT,
  SCOPE_AGENTS,
} from "../../engine/constants.ts";

const utf8 = new TextEncoder();

export function runAutomaton(automaton: Automaton, text: string | Uint8Array): boolean {
  const bytes = typeof text === "string" ? utf8.encode(text) : text;
  let state = 0;
  for (const byte of bytes) {
    const flags = automaton.flags[state]!;
    if (flags & DFA_ACCEPT) return true;
    if (flags & DFA_DEAD) return false;
    state = automaton.next[state * automaton.classes + automaton.classOf[byte]!]!;
  }
  return (automaton.flags[state]! & (DFA_ACCEPT | DFA_ACCEPT_END)) !== 0;
}

/** Throws for a pattern that is refused. */
export function search(pattern: string): Automaton {
  const result = compilePattern({ kind: "search", pattern });
  if (!("automaton" in result)) throw new Error(`${pattern}: ${result.message}`);
  return result.automaton;
}

/** Ids of the patterns of a scope (null: the system) that match a tool name, ascending. */
export function matchingPatterns(ir: Ir, agent: number | null, tool: string): number[] {
  const scope = agent === null ? 0 : 1 + agent;
  const owner = agent === null ? ir.system : ir.agents[agent]!;
  const found = new Set<number>();
  if (owner.anyPattern !== null) found.add(owner.anyPattern);
  for (const name of ir.exact) {
    if (name.scope === scope && name.scope !== SCOPE_AGENTS && ir.strings[name.string] === tool)
      found.add(name.target);
  }
  let active = new Set<number>();
  const activate = (id: number | null): void => {
    if (id === null) return;
    active.add(id);
    activate(ir.globs[id]!.segmentStar);
    activate(ir.globs[id]!.anyStar);
  };
  activate(owner.globRoot);
  for (const char of tool) {
    const before = active;
    active = new Set();
    for (const id of before) {
      const node = ir.globs[id]!;
      if (node.loop === LOOP_ANY || (node.loop === LOOP_SEGMENT && char !== "/")) activate(id);
      for (const edge of node.edges) {
        if (edge.byte === char.charCodeAt(0)) activate(edge.node);
      }
    }
  }
  for (const id of active) {
    if (ir.globs[id]!.pattern !== null) found.add(ir.globs[id]!.pattern!);
  }
  return [...found].sort((left, right) => left - right);
}
