/** Patterns of all scopes to the dispatch tables: exact names, glob tries, the pattern of every tool. */

import { LOOP_ANY, LOOP_NONE, LOOP_SEGMENT, SCOPE_AGENTS, SCOPE_SYSTEM } from "../../engine/constants.ts";
import type { GlobNode } from "../format/ir.ts";
import type { Build } from "./build.ts";
import type { Scope } from "./scope.ts";
import { ANY_STAR, SEGMENT_STAR } from "./tool-pattern.ts";

/** Where a scope starts in the tables. */
export interface Entry {
  globRoot: number | null;
  anyPattern: number | null;
}

interface TrieNode {
  children: Map<number, TrieNode>;
  pattern: number | null;
  loop: number;
}

function trieNode(token: number): TrieNode {
  const loop = token === ANY_STAR ? LOOP_ANY : token === SEGMENT_STAR ? LOOP_SEGMENT : LOOP_NONE;
  return { children: new Map(), pattern: null, loop };
}

/** Returns one entry per scope, in the order given: the system, then the agents. */
export function lowerDispatch(build: Build, scopes: readonly Scope[]): Entry[] {
  const roots: TrieNode[] = [];
  const entries = scopes.map((scope, position): Entry => {
    const root = trieNode(0);
    let anyPattern: number | null = null;
    for (const { form, pattern } of scope.patterns) {
      const id = build.patterns.length;
      build.patterns.push(pattern);
      if (form.kind === "any") anyPattern = id;
      else if (form.kind === "glob") insert(root, form.tokens, id);
      else build.exact.push({ scope: SCOPE_SYSTEM + position, string: build.string(form.name), target: id });
    }
    const globRoot = root.children.size === 0 ? null : roots.push(root) - 1;
    return { globRoot, anyPattern };
  });
  for (const [agent, { policy }] of build.rows.entries()) {
    build.exact.push({ scope: SCOPE_AGENTS, string: build.string(policy.name), target: agent });
  }
  numberNodes(build.globs, roots);
  return entries;
}

function insert(root: TrieNode, tokens: readonly number[], pattern: number): void {
  let node = root;
  for (const token of tokens) {
    let child = node.children.get(token);
    if (child === undefined) {
      child = trieNode(token);
      node.children.set(token, child);
    }
    node = child;
  }
  node.pattern = pattern;
}

/** Breadth first; the roots are the first nodes. */
function numberNodes(globs: GlobNode[], roots: readonly TrieNode[]): void {
  const queue = [...roots];
  for (let id = 0; id < queue.length; id++) {
    const node = queue[id]!;
    const bytes = [...node.children.keys()].filter((token) => token >= 0).sort((left, right) => left - right);
    const edges = bytes.map((byte) => ({ byte, node: queue.push(node.children.get(byte)!) - 1 }));
    const segment = node.children.get(SEGMENT_STAR);
    const any = node.children.get(ANY_STAR);
    globs.push({
      edges,
      segmentStar: segment === undefined ? null : queue.push(segment) - 1,
      anyStar: any === undefined ? null : queue.push(any) - 1,
      pattern: node.pattern,
      loop: node.loop,
    });
  }
}
