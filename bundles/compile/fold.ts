/** Constant folding: the same three-valued meaning, without constants inside groups, nested groups of one kind and double negation. */

import type { Comparison, Condition, Literal, Operand } from "../../fpl-grammar/program.ts";
import { compareNumbers } from "../format/order.ts";

export function fold(condition: Condition): Condition {
  switch (condition.kind) {
    case "and":
    case "or":
      return foldGroup(condition);
    case "not":
      return foldNot(condition);
    case "compare":
      return foldCompare(condition);
    case "in":
      return foldIn(condition);
    default:
      return condition;
  }
}

function constant(value: boolean, like: Condition): Condition {
  return { kind: "constant", value, span: like.span };
}

function foldGroup(condition: Condition & { kind: "and" | "or" }): Condition {
  // FALSE AND x = FALSE, TRUE OR x = TRUE for every x; the other constant is neutral.
  const absorbing = condition.kind === "or";
  const terms: Condition[] = [];
  for (const original of condition.terms) {
    const term = fold(original);
    if (term.kind === "constant") {
      if (term.value === absorbing) return constant(absorbing, condition);
    } else if (term.kind === condition.kind) {
      for (const inner of term.terms) terms.push(inner);
    } else {
      terms.push(term);
    }
  }
  if (terms.length === 0) return constant(!absorbing, condition);
  if (terms.length === 1) return terms[0]!;
  return { kind: condition.kind, terms, span: condition.span };
}

function foldNot(condition: Condition & { kind: "not" }): Condition {
  const term = fold(condition.term);
  if (term.kind === "constant") return constant(!term.value, condition);
  if (term.kind === "not") return term.term;
  return { kind: "not", term, span: condition.span };
}

function literalOf(operand: Operand): Literal | null {
  return operand.kind === "literal" ? operand.literal : null;
}

/** Null when the kinds differ, which is a wrong type at run time. */
function literalsEqual(left: Literal, right: Literal): boolean | null {
  if (left.kind !== right.kind) return null;
  if (left.kind === "number" && right.kind === "number") return compareNumbers(left.value, right.value) === 0;
  return left.value === right.value;
}

function foldCompare(condition: Condition & { kind: "compare" }): Condition {
  const left = literalOf(condition.left);
  const right = literalOf(condition.right);
  if (left === null || right === null) return left === null ? condition : fieldFirst(condition);
  if (condition.op === "==" || condition.op === "!=") {
    const equal = literalsEqual(left, right);
    return equal === null ? condition : constant(equal === (condition.op === "=="), condition);
  }
  if (left.kind !== "number" || right.kind !== "number") return condition;
  const order = compareNumbers(left.value, right.value);
  switch (condition.op) {
    case "<":
      return constant(order < 0, condition);
    case "<=":
      return constant(order <= 0, condition);
    case ">":
      return constant(order > 0, condition);
    default:
      return constant(order >= 0, condition);
  }
}

const MIRRORED: Record<Comparison, Comparison> = {
  "==": "==",
  "!=": "!=",
  "<": ">",
  "<=": ">=",
  ">": "<",
  ">=": "<=",
};

/** `500 < amount` is `amount > 500`. */
function fieldFirst(condition: Condition & { kind: "compare" }): Condition {
  return { ...condition, op: MIRRORED[condition.op], left: condition.right, right: condition.left };
}

function foldIn(condition: Condition & { kind: "in" }): Condition {
  const left = literalOf(condition.left);
  if (left === null) return condition;
  let found = false;
  for (const literal of condition.list) {
    const equal = literalsEqual(left, literal);
    if (equal === null) return condition;
    found ||= equal;
  }
  return constant(found, condition);
}
