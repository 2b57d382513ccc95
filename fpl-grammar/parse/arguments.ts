/** Arguments of functions in the one form of their parameter. */

import type { Argument, Expression } from "../ast.ts";
import type { Span } from "../program.ts";
import { integerOf, parseDuration } from "./literals.ts";

export function isExpression(argument: Argument): argument is Expression {
  return argument.kind !== "tool_pattern" && argument.kind !== "pattern" && argument.kind !== "named";
}

/** Seconds as a bare number and `"30m"` become durations. */
export function toDuration(value: Expression): Expression {
  if (value.kind === "string") {
    const parsed = parseDuration(value.value);
    return parsed === null ? value : { kind: "duration", ...parsed, span: value.span };
  }
  if (value.kind !== "number") return value;
  const amount = integerOf(value.value);
  return amount === null || amount < 0 || amount > 1e12
    ? value
    : { kind: "duration", amount, unit: "s", span: value.span };
}

export function toToolPattern(argument: Argument): Argument {
  const span: Span = argument.span;
  if (argument.kind === "string") return { kind: "tool_pattern", text: argument.value, span };
  if (argument.kind !== "path" || argument.steps.some((step) => typeof step === "number")) return argument;
  return { kind: "tool_pattern", text: [argument.head, ...argument.steps].join("."), span };
}
