/** Conditions of the tree to conditions of the program: names resolved, variables folded, functions replaced. */

import type { Call, Expression, FacetClause, Path } from "../ast.ts";
import { report } from "../diagnostics.ts";
import { FUNCTIONS } from "../functions.ts";
import { decimalOf, durationMs, parseDecimal, sizeBytes } from "../parse/literals.ts";
import type { Comparison, Condition, Literal, Operand, Span } from "../program.ts";
import { callCondition, callOperand } from "./calls.ts";
import { facetCondition } from "./facets.ts";
import { resolve } from "./names.ts";
import { checkPhases, fieldOf, patternText } from "./operands.ts";
import { number, type Scope } from "./scope.ts";

/** Stands for a condition that has an error; the program is not built then. */
const broken = (span: Span): Condition => ({ kind: "constant", value: false, span });

/** The rule's condition and its facet clauses, conjoined; null if it has neither. */
export function ruleCondition(
  condition: Expression | null,
  facets: readonly FacetClause[],
  scope: Scope,
): Condition | null {
  const terms = facets.map((clause) => facetCondition(clause, scope));
  if (condition !== null) {
    const own = lower(condition, scope);
    if (own.kind === "and") terms.unshift(...own.terms);
    else terms.unshift(own);
  }
  if (terms.length <= 1) return terms[0] ?? null;
  return { kind: "and", terms, span: condition?.span ?? facets[0]!.span };
}

export function lower(expression: Expression, scope: Scope): Condition {
  const { span } = expression;
  switch (expression.kind) {
    case "or":
    case "and":
      return { kind: expression.kind, terms: expression.terms.map((term) => lower(term, scope)), span };
    case "not":
      return { kind: "not", term: lower(expression.term, scope), span };
    case "compare":
      return comparison(expression, scope);
    case "in":
      return membership(expression.left, expression.right, span, scope);
    case "contains":
    case "starts_with":
    case "ends_with": {
      const left = operand(expression.left, scope);
      const right = operand(expression.right, scope);
      return left === null || right === null ? broken(span) : { kind: expression.kind, left, right, span };
    }
    case "matches": {
      const left = operand(expression.left, scope);
      const pattern = patternText(expression.right, scope);
      if (left === null || pattern === null) return broken(span);
      return { kind: "matches", left, pattern: pattern.text, patternSpan: pattern.span, span };
    }
    case "under":
      return containment(expression.left, expression.right, span, scope);
    case "path":
      return truth(expression, scope);
    case "call":
      return callTruth(expression, scope);
    case "boolean":
      return { kind: "constant", value: expression.value, span };
    default:
      scope.findings.diagnostics.push(
        report("F209", span, {
          operand: "this",
          type: `a ${expression.kind === "string" ? "text" : expression.kind}`,
        }),
      );
      return broken(span);
  }
}

function truth(path: Path, scope: Scope): Condition {
  const resolved = resolve(path, scope);
  if (resolved.kind === "field") return { kind: "truth", operand: resolved.field, span: path.span };
  if (resolved.kind === "unknown") return broken(path.span);
  if (resolved.kind === "computed") {
    const values = { operand: `\`${resolved.name}\``, type: "a number" };
    scope.findings.diagnostics.push(report("F209", path.span, values));
    return broken(path.span);
  }
  const { value } = resolved;
  if (value.kind === "literal" && value.literal.kind === "boolean") {
    return { kind: "constant", value: value.literal.value, span: path.span };
  }
  const type = value.kind === "list" ? "a list" : `a ${value.literal.kind}`;
  scope.findings.diagnostics.push(report("F209", path.span, { operand: `\`${path.head}\``, type }));
  return broken(path.span);
}

function callTruth(call: Call, scope: Scope): Condition {
  if (FUNCTIONS.get(call.name)?.returns === "number") {
    callOperand(call, scope);
    scope.findings.diagnostics.push(
      report("F209", call.span, { operand: `\`${call.name}\``, type: "a number" }),
    );
    return broken(call.span);
  }
  return callCondition(call, scope) ?? broken(call.span);
}

function comparison(expression: Expression & { kind: "compare" }, scope: Scope): Condition {
  const { op, span } = expression;
  const nil = expression.left.kind === "nil" ? "left" : expression.right.kind === "nil" ? "right" : null;
  if (nil !== null) return presence(expression[nil === "left" ? "right" : "left"], op, span, scope);
  const left = operand(expression.left, scope);
  const right = operand(expression.right, scope);
  if (left === null || right === null) return broken(span);
  checkPhases(left, [right], scope);
  checkPhases(right, [left], scope);
  return { kind: "compare", op, left, right, span };
}

