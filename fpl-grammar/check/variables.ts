/** `var NAME = VALUE`: literals, folded in wherever the name is used. */

import type { Statement, Value } from "../ast.ts";
import { place, report } from "../diagnostics.ts";
import { decimalOf, durationMs, parseDecimal, sizeBytes } from "../parse/literals.ts";
import type { Literal, Span } from "../program.ts";
import { ROOT_NAMES } from "./names.ts";
import type { Findings, VariableValue } from "./scope.ts";
import { refuseEnvironment } from "./settings.ts";

export function variablesOf(
  statements: readonly Statement[],
  findings: Findings,
): Map<string, VariableValue> {
  const variables = new Map<string, VariableValue>();
  const places = new Map<string, Span>();
  for (const statement of statements) {
    if (statement.kind !== "variable") continue;
    const { text, span } = statement.name;
    const earlier = places.get(text);
    if (earlier !== undefined) {
      findings.diagnostics.push(
        report("F301", span, { what: "variable", name: text, place: place(earlier) }),
      );
      continue;
    }
    places.set(text, span);
    if (ROOT_NAMES.includes(text)) findings.diagnostics.push(report("F303", span, { name: text }));
    const value = variableValue(statement.value, findings);
    if (value !== null) variables.set(text, value);
  }
  return variables;
}

function variableValue(value: Value, findings: Findings): VariableValue | null {
  refuseEnvironment(value, findings);
  if (value.kind !== "list") {
    const literal = literalOf(value, findings);
    return literal === null ? null : { kind: "literal", literal };
  }
  const literals = value.items.map((item) => literalOf(item, findings));
  if (literals.includes(null)) return null;
  const list = literals as Literal[];
  if (list.some(({ kind }) => kind !== list[0]!.kind)) {
    findings.diagnostics.push(report("F203", value.span));
    return null;
  }
  return { kind: "list", literals: list };
}

function literalOf(value: Value, findings: Findings): Literal | null {
  switch (value.kind) {
    case "string":
      return { kind: "string", value: value.value };
    case "boolean":
      return { kind: "boolean", value: value.value };
    case "number":
    case "money":
      return { kind: "number", value: value.value };
    case "duration":
      return { kind: "number", value: parseDecimal(`${durationMs(value.amount, value.unit)}e-3`)! };
    case "size":
      return { kind: "number", value: decimalOf(sizeBytes(value.amount, value.unit)) };
    case "env":
      return null;
    default: {
      const help = value.kind === "word" ? `write it in quotes: \`"${value.value}"\`` : null;
      findings.diagnostics.push(report("F304", value.span, {}, help));
      return null;
    }
  }
}
