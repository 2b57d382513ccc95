/** Which patterns of a bundle match a tool: the tables that the core dispatches on, walked for people. */
import type { GlobNode, Ir, IrPattern } from "../../bundles/format/ir.ts";
import { LOOP_ANY, LOOP_SEGMENT, SCOPE_AGENTS } from "../../engine/constants.ts";

/** Index of the agent that serves that name, null when none does. */
export function servingAgent(ir: Ir, name: string): number | null {
  const exact = ir.exact.find(({ scope, string }) => scope === SCOPE_AGENTS && ir.strings[string] === name);
  return exact?.target ?? ir.system.defaultAgent;
}

/** Patterns of the system and of an agent that match, each once. */
export function matchingPatterns(ir: Ir, agent: number | null, tool: string): IrPattern[] {
  const ids = new Set<number>();
  const scopes: { scope: number; globRoot: number | null; anyPattern: number | null }[] = [
    { scope: 0, ...ir.system },
  ];
  if (agent !== null) scopes.push({ scope: agent + 1, ...ir.agents[agent]! });
  for (const { scope, globRoot, anyPattern } of scopes) {
    if (anyPattern !== null) ids.add(anyPattern);
    for (const exact of ir.exact) {
      if (exact.scope === scope && ir.strings[exact.string] === tool) ids.add(exact.target);
    }
    if (globRoot !== null) for (const id of matchGlobs(ir.globs, globRoot, tool)) ids.add(id);
  }
  return [...ids].map((id) => ir.patterns[id]!);
}

function activate(globs: readonly GlobNode[], id: number, active: Set<number>): void {
  if (active.has(id)) return;
  active.add(id);
  const { segmentStar, anyStar } = globs[id]!;
  if (segmentStar !== null) activate(globs, segmentStar, active);
  if (anyStar !== null) activate(globs, anyStar, active);
}

function matchGlobs(globs: readonly GlobNode[], root: number, tool: string): number[] {
  let active = new Set<number>();
  activate(globs, root, active);
  for (const byte of new TextEncoder().encode(tool)) {
    const next = new Set<number>();
    for (const id of active) {
      const { loop, edges } = globs[id]!;
      if (loop === LOOP_ANY || (loop === LOOP_SEGMENT && byte !== 0x2f)) activate(globs, id, next);
      for (const edge of edges) if (edge.byte === byte) activate(globs, edge.node, next);
    }
    active = next;
  }
  return [...active].map((id) => globs[id]!.pattern).filter((id) => id !== null);
}
