/** PATTERNS, EXACT and GLOBS. */

import {
  EFFECT_DEFER,
  EFFECT_DENY_ALWAYS,
  LOOP_ANY,
  LOOP_NONE,
  LOOP_SEGMENT,
  MAX_PHASES,
  MAX_SELECTORS,
  MAX_TEXT_BYTES,
  MAX_TOOL_NAME_BYTES,
  NONE,
  SCOPE_AGENTS,
} from "../../engine/constants.ts";
import type { IndexPool } from "./decode-values.ts";
import type { ExactName, GlobNode, Ir, IrPattern } from "./ir.ts";
import type { Reader } from "./reader.ts";

const utf8 = new TextEncoder();
export const PATTERN_BYTES = 72;
const SLOT_BYTES = 16;
const NODE_BYTES = 24;
const EDGE_BYTES = 8;
/** Of an edge: a byte of a tool name. */
const NAME_BYTE = /^[A-Za-z0-9._:@+/-]$/;

export function readPatterns(
  reader: Reader,
  index: IndexPool,
  ir: Pick<Ir, "rules" | "redacts" | "credentials" | "schemas" | "meters" | "costs">,
): IrPattern[] {
  const patterns: IrPattern[] = [];
  for (let count = reader.entries(PATTERN_BYTES); count > 0; count--) {
    const place = reader.at;
    const selectorBits = reader.u64();
    const phaseBits = reader.u32();
    const slices = {
      selectors: bitsOf(selectorBits, MAX_SELECTORS),
      phases: bitsOf(BigInt(phaseBits), MAX_PHASES),
      always: index.takeIds(reader, ir.rules.length),
      rules: index.takeIds(reader, ir.rules.length),
      redacts: index.takeIds(reader, ir.redacts.length),
      credentials: index.takeIds(reader, ir.credentials.length),
      schemas: index.takeIds(reader, ir.schemas.length),
    };
    reader.zero(4);
    const meters = index.takeIds(reader, ir.meters.length);
    const pattern: IrPattern = { ...slices, meters, costs: index.takeIds(reader, ir.costs.length) };
    const isAlways = (id: number) => ir.rules[id]!.effect === EFFECT_DENY_ALWAYS;
    const isCeiling = (id: number) => isAlways(id) || ir.rules[id]!.effect === EFFECT_DEFER;
    if (!pattern.always.every(isCeiling)) reader.fail("`deny!` and `defer` rules alone", place + 12);
    if (pattern.rules.some(isAlways)) reader.fail("no `deny!` rules", place + 20);
    patterns.push(pattern);
  }
  return patterns;
}

function bitsOf(mask: bigint, count: number): number[] {
  if (mask === 0n) return [];
  return Array.from({ length: count }, (_, bit) => bit).filter((bit) => (mask >> BigInt(bit)) & 1n);
}

/** The entries; that each slot is where it must be is seen when they are written again. */
export function readExact(reader: Reader, ir: Pick<Ir, "strings" | "agents" | "patterns">): ExactName[] {
  const capacity = reader.u32();
  reader.zero(4);
  if (reader.left !== capacity * SLOT_BYTES) reader.fail("as many slots as the capacity", reader.start);
  const places = new Map<ExactName, number>();
  for (let slot = 0; slot < capacity; slot++) {
    const place = reader.at;
    reader.u32();
    const scope = reader.u32();
    const string = reader.u32();
    const target = reader.u32();
    if (target === NONE) continue;
    if (scope > ir.agents.length && scope !== SCOPE_AGENTS) reader.fail("a scope", place + 4);
    if (string >= ir.strings.length) reader.fail("a string", place + 8);
    const targets = scope === SCOPE_AGENTS ? ir.agents.length : ir.patterns.length;
    if (target >= targets) reader.fail(`a target below ${targets}`, place + 12);
    if (scope === SCOPE_AGENTS && ir.agents[target]!.name !== string) {
      reader.fail("the agent of that name", place + 12);
    }
    const limit = scope === SCOPE_AGENTS ? MAX_TEXT_BYTES : MAX_TOOL_NAME_BYTES;
    if (utf8.encode(ir.strings[string]!).length > limit)
      reader.fail(`a name of at most ${limit} bytes`, place + 8);
    places.set({ scope, string, target }, place);
  }
  const names = [...places.keys()].sort(
    (left, right) => left.scope - right.scope || left.string - right.string,
  );
  for (const [position, name] of names.entries()) {
    const last = names[position - 1];
    if (last?.scope === name.scope && last.string === name.string) {
      reader.fail("each name of a scope once", places.get(name));
    }
  }
  const agents = names.filter((name) => name.scope === SCOPE_AGENTS).length;
  if (agents !== ir.agents.length) reader.fail("the names of all agents", reader.start);
  return names;
}

