/** Calls of functions: their arguments checked against the table, and what they mean in the program. */

import type { Argument, Call, Expression } from "../ast.ts";
import { report } from "../diagnostics.ts";
import { FUNCTIONS, type FunctionTable, OLDER_FUNCTIONS, type ParameterKind } from "../functions.ts";
import { durationMs } from "../parse/literals.ts";
import type { Condition, History, Operand } from "../program.ts";
import { didYouMean } from "../suggest.ts";
import { isToolPattern } from "../tool-patterns.ts";
import { checkCounted } from "./arguments.ts";
import { fieldOf, patternText, purposeIs, splitArgument } from "./operands.ts";
import type { Scope } from "./scope.ts";

/** A call where a true-or-false is wanted; null after an error. */
export function callCondition(call: Call, scope: Scope): Condition | null {
  const table = tableOf(call, scope);
  if (table === null || !checkArguments(call, table, scope)) return null;
  const { span } = call;
  if (table.remembers) {
    const history = historyOf(call, scope);
    return history === null ? null : { kind: "happened", history, span };
  }
  const [first, second] = call.arguments as [Expression, Argument?];
  if (call.name === "purpose") return first.kind === "string" ? purposeIs(first.value, span) : null;
  const found = fieldOf(first, scope, call.name);
  if (found === null) return null;
  if (call.name === "present") return { kind: "present", operand: found, span };
  if (second?.kind !== "pattern" && second?.kind !== "path") return null;
  const pattern = patternText(second, scope);
  if (pattern === null) return null;
  return { kind: "any", list: found, pattern: pattern.text, patternSpan: pattern.span, span };
}

/** A call where a value is wanted; null after an error. */
export function callOperand(call: Call, scope: Scope): Operand | null {
  const table = tableOf(call, scope);
  if (table === null || !checkArguments(call, table, scope)) return null;
  if (table.returns === "boolean") {
    scope.findings.diagnostics.push(
      report(
        "F215",
        call.span,
        { text: call.name, expected: "an operand: it is true or false by itself" },
        null,
      ),
    );
    return null;
  }
  if (table.remembers) {
    const history = historyOf(call, scope);
    return history === null ? null : { kind: "history", history, span: call.span };
  }
  const of = fieldOf(call.arguments[0] as Expression, scope, call.name);
  return of === null ? null : { kind: "length", of, span: call.span };
}

/** What the session is asked for; null after an error. The arguments are checked already. */
function historyOf(call: Call, scope: Scope): History | null {
  if (!scope.remembers) {
    scope.findings.diagnostics.push(report("F222", call.span, { place: scope.place, name: call.name }));
    return null;
  }
  const patterns: string[] = [];
  let windowMs: number | null = null;
  for (const argument of call.arguments) {
    const value = argument.kind === "named" ? argument.value : argument;
    if (value.kind === "tool_pattern") patterns.push(value.text);
    if (value.kind !== "duration") continue;
    windowMs = durationMs(value.amount, value.unit);
    if (windowMs > 0) continue;
    const name = argument.kind === "named" ? argument.name.text : call.name;
    const values = { name, expected: "a duration longer than nothing" };
    scope.findings.diagnostics.push(report("F205", value.span, values));
    return null;
  }
  const [pattern = ""] = patterns;
  switch (call.name) {
    case "session.count":
      return { function: "count", pattern, windowMs };
    case "session.sum": {
      const { pattern: tools, argument } = splitArgument(pattern)!;
      checkCounted(call.name, { pattern: tools, path: argument, isSummed: true }, call.span, scope);
      return { function: "sum", pattern: tools, argument, windowMs };
    }
    case "history.contains":
      return { function: "contains", pattern, windowMs };
    case "history.sequence":
      return { function: "sequence", patterns };
    default:
      return windowMs === null ? null : { function: "denies", windowMs };
  }
}

