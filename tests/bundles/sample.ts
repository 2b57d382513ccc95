/** A program that uses every table of the format. */

import type { Program } from "../../fpl-grammar/program.ts";
import {
  agent,
  budget,
  compare,
  constant,
  decimal,
  field,
  happened,
  history,
  literal,
  NO_ALERTS,
  phase,
  program,
  rate,
  rule,
  SPAN,
} from "./programs.ts";

export function sample(): Program {
  const amount = field("args", "amount");
  const support = agent("support", {
    default: "defer",
    rules: [
      rule(
        "permit",
        "stripe/refund",
        {
          kind: "and",
          terms: [
            compare(amount, "<=", constant(decimal("500"))),
            {
              kind: "or",
              terms: [
                {
                  kind: "in",
                  left: field("args", "currency"),
                  list: [literal("usd"), literal("eur")],
                  span: SPAN,
                },
                {
                  kind: "in",
                  left: field("args", "rate"),
                  list: [literal(decimal("-1.5")), literal(decimal("2"))],
                  span: SPAN,
                },
                {
                  kind: "not",
                  term: { kind: "truth", operand: field("args", "flags", 0), span: SPAN },
                  span: SPAN,
                },
              ],
              span: SPAN,
            },
            {
              kind: "matches",
              left: field("args", "note"),
              pattern: "^[a-z ]+$",
              patternSpan: SPAN,
              span: SPAN,
            },
          ],
          span: SPAN,
        },
        { reason: "small refunds", notify: "finance" },
      ),
      rule("deny!", "shell/**"),
      rule("deny", "*/delete*"),
      rule("defer", "*", {
        kind: "under",
        left: field("args", "path"),
        directory: "/srv/../data/./x",
        span: SPAN,
      }),
      rule("deny", "mail/send", compare(field("selectors", "risk", "score"), ">", constant(decimal("0.8")))),
      rule("permit", "db/query", {
        kind: "any",
        list: field("args", "tables"),
        pattern: "pub",
        patternSpan: SPAN,
        span: SPAN,
      }),
      rule(
        "permit",
        "db/query",
        compare({ kind: "length", of: field("args", "tables"), span: SPAN }, "<", constant(decimal("3"))),
      ),
      rule(
        "deny",
        "db/query",
        history({ function: "sum", pattern: "stripe/*", argument: ["amount"], windowMs: null }, ">", "99.5"),
      ),
      rule("permit", "db/query", happened({ function: "contains", pattern: "ping", windowMs: 5000 })),
      rule("permit", "db/query", compare({ kind: "computed", name: "session.age", span: SPAN }, "<", amount)),
      rule("permit", "db/query", compare(field("delegation", "chain", 0), "==", constant("default"))),
      rule("permit", "db/query", { kind: "present", operand: field("args", "id"), span: SPAN }),
      rule("permit", "db/query", {
        kind: "glob",
        left: field("http", "host"),
        globs: ["*.example.com"],
        dialect: "host",
        span: SPAN,
      }),
    ],
    phases: [
      phase("intake", {
        tools: ["mail/*"],
        rules: [rule("permit", "mail/read")],
        durationMs: 600_000,
        next: "work",
      }),
      phase("work", { rules: [rule("permit", "stripe/*")] }),
    ],
    selectors: [
      {
        name: "risk",
        source: "https://risk.example/v1",
        cacheMs: 60000,
        onUnavailable: "defer",
        onTimeout: "deny",
        span: SPAN,
      },
    ],
    credentials: [
      {
        name: "stripe",
        scope: ["stripe/*"],
        backend: "vault",
        path: "kv/stripe",
        ttlMs: 900000,
        maxScope: "refunds:write",
        span: SPAN,
      },
    ],
    redactions: [{ pattern: "mail/*", paths: [["body"], ["to", 0]], span: SPAN }],
    identity: { requireVerified: true, methods: ["oidc", "mtls"] },
    modelPolicy: { allow: ["claude-*"], deny: ["claude-1"] },
    egress: { allow: ["*.example.com:443"], deny: ["evil.example.com"] },
    alerts: { ...NO_ALERTS, deny: ["soc"], defer: ["soc", "oncall"], budgetWarning: ["finance"] },
    rateLimits: [rate("mail/*", 5), rate("stripe/refund", 2, 1000)],
    ambient: [
      {
        name: "max_data_volume",
        limit: 1024,
        counts: { kind: "bytes", pattern: "*" },
        onExceed: "defer",
        span: SPAN,
      },
      {
        name: "max_customers_per_day",
        limit: 100,
        counts: { kind: "distinct", pattern: "stripe/*", argument: ["customer"] },
        onExceed: "audit",
        span: SPAN,
      },
    ],
    budgets: [
      budget("session", { maxMicros: "10000000", warnAtMillionths: 800_000 }),
      budget("store", {
        windowMs: 3_600_000,
        dailyMicros: "500000",
        maxCalls: 7,
        maxTokens: 9000,
        onExceed: "defer",
        tools: [
          { pattern: "stripe/*", span: SPAN },
          { pattern: "mail/send", span: SPAN },
        ],
      }),
    ],
    costs: [
      { pattern: "stripe/*", patternSpan: SPAN, amount: { kind: "argument", path: ["amount"] }, span: SPAN },
      { pattern: "*", patternSpan: SPAN, amount: { kind: "money", micros: "250000" }, span: SPAN },
    ],
    session: { maxDurationMs: 3_600_000, idleTimeoutMs: 60_000, maxCalls: null, span: SPAN },
    spawn: {
      allow: ["worker-*"],
      deny: ["*x"],
      maxChildren: 3,
      maxDepth: null,
      onExceed: "defer",
      span: SPAN,
    },
    completionGate: {
      noPendingApprovals: true,
      budgetUnderLimit: false,
      facts: ["tests_passed"],
      onUnmet: "defer",
      span: SPAN,
    },
    delegates: [
      {
        to: "default",
        rules: [rule("permit", "stripe/*", compare(amount, "<", constant(decimal("10"))))],
        ttlMs: 3_600_000,
        span: SPAN,
      },
      { to: "helper", rules: [], ttlMs: null, span: SPAN },
    ],
    framework: "none",
  });
  return program([support, agent("default", { rules: [rule("permit", "ping")] })], {
    system: {
      version: "2",
      utcOffsetMinutes: -330,
      missingFieldsApply: true,
      onPolicyLoadFailure: "deny_all",
      maxOutputBytes: 4096,
      rules: [
        rule("deny!", "sys/*", history({ function: "denies", windowMs: 60_000 })),
        rule("deny", "sys/exec", happened({ function: "sequence", patterns: ["mail/*", "sys/a"] })),
      ],
    },
    tools: [
      {
        pattern: "stripe/refund",
        patternSpan: SPAN,
        arguments: [
          { name: "currency", type: "enum", required: true, values: ["usd", "eur"], span: SPAN },
          { name: "amount", type: "money", required: true, values: [], span: SPAN },
        ],
        span: SPAN,
      },
    ],
    deployment: [
      {
        kind: "runtime",
        name: null,
        agent: null,
        settings: { mode: "enforce", retries: decimal("3"), fine: decimal("0.1234567890123456789") },
        span: SPAN,
      },
    ],
  });
}