export function readGlobs(reader: Reader, ir: Pick<Ir, "patterns" | "agents" | "system">): GlobNode[] {
  const nodeCount = reader.count(NODE_BYTES);
  const edgeCount = reader.u32();
  if (reader.left !== nodeCount * NODE_BYTES + edgeCount * EDGE_BYTES) {
    reader.fail("as many nodes and edges as counted", reader.start);
  }
  let taken = 0;
  const counts: number[] = [];
  const nodes = Array.from({ length: nodeCount }, (): GlobNode => {
    if (reader.u32() !== taken) reader.fail(`the edges to start at ${taken}`, reader.at - 4);
    const count = reader.bounded(edgeCount - taken, "edges within GLOBS");
    counts.push(count);
    taken += count;
    return {
      edges: [],
      segmentStar: reader.idOrNull(nodeCount, "a node"),
      anyStar: reader.idOrNull(nodeCount, "a node"),
      pattern: reader.idOrNull(ir.patterns.length, "a pattern"),
      loop: reader.id(LOOP_ANY + 1, "a loop"),
    };
  });
  for (const [id, node] of nodes.entries()) {
    for (let edge = 0; edge < counts[id]!; edge++) {
      const place = reader.at;
      const byte = reader.u32();
      if (!NAME_BYTE.test(String.fromCharCode(byte)) || byte > 0x7f)
        reader.fail("a byte of a tool name", place);
      if (edge > 0 && byte <= node.edges.at(-1)!.byte) reader.fail("ascending bytes", place);
      node.edges.push({ byte, node: reader.id(nodeCount, "a node") });
    }
  }
  reader.finish();
  checkTrie(reader, nodes, ir);
  return nodes;
}

/** Nodes are numbered breadth first, so each is reached exactly once; what a node is follows from how it is reached. */
function checkTrie(reader: Reader, nodes: readonly GlobNode[], ir: Pick<Ir, "agents" | "system">): void {
  const loops: number[] = [];
  const reach = (node: number | null, loop: number, place: number): void => {
    if (node === null) return;
    if (node !== loops.length) reader.fail("nodes numbered breadth first", place);
    loops.push(loop);
  };
  reach(ir.system.globRoot, LOOP_NONE, reader.start);
  for (const agent of ir.agents) reach(agent.globRoot, LOOP_NONE, reader.start);
  const roots = loops.length;
  for (const [id, node] of nodes.entries()) {
    const place = reader.start + 8 + id * NODE_BYTES;
    if (loops[id] !== node.loop) reader.fail("a node that is reached, with the loop of its star", place + 20);
    for (const edge of node.edges) reach(edge.node, LOOP_NONE, place);
    reach(node.segmentStar, LOOP_SEGMENT, place + 8);
    reach(node.anyStar, LOOP_ANY, place + 12);
    const isLeaf = node.edges.length === 0 && node.segmentStar === null && node.anyStar === null;
    if (isLeaf && node.pattern === null) reader.fail("a leaf with a pattern", place + 16);
    if (id < roots && (isLeaf || node.pattern !== null))
      reader.fail("a root with children and no pattern", place);
  }
  if (loops.length !== nodes.length) reader.fail(`${loops.length} nodes`, reader.start);
}

/**
 * Each pattern is found in exactly one way, from one scope, and brings in only what is that scope's.
 * `start` is where PATTERNS begins.
 */
export function checkOwners(reader: Reader, ir: Ir): void {
  const owners = new Map<number, number | null>();
  const own = (pattern: number | null, agent: number | null): void => {
    if (pattern === null) return;
    const place = reader.start + pattern * PATTERN_BYTES;
    if (owners.has(pattern)) reader.fail("a pattern that is found in one way", place);
    owners.set(pattern, agent);
    if (!fits(ir, ir.patterns[pattern]!, agent))
      reader.fail("only what belongs to the pattern's scope", place);
  };
  for (const name of ir.exact) {
    if (name.scope !== SCOPE_AGENTS) own(name.target, name.scope === 0 ? null : name.scope - 1);
  }
  own(ir.system.anyPattern, null);
  for (const [agent, { anyPattern }] of ir.agents.entries()) own(anyPattern, agent);
  const scopes: (number | null)[] = [];
  if (ir.system.globRoot !== null) scopes.push(null);
  for (const [agent, { globRoot }] of ir.agents.entries()) {
    if (globRoot !== null) scopes.push(agent);
  }
  // Breadth-first numbering: a node's scope is known before its children's are asked for.
  for (const [id, node] of ir.globs.entries()) {
    const scope = scopes[id]!;
    own(node.pattern, scope);
    for (const edge of node.edges) scopes[edge.node] = scope;
    if (node.segmentStar !== null) scopes[node.segmentStar] = scope;
    if (node.anyStar !== null) scopes[node.anyStar] = scope;
  }
  for (let pattern = 0; pattern < ir.patterns.length; pattern++) {
    if (!owners.has(pattern)) reader.fail("a pattern that is found", reader.start + pattern * PATTERN_BYTES);
  }
}

function fits(ir: Ir, pattern: IrPattern, agent: number | null): boolean {
  const selectors = agent === null ? 0 : ir.agents[agent]!.selectorCount;
  const phases = agent === null ? 0 : ir.agents[agent]!.phaseCount;
  const items =
    agent === null ? [...pattern.redacts, ...pattern.credentials, ...pattern.costs] : pattern.schemas;
  return (
    pattern.selectors.every((bit) => bit < selectors) &&
    pattern.phases.every((bit) => bit < phases) &&
    [...pattern.always, ...pattern.rules].every((id) => ir.rules[id]!.agent === agent) &&
    pattern.meters.every((id) => ir.meters[id]!.agent === agent) &&
    items.length === 0
  );
}
