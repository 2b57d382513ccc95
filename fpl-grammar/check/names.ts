/**
 * Names in conditions (LANGUAGE section 4): a path to the field it reads. Roots come first, then declared variables, then the
 * `http` facet's bare names, then arguments.
 */

import type { Path } from "../ast.ts";
import { report } from "../diagnostics.ts";
import type { Computed, Field, Root, Span } from "../program.ts";
import { didYouMean, suggest } from "../suggest.ts";
import { field, type Scope, type Type, type VariableValue } from "./scope.ts";

/** Fields of the closed roots, and their types. */
export const FIELDS: Readonly<
  Record<"principal" | "session" | "http" | "time" | "delegation", Record<string, Type>>
> = {
  principal: {
    id: "string",
    method: "string",
    verified: "boolean",
    role: "string",
    tier: "string",
    org: "string",
    groups: "list",
    email: "string",
  },
  session: {
    id: "string",
    purpose: "string",
    phase: "string",
    calls: "number",
    cost: "number",
    age: "number",
  },
  http: {
    host: "string",
    port: "number",
    method: "string",
    path: "string",
    query: "object",
    headers: "object",
  },
  time: { hour: "number", weekday: "number", day: "number", month: "number", unix: "number" },
  delegation: { depth: "number", root: "string", chain: "list" },
};

/** Numbers that the core knows, and those fields that only an agent's own state gives. */
const COMPUTED: ReadonlySet<string> = new Set<Computed>([
  "session.calls",
  "session.cost",
  "session.age",
  "delegation.depth",
]);
const REMEMBERED = new Set(["session.calls", "session.cost", "session.age", "session.phase"]);

/** Roots that are themselves a text. */
const TEXT_ROOTS: Record<string, Root> = { tool: "tool", tool_name: "tool", agent: "agent", model: "model" };

export const ROOT_NAMES: readonly string[] = [
  "args",
  ...Object.keys(TEXT_ROOTS),
  ...Object.keys(FIELDS),
  "selectors",
  "vars",
];

const FACET_NAMES = new Set(["host", "port", "method", "path"]);

export type Resolved =
  | { kind: "field"; field: Field }
  | { kind: "computed"; name: Computed }
  | { kind: "variable"; value: VariableValue }
  | { kind: "unknown" };

const UNKNOWN: Resolved = { kind: "unknown" };

export function resolve(path: Path, scope: Scope): Resolved {
  const { head, steps, span } = path;
  const [first] = steps;
  if (head === "args") {
    if (first === undefined) return alone(scope, span, head, "amount");
    if (typeof first === "number") return unknownField(scope, span, head, String(first), []);
    return { kind: "field", field: field("args", steps, span) };
  }
  const text = TEXT_ROOTS[head];
  if (Object.hasOwn(TEXT_ROOTS, head) && text !== undefined) {
    if (steps.length === 0) return { kind: "field", field: field(text, [], span) };
    scope.findings.diagnostics.push(
      report("F104", span, { name: head }, `for an argument of that name write \`args.${head}\``),
    );
    return UNKNOWN;
  }
  if (Object.hasOwn(FIELDS, head)) return closedRoot(head as keyof typeof FIELDS, steps, span, scope);
  if (head === "selectors") return selector(steps, span, scope);
  if (head === "vars") return variable(steps, span, scope);
  const value = scope.variables.get(head);
  if (value !== undefined) {
    if (steps.length === 0) return { kind: "variable", value };
    scope.findings.diagnostics.push(report("F104", span, { name: head }, null));
    return UNKNOWN;
  }
  if (FACET_NAMES.has(head) && steps.length === 0)
    return { kind: "field", field: field("facet", [head], span) };
  if (steps.length > 0 && head.length > 2) {
    const suggestion = suggest(head, ROOT_NAMES);
    if (suggestion !== null)
      scope.findings.diagnostics.push(report("F112", span, { name: head, suggestion }));
  }
  return { kind: "field", field: field("args", [head, ...steps], span) };
}

function closedRoot(
  root: keyof typeof FIELDS,
  steps: (string | number)[],
  span: Span,
  scope: Scope,
): Resolved {
  const fields = FIELDS[root];
  const [name, ...rest] = steps;
  if (name === undefined) return alone(scope, span, root, Object.keys(fields)[0]!);
  if (typeof name === "number" || !Object.hasOwn(fields, name)) {
    return unknownField(scope, span, root, String(name), Object.keys(fields));
  }
  const type = fields[name]!;
  const isKey = type === "object" && rest.length === 1 && typeof rest[0] === "string";
  const isIndex = type === "list" && rest.length === 1 && typeof rest[0] === "number";
  if (rest.length > 0 && !isKey && !isIndex) {
    scope.findings.diagnostics.push(report("F104", span, { name: `${root}.${name}` }));
    return UNKNOWN;
  }
  const whole = `${root}.${name}`;
  if (!scope.remembers && REMEMBERED.has(whole)) {
    scope.findings.diagnostics.push(report("F222", span, { place: scope.place, name: whole }));
    return UNKNOWN;
  }
  if (COMPUTED.has(whole)) return { kind: "computed", name: whole as Computed };
  if (whole === "delegation.root") return { kind: "field", field: field("delegation", ["chain", 0], span) };
  // Header names are lower case in an action (ABI: the action).
  const path = name === "headers" ? [name, ...rest.map((key) => String(key).toLowerCase())] : steps;
  return { kind: "field", field: field(root, path, span) };
}

function selector(steps: (string | number)[], span: Span, scope: Scope): Resolved {
  const [name] = steps;
  if (name === undefined) return alone(scope, span, "selectors", "NAME");
  if (scope.selectors === null) {
    scope.findings.diagnostics.push(report("F111", span, { place: scope.place }));
    return UNKNOWN;
  }
  if (typeof name === "number" || !scope.selectors.has(name)) {
    const nearest = suggest(String(name), scope.selectors);
    const help = nearest === null ? undefined : `did you mean \`${nearest}\`?`;
    scope.findings.diagnostics.push(report("F106", span, { name }, help));
    return UNKNOWN;
  }
  return { kind: "field", field: field("selectors", steps, span) };
}

function variable(steps: (string | number)[], span: Span, scope: Scope): Resolved {
  const [name, ...rest] = steps;
  if (name === undefined) return alone(scope, span, "vars", "NAME");
  const value = scope.variables.get(String(name));
  if (value === undefined) {
    const help = didYouMean(String(name), scope.variables.keys(), `declare it with \`var ${name} = …\``);
    scope.findings.diagnostics.push(report("F105", span, { name }, help));
    return UNKNOWN;
  }
  if (rest.length === 0) return { kind: "variable", value };
  scope.findings.diagnostics.push(report("F104", span, { name: `vars.${name}` }));
  return UNKNOWN;
}

function alone(scope: Scope, span: Span, name: string, example: string): Resolved {
  scope.findings.diagnostics.push(report("F103", span, { name, example }));
  return UNKNOWN;
}

function unknownField(scope: Scope, span: Span, root: string, name: string, known: string[]): Resolved {
  const list = known.length === 0 ? null : `fields are ${known.map((text) => `\`${text}\``).join(", ")}`;
  scope.findings.diagnostics.push(report("F101", span, { root, name }, didYouMean(name, known, list)));
  return UNKNOWN;
}
