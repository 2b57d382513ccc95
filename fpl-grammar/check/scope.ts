/** What names mean in one place of a document, and where findings go. */

import type { Value } from "../ast.ts";
import type { Decimal, Diagnostic, Field, Literal, Span, ToolSchema, Unenforced } from "../program.ts";
import type { PatternIndex } from "./pattern-index.ts";

/** Everything the checks report or set aside. */
export interface Findings {
  diagnostics: Diagnostic[];
  unenforced: Unenforced[];
}

export type VariableValue = { kind: "literal"; literal: Literal } | { kind: "list"; literals: Literal[] };

/** The names that a condition may use. */
export interface Scope {
  findings: Findings;
  schemas: PatternIndex<ToolSchema>;
  variables: ReadonlyMap<string, VariableValue>;
  /** Null where selectors cannot be used. */
  selectors: ReadonlySet<string> | null;
  /** Declared phases, for comparisons with `session.phase`. Null where they are not known. */
  phases: ReadonlySet<string> | null;
  /** For messages: "system rules". */
  place: string;
  /** Whether conditions may ask what the session remembers. */
  remembers: boolean;
}

export type Type = "string" | "number" | "boolean" | "list" | "object" | "unknown";

export function unenforced(findings: Findings, construct: string, span: Span): void {
  findings.unenforced.push({ construct, span });
}

export function field(root: Field["root"], path: (string | number)[], span: Span): Field {
  return { kind: "field", root, path, span };
}

export const number = (value: Decimal): Literal => ({ kind: "number", value });

/** Settings as the printer would read them back, for messages. */
export function describeValue(value: Value): string {
  switch (value.kind) {
    case "string":
    case "word":
      return value.value;
    case "env":
      return `env("${value.name}")`;
    default:
      return `a ${value.kind}`;
  }
}
