/** Conditions: concrete syntax to the tree of ast.ts, older function spellings rewritten. */

import type { Argument, Call, Expression, Path, Pattern } from "../ast.ts";
import { report } from "../diagnostics.ts";
import { FUNCTIONS } from "../functions.ts";
import type { Token } from "../lexer.ts";
import type { Comparison } from "../program.ts";
import { isExpression, toDuration, toToolPattern } from "./arguments.ts";
import { integerOf } from "./literals.ts";
import { rewriteOlder } from "./older.ts";
import { tokenSpan } from "./split.ts";
import type { Leaf, Tree } from "./statement.ts";
import { chain, isTree, join, type Sink, token, tree } from "./tree.ts";
import { numberValue, scalarToken } from "./values.ts";

const MAX_INDEX = 0x7fffffff;

export function expressionOf(leaf: Leaf | undefined, sink: Sink): Expression {
  if (!isTree(leaf)) return literalOf(token(leaf), sink);
  const { rule, children } = leaf;
  switch (rule) {
    case "or":
    case "and":
      return junction(leaf, rule, sink);
    case "not": {
      const term = expressionOf(children[1], sink);
      return { kind: "not", term, span: join(tokenSpan(token(children[0])), term.span) };
    }
    case "group":
      return expressionOf(children[1], sink);
    case "binary":
      return binaryOf(leaf, sink);
    case "matches": {
      const left = expressionOf(children[0], sink);
      const right = patternOrPath(children[2], sink);
      return { kind: "matches", left, right, span: join(left.span, right.span) };
    }
    case "path":
    case "step":
      return pathOf(leaf, sink);
    case "call":
      return callOf(leaf, sink);
    case "list":
      return listOf(leaf, sink);
    default:
      throw new Error(`grammar: no condition is a ${rule}`);
  }
}

const COMPARISONS = new Set(["==", "!=", "<", "<=", ">", ">="]);

function binaryOf({ children }: Tree, sink: Sink): Expression {
  const left = expressionOf(children[0], sink);
  const right = expressionOf(children[2], sink);
  const span = join(left.span, right.span);
  const { text } = token(children[1]);
  if (COMPARISONS.has(text)) return { kind: "compare", op: text as Comparison, left, right, span };
  return { kind: text as "in" | "contains" | "starts_with" | "ends_with" | "under", left, right, span };
}

/** Flattens `a or b or c`, which the grammar nests to the left, and groups of the same kind. */
function junction(leaf: Tree, kind: "or" | "and", sink: Sink): Expression {
  const parts: Leaf[] = [];
  let at: Leaf | undefined = leaf;
  while (isTree(at) && at.rule === kind) {
    parts.push(at.children[2]!);
    at = at.children[0];
  }
  parts.push(at!);
  const terms: Expression[] = [];
  for (const part of parts.reverse()) {
    const term = expressionOf(part, sink);
    if (term.kind === kind) for (const inner of term.terms) terms.push(inner);
    else terms.push(term);
  }
  return { kind, terms, span: join(terms[0]!.span, terms.at(-1)!.span) };
}

function literalOf(found: Token, sink: Sink): Expression {
  if (found.type === "reserved" && (found.text === "nil" || found.text === "null")) {
    return { kind: "nil", span: tokenSpan(found) };
  }
  const value = scalarToken(found, sink);
  return value.kind === "word" || value.kind === "env"
    ? { kind: "path", head: found.text, steps: [], span: value.span }
    : value;
}

function listOf(leaf: Tree, sink: Sink): Expression {
  const [open, items, close] = leaf.children;
  return {
    kind: "list",
    items: chain(items).map((item) => listItem(item, sink)),
    span: join(tokenSpan(token(open)), tokenSpan(token(close))),
  };
}

function listItem(item: Leaf, sink: Sink): Expression {
  if (!isTree(item)) return literalOf(token(item), sink);
  const [word, , , close] = item.children;
  const span = join(tokenSpan(token(word)), tokenSpan(token(close)));
  sink.diagnostics.push(report("F703", span));
  return { kind: "string", value: "", span };
}

export function pathOf(leaf: Tree, sink: Sink): Path {
  const tokens: Token[] = [];
  let at = leaf;
  while (at.rule === "step") {
    tokens.push(token(at.children[1]));
    at = tree(at.children[0]);
  }
  const head = token(at.children[0]);
  const last = tokens[0];
  const bracket = last?.type === "text" || last?.type === "number" ? 1 : 0;
  const span =
    last === undefined
      ? tokenSpan(head)
      : join(tokenSpan(head), { ...tokenSpan(last), length: last.length + bracket });
  const steps = tokens
    .reverse()
    .map((found) => (found.type === "number" ? indexOf(found, sink) : found.value));
  return { kind: "path", head: head.text, steps, span };
}

function indexOf(found: Token, sink: Sink): number {
  const index = integerOf(numberValue(found, sink).value);
  if (index !== null && index >= 0 && index <= MAX_INDEX) return index;
  const values = { text: found.text, expected: "an index, a whole number from 0" };
  sink.diagnostics.push(report("F215", tokenSpan(found), values));
  return 0;
}

function patternOrPath(leaf: Leaf | undefined, sink: Sink): Pattern | Path {
  if (isTree(leaf)) return pathOf(leaf, sink);
  const found = token(leaf);
  return { kind: "pattern", text: found.value, span: tokenSpan(found) };
}

function callOf(leaf: Tree, sink: Sink): Expression {
  const [callee, items, close] = leaf.children;
  const path = pathOf(tree(callee), sink);
  const name = [path.head, ...path.steps].join(".");
  const span = join(path.span, tokenSpan(token(close)));
  const given = chain(items).map((item) => argumentOf(item, sink));
  const call: Call = { kind: "call", name, arguments: given, span };
  const rewritten = rewriteOlder(call);
  return rewritten.kind === "call" ? canonical(rewritten) : rewritten;
}

function argumentOf(leaf: Leaf, sink: Sink): Argument {
  if (!isTree(leaf)) {
    const found = token(leaf);
    if (found.type === "loose_pattern")
      return { kind: "tool_pattern", text: found.text, span: tokenSpan(found) };
    if (found.type === "pattern_text") return { kind: "pattern", text: found.value, span: tokenSpan(found) };
    return literalOf(found, sink);
  }
  if (leaf.rule === "matching") {
    const right = patternOrPath(leaf.children[1], sink);
    const span = join(tokenSpan(token(leaf.children[0])), right.span);
    return right.kind === "pattern" ? { ...right, span } : right;
  }
  if (leaf.rule === "named") {
    const name = token(leaf.children[0]);
    const value = expressionOf(leaf.children[1], sink);
    const span = join(tokenSpan(name), value.span);
    return { kind: "named", name: { text: name.text, span: tokenSpan(name) }, value, span };
  }
  return expressionOf(leaf, sink);
}

/** Arguments of known functions in the one form of their parameter: tool patterns unquoted, durations with a unit. */
function canonical(call: Call): Call {
  const table = FUNCTIONS.get(call.name);
  if (table === undefined) return call;
  let position = 0;
  const given = call.arguments.map((argument): Argument => {
    if (argument.kind === "named") return { ...argument, value: toDuration(argument.value) };
    const kind = table.parameters[Math.min(position++, table.parameters.length - 1)];
    if (kind === "tool_pattern" || kind === "tool_argument") return toToolPattern(argument);
    if (kind === "duration" && isExpression(argument)) return toDuration(argument);
    return argument;
  });
  return { ...call, arguments: given };
}
