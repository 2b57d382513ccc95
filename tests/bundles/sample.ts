/** A program that uses every table of the format. */

import type { Program } from "../../fpl-grammar/program.ts";
import { agent, compare, constant, decimal, field, literal, program, rule, SPAN } from "./programs.ts";

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
      { name: "intake", tools: ["mail/*"], rules: [rule("permit", "mail/read")], span: SPAN },
      { name: "work", tools: [], rules: [rule("permit", "stripe/*")], span: SPAN },
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
    alerts: { permit: [], deny: ["soc"], defer: ["soc", "oncall"] },
    framework: "none",
  });
  return program([support, agent("default", { rules: [rule("permit", "ping")] })], {
    system: {
      version: "2",
      utcOffsetMinutes: -330,
      missingFieldsApply: true,
      onPolicyLoadFailure: "deny_all",
      maxOutputBytes: 4096,
      rules: [rule("deny!", "sys/*")],
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
