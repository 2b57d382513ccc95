/** Programs written by hand, for tests of the compiler alone. */

import type {
  AgentPolicy,
  Budget,
  Condition,
  Decimal,
  Field,
  History,
  Literal,
  Operand,
  Phase,
  Program,
  RateLimit,
  Root,
  Rule,
  Span,
} from "../../fpl-grammar/program.ts";

export const SPAN: Span = { file: "policy.fpl", line: 1, column: 1, offset: 0, length: 5 };

export const NO_ALERTS: AgentPolicy["alerts"] = {
  permit: [],
  deny: [],
  defer: [],
  budgetWarning: [],
  budgetExceeded: [],
  rateExceeded: [],
};

export function agent(name: string, fields: Partial<AgentPolicy> = {}): AgentPolicy {
  return {
    name,
    default: "deny",
    rules: [],
    phases: [],
    selectors: [],
    credentials: [],
    redactions: [],
    identity: null,
    modelPolicy: null,
    egress: null,
    alerts: NO_ALERTS,
    budgets: [],
    rateLimits: [],
    ambient: [],
    costs: [],
    session: null,
    spawn: null,
    completionGate: null,
    invocations: null,
    delegates: [],
    framework: null,
    model: null,
    version: null,
    span: SPAN,
    ...fields,
  };
}

export function phase(name: string, fields: Partial<Phase> = {}): Phase {
  return { name, durationMs: null, next: null, tools: [], rules: [], span: SPAN, ...fields };
}

export function rate(pattern: string, count: number, windowMs = 60_000): RateLimit {
  return { pattern, patternSpan: SPAN, count, windowMs, span: SPAN };
}

export function budget(name: string, fields: Partial<Budget> = {}): Budget {
  return {
    name,
    scope: name === "session" ? "session" : "agent",
    windowMs: null,
    maxMicros: null,
    dailyMicros: null,
    maxCalls: null,
    maxTokens: null,
    warnAtMillionths: null,
    onExceed: "deny",
    tools: [],
    span: SPAN,
    ...fields,
  };
}

/** `session.count(pattern, window)` and the like, beside a number. */
export function history(of: History, op: ">" | "<" = ">", value = "3"): Condition {
  return compare({ kind: "history", history: of, span: SPAN }, op, constant(decimal(value)));
}

export function happened(of: History): Condition {
  return { kind: "happened", history: of, span: SPAN };
}

export function program(agents: AgentPolicy[], fields: Partial<Program> = {}): Program {
  return {
    files: [{ name: "policy.fpl", text: "rules of the test\n" }],
    system: {
      version: null,
      utcOffsetMinutes: 0,
      missingFieldsApply: false,
      onPolicyLoadFailure: "deny_all",
      maxOutputBytes: null,
      rules: [],
    },
    tools: [],
    agents,
    deployment: [],
    unenforced: [],
    ...fields,
  };
}

export function rule(
  effect: Rule["effect"],
  pattern: string,
  condition: Condition | null = null,
  fields: Partial<Rule> = {},
): Rule {
  return {
    effect,
    pattern,
    patternSpan: SPAN,
    condition,
    reason: null,
    notify: null,
    span: SPAN,
    text: `${effect} ${pattern}${condition === null ? "" : " when ..."}`,
    ...fields,
  };
}

export function field(root: Root, ...path: (string | number)[]): Field {
  return { kind: "field", root, path, span: SPAN };
}

/** From plain decimal text such as `-12.50`. */
export function decimal(text: string): Decimal {
  const negative = text.startsWith("-");
  const [whole, fraction = ""] = text.replace("-", "").split(".");
  let digits = `${whole}${fraction}`.replace(/^0+/, "");
  let exponent = 0 - fraction.length;
  while (digits.endsWith("0")) {
    digits = digits.slice(0, -1);
    exponent++;
  }
  return digits === "" ? { negative: false, digits: "0", exponent: 0 } : { negative, digits, exponent };
}

export function literal(value: string | boolean | Decimal): Literal {
  if (typeof value === "string") return { kind: "string", value };
  return typeof value === "boolean" ? { kind: "boolean", value } : { kind: "number", value };
}

export function constant(value: string | boolean | Decimal): Operand {
  return { kind: "literal", literal: literal(value), span: SPAN };
}

export function compare(left: Operand, op: ">" | "<" | "==" | "!=" | ">=" | "<=", right: Operand): Condition {
  return { kind: "compare", op, left, right, span: SPAN };
}