function tableOf(call: Call, scope: Scope): FunctionTable | null {
  const table = FUNCTIONS.get(call.name);
  if (table !== undefined) return table;
  const older = OLDER_FUNCTIONS.get(call.name);
  if (older !== undefined) {
    // It would have been rewritten if its arguments were right.
    const { least, most } = older;
    const count =
      least === most ? `${least} argument${least === 1 ? "" : "s"}` : `at least ${least} arguments`;
    const given = call.arguments.length;
    if (given < least || given > most) {
      scope.findings.diagnostics.push(report("F208", call.span, { name: call.name, count, given }));
    } else {
      const expected =
        "other arguments: an argument path and a pattern or value, or a tool pattern and a duration";
      scope.findings.diagnostics.push(report("F205", call.span, { name: call.name, expected }));
    }
    return null;
  }
  if (call.name === "env") {
    scope.findings.diagnostics.push(report("F703", call.span));
    return null;
  }
  const names = [...FUNCTIONS.keys(), ...OLDER_FUNCTIONS.keys()];
  const list = `functions are ${[...FUNCTIONS.keys()].map((name) => `\`${name}\``).join(", ")}`;
  scope.findings.diagnostics.push(
    report("F102", call.span, { name: call.name }, didYouMean(call.name, names, list)),
  );
  return null;
}

const DESCRIPTIONS: Record<ParameterKind, string> = {
  field: "a field such as `args.amount`",
  string: "a text in quotes",
  matching: '`matches "pattern"`',
  tool_pattern: "a tool pattern",
  tool_argument: "a tool pattern, a dot and an argument, such as `stripe/refund.amount`",
  duration: "a duration such as `30s`",
};

function checkArguments(call: Call, table: FunctionTable, scope: Scope): boolean {
  const plain = call.arguments.filter((argument) => argument.kind !== "named");
  const least = table.parameters.length;
  if (plain.length < least || (plain.length > least && !table.repeats)) {
    const count = `${table.repeats ? "at least " : ""}${least} argument${least === 1 ? "" : "s"}`;
    scope.findings.diagnostics.push(
      report("F208", call.span, { name: call.name, count, given: plain.length }),
    );
    return false;
  }
  let right = checkNamed(call, table, scope);
  for (const [index, argument] of plain.entries()) {
    const kind = table.parameters[Math.min(index, least - 1)]!;
    if (fits(kind, argument)) continue;
    right = false;
    const values = { name: call.name, expected: DESCRIPTIONS[kind] };
    scope.findings.diagnostics.push(report("F205", argument.span, values));
  }
  return right;
}

function checkNamed(call: Call, table: FunctionTable, scope: Scope): boolean {
  let right = true;
  const seen = new Set<string>();
  for (const argument of call.arguments) {
    if (argument.kind !== "named") continue;
    const { text, span } = argument.name;
    if (!Object.hasOwn(table.named, text) || seen.has(text)) {
      const known = Object.keys(table.named);
      const code = seen.has(text) ? "F012" : "F008";
      const unknown = didYouMean(text, known, known.length === 0 ? "it takes no named arguments" : null);
      const help = seen.has(text) ? undefined : unknown;
      scope.findings.diagnostics.push(report(code, span, { what: "named argument", name: text }, help));
      right = false;
    } else if (argument.value.kind !== "duration") {
      scope.findings.diagnostics.push(
        report("F205", argument.value.span, { name: text, expected: DESCRIPTIONS.duration }),
      );
      right = false;
    }
    seen.add(text);
  }
  return right;
}

function fits(kind: ParameterKind, argument: Argument): boolean {
  switch (kind) {
    case "field":
      return argument.kind === "path";
    case "string":
      return argument.kind === "string";
    case "matching":
      return argument.kind === "pattern" || argument.kind === "path";
    case "duration":
      return argument.kind === "duration";
    case "tool_pattern":
      return argument.kind === "tool_pattern" && isToolPattern(argument.text);
    case "tool_argument":
      return argument.kind === "tool_pattern" && splitArgument(argument.text) !== null;
  }
}