/** `x == nil` and `x != nil` are never unknown (LANGUAGE section 4). */
function presence(of: Expression, op: Comparison, span: Span, scope: Scope): Condition {
  if (op !== "==" && op !== "!=") {
    scope.findings.diagnostics.push(report("F210", span));
    return broken(span);
  }
  const found = fieldOf(of, scope, "nil");
  if (found === null) return broken(span);
  const present: Condition = { kind: "present", operand: found, span };
  return op === "!=" ? present : { kind: "not", term: present, span };
}

function membership(left: Expression, right: Expression, span: Span, scope: Scope): Condition {
  const operandLeft = operand(left, scope);
  const list = literalList(right, scope);
  if (operandLeft === null || list === null) return broken(span);
  if (list.length === 0) {
    scope.findings.diagnostics.push(report("F204", right.span));
    return broken(span);
  }
  if (list.some(({ kind }) => kind !== list[0]!.kind)) {
    scope.findings.diagnostics.push(report("F203", right.span));
    return broken(span);
  }
  checkPhases(
    operandLeft,
    list.map((literal) => ({ kind: "literal", literal, span: right.span })),
    scope,
  );
  return { kind: "in", left: operandLeft, list, span };
}

function literalList(expression: Expression, scope: Scope): Literal[] | null {
  if (expression.kind === "list") {
    const items = expression.items.map((item) => literalItem(item, scope));
    return items.includes(null) ? null : (items as Literal[]);
  }
  if (expression.kind === "path") {
    const resolved = resolve(expression, scope);
    if (resolved.kind === "unknown") return null;
    if (resolved.kind === "variable" && resolved.value.kind === "list") return resolved.value.literals;
  }
  const help = "write `in [...]`, or `list contains x`";
  scope.findings.diagnostics.push(report("F205", expression.span, { name: "in", expected: "a list" }, help));
  return null;
}

/** An item is a literal or a variable that holds one. */
function literalItem(item: Expression, scope: Scope): Literal | null {
  const found = item.kind === "list" ? null : operand(item, scope);
  if (found?.kind === "literal") return found.literal;
  if (found !== null || item.kind === "list") {
    const text = item.kind === "path" ? item.head : "this";
    scope.findings.diagnostics.push(
      report("F215", item.span, { text, expected: "a value for a list" }, "a text stands in quotes"),
    );
  }
  return null;
}

function containment(left: Expression, right: Expression, span: Span, scope: Scope): Condition {
  const operandLeft = operand(left, scope);
  const directory = operand(right, scope);
  if (operandLeft === null || directory === null) return broken(span);
  if (directory.kind !== "literal" || directory.literal.kind !== "string") {
    scope.findings.diagnostics.push(
      report("F207", right.span, { name: "under", expected: "followed by a directory in quotes" }),
    );
    return broken(span);
  }
  const { value } = directory.literal;
  if (!value.startsWith("/") || value.includes("\0")) {
    scope.findings.diagnostics.push(report("F211", right.span, { text: value }));
    return broken(span);
  }
  return { kind: "under", left: operandLeft, directory: value, span };
}

/** A field, a literal, or a call that gives a number; null after an error. */
export function operand(expression: Expression, scope: Scope): Operand | null {
  const { span } = expression;
  switch (expression.kind) {
    case "path": {
      const resolved = resolve(expression, scope);
      if (resolved.kind === "field") return resolved.field;
      if (resolved.kind === "unknown") return null;
      if (resolved.kind === "computed") return { kind: "computed", name: resolved.name, span };
      if (resolved.value.kind === "literal")
        return { kind: "literal", literal: resolved.value.literal, span };
      scope.findings.diagnostics.push(report("F214", span));
      return null;
    }
    case "call":
      return callOperand(expression, scope);
    case "string":
      return { kind: "literal", literal: { kind: "string", value: expression.value }, span };
    case "boolean":
      return { kind: "literal", literal: { kind: "boolean", value: expression.value }, span };
    case "number":
    case "money":
      return { kind: "literal", literal: number(expression.value), span };
    case "duration":
      return {
        kind: "literal",
        literal: number(seconds(durationMs(expression.amount, expression.unit))),
        span,
      };
    case "size":
      return {
        kind: "literal",
        literal: number(decimalOf(sizeBytes(expression.amount, expression.unit))),
        span,
      };
    case "nil":
      scope.findings.diagnostics.push(report("F210", span));
      return null;
    case "list":
      scope.findings.diagnostics.push(report("F214", span));
      return null;
    default:
      scope.findings.diagnostics.push(report("F220", span));
      return null;
  }
}

/** A duration in a condition counts seconds. */
function seconds(milliseconds: number) {
  return parseDecimal(`${milliseconds}e-3`)!;
}
