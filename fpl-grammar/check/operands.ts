/** Parts of conditions that functions and operators share. */

import type { Expression, Path, Pattern } from "../ast.ts";
import { report } from "../diagnostics.ts";
import type { Condition, Field, Literal, Operand, Span } from "../program.ts";
import { didYouMean } from "../suggest.ts";
import { isToolPattern } from "../tool-patterns.ts";
import { resolve } from "./names.ts";
import { field, type Scope } from "./scope.ts";

/** The field that an argument of a function or a presence test names. */
export function fieldOf(expression: Expression, scope: Scope, name: string): Field | null {
  const found = expression.kind === "path" ? resolve(expression, scope) : null;
  if (found?.kind === "field") return found.field;
  if (found?.kind !== "unknown") {
    scope.findings.diagnostics.push(
      report("F205", expression.span, { name, expected: "a field such as `args.amount`" }),
    );
  }
  return null;
}

/** The text after `matches`, or of the variable named there. */
export function patternText(pattern: Pattern | Path, scope: Scope): { text: string; span: Span } | null {
  if (pattern.kind === "pattern") return pattern;
  const resolved = resolve(pattern, scope);
  if (
    resolved.kind === "variable" &&
    resolved.value.kind === "literal" &&
    resolved.value.literal.kind === "string"
  ) {
    return { text: resolved.value.literal.value, span: pattern.span };
  }
  if (resolved.kind !== "unknown") {
    scope.findings.diagnostics.push(
      report("F205", pattern.span, { name: "matches", expected: "a pattern in quotes" }),
    );
  }
  return null;
}

export function purposeIs(text: string, span: Span): Condition {
  const literal: Literal = { kind: "string", value: text };
  return {
    kind: "compare",
    op: "==",
    left: field("session", ["purpose"], span),
    right: { kind: "literal", literal, span },
    span,
  };
}

/** `name` must be a phase of the agent. */
export function checkPhase(name: string, span: Span, { phases, findings }: Scope): void {
  if (phases === null || phases.has(name)) return;
  const list =
    phases.size === 0
      ? "no phase is declared"
      : `declared are ${[...phases].map((text) => `\`${text}\``).join(", ")}`;
  findings.diagnostics.push(report("F107", span, { name }, didYouMean(name, phases, list)));
}

/** Texts compared with `session.phase` must be phases. */
export function checkPhases(left: Operand, right: readonly Operand[], scope: Scope): void {
  if (left.kind !== "field" || left.root !== "session" || left.path[0] !== "phase") return;
  for (const other of right) {
    if (other.kind === "literal" && other.literal.kind === "string")
      checkPhase(other.literal.value, other.span, scope);
  }
}

/** `PATTERN.argument` at its last dot; null if it is none. */
export function splitArgument(text: string): { pattern: string; argument: string[] } | null {
  const dot = text.lastIndexOf(".");
  const pattern = text.slice(0, Math.max(dot, 0));
  const argument = text.slice(dot + 1);
  return isToolPattern(pattern) && /^[A-Za-z_][A-Za-z0-9_-]*$/.test(argument)
    ? { pattern, argument: [argument] }
    : null;
}
