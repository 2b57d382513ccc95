/** Reading concrete syntax trees. A shape that the grammar does not build is a defect and throws. */

import type { Name } from "../ast.ts";
import type { Token } from "../lexer.ts";
import type { Diagnostic, Span } from "../program.ts";
import { tokenSpan } from "./split.ts";
import type { Leaf, Tree } from "./statement.ts";

/** Where conversions report. */
export interface Sink {
  diagnostics: Diagnostic[];
}

export function isTree(leaf: Leaf | undefined): leaf is Tree {
  return leaf !== null && leaf !== undefined && "rule" in leaf;
}

export function token(leaf: Leaf | undefined): Token {
  if (leaf === null || leaf === undefined || "rule" in leaf) throw new Error("grammar: expected a token");
  return leaf;
}

export function tree(leaf: Leaf | undefined): Tree {
  if (!isTree(leaf)) throw new Error("grammar: expected a tree");
  return leaf;
}

/** The items of a left-recursive chain, in order. */
export function chain(leaf: Leaf | undefined): Leaf[] {
  const items: Leaf[] = [];
  let at: Leaf | undefined = leaf;
  while (isTree(at) && at.rule === "more") {
    items.push(at.children[1]!);
    at = at.children[0];
  }
  if (isTree(at) && at.rule === "first") items.push(at.children[0]!);
  return items.reverse();
}

export function nameOf(leaf: Leaf | undefined): Name {
  const found = token(leaf);
  return { text: found.value, span: tokenSpan(found) };
}

/** From the beginning of one span to the end of another. */
export function join(first: Span, last: Span): Span {
  return { ...first, length: last.offset + last.length - first.offset };
}
