/** Patterns with the texts that dispatch holds for them. */

import { LOOP_ANY, LOOP_SEGMENT, SCOPE_AGENTS } from "../../engine/constants.ts";
import type { Ir, IrPattern } from "../format/ir.ts";

export interface NamedPattern {
  /** Null: the system's. */
  agent: number | null;
  /** In the forms of the trie: `*` a run within a segment, `**` any run of bytes. */
  text: string;
  pattern: IrPattern;
}

/** Ascending by id. */
export function listPatterns(ir: Ir): NamedPattern[] {
  const found = new Map<number, NamedPattern>();
  const add = (id: number | null, agent: number | null, text: string): void => {
    if (id !== null) found.set(id, { agent, text, pattern: ir.patterns[id]! });
  };
  for (const { scope, string, target } of ir.exact) {
    if (scope !== SCOPE_AGENTS) add(target, scope === 0 ? null : scope - 1, ir.strings[string]!);
  }
  add(ir.system.anyPattern, null, "*");
  for (const [agent, { anyPattern }] of ir.agents.entries()) add(anyPattern, agent, "*");
  // Breadth first: a node's text is known before its children's are asked for.
  const places: { agent: number | null; text: string }[] = [];
  if (ir.system.globRoot !== null) places[ir.system.globRoot] = { agent: null, text: "" };
  for (const [agent, { globRoot }] of ir.agents.entries()) {
    if (globRoot !== null) places[globRoot] = { agent, text: "" };
  }
  for (const [id, node] of ir.globs.entries()) {
    const { agent, text } = places[id]!;
    const star = node.loop === LOOP_SEGMENT ? "*" : node.loop === LOOP_ANY ? "**" : "";
    add(node.pattern, agent, text + star);
    for (const edge of node.edges) {
      places[edge.node] = { agent, text: text + star + String.fromCharCode(edge.byte) };
    }
    if (node.segmentStar !== null) places[node.segmentStar] = { agent, text: text + star };
    if (node.anyStar !== null) places[node.anyStar] = { agent, text: text + star };
  }
  return [...found].sort(([left], [right]) => left - right).map(([, named]) => named);
}
