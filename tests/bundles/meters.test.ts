/** Limits, history, sessions and delegations to the tables of STATE. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { compile } from "../../bundles/compile/compile.ts";
import { decode } from "../../bundles/format/decode.ts";
import type { Ir, IrMeter } from "../../bundles/format/ir.ts";
import {
  EFFECT_DEFER,
  EFFECT_DENY,
  EFFECT_PERMIT,
  METER_PERIOD,
  METER_SEQUENCE,
  METER_TOTAL,
  REMEMBERS_AGENT,
  REMEMBERS_DELEGATE,
  REMEMBERS_GATE_BUDGET,
  REMEMBERS_SESSION,
  REMEMBERS_SPAWN,
  SCOPED_SESSION,
  UNIT_ARGUMENT,
} from "../../engine/constants.ts";
import type { AgentPolicy, AmbientCap, History, Program } from "../../fpl-grammar/program.ts";
import { agent, budget, happened, history, phase, program, rate, rule, SPAN } from "./programs.ts";

const DAY_MS = 86_400_000;
const at = (line: number) => ({ ...SPAN, line });

function compiled(source: Program): Ir {
  const { bundle, ir, diagnostics } = compile(source);
  expect(diagnostics).toEqual([]);
  expect(decode(bundle!)).toEqual(ir);
  return ir!;
}

const one = (fields: Partial<AgentPolicy>): Ir => compiled(program([agent("a", fields)]));
const names = (ir: Ir): string[] => ir.meters.map(({ name }) => ir.strings[name]!);
const meter = (ir: Ir, name: string): IrMeter => ir.meters[names(ir).indexOf(name)]!;
const flags = (fields: Partial<AgentPolicy>): number => one(fields).agents[0]!.memory.flags;
const count = (windowMs: number | null, pattern = "x/*"): History => ({
  function: "count",
  pattern,
  windowMs,
});
const asking = (...asked: History[]) => ({
  rules: asked.map((of) =>
    rule(
      "permit",
      "t",
      of.function === "contains" || of.function === "sequence" ? happened(of) : history(of),
    ),
  ),
});
const distinct = (limit: number, name = "customers"): AmbientCap => ({
  name,
  limit,
  counts: { kind: "distinct", pattern: "*", argument: ["id"] },
  onExceed: "deny",
  span: SPAN,
});

describe("budgets", () => {
  test("a meter per cap, in the order of the caps, named after the block, and after the cap where there are several", () => {
    const all = { maxMicros: "5", dailyMicros: "4", maxCalls: 3, maxTokens: 2 };
    const ir = one({ budgets: [budget("shop", { ...all, windowMs: 9000 }), budget("b", { maxCalls: 1 })] });
    expect(names(ir)).toEqual(["shop max", "shop daily", "shop max_calls", "shop max_tokens", "b"]);
    expect(ir.meters.map(({ limit }) => limit)).toEqual([5n, 4n, 3n, 2n, 1n]);
    expect(ir.meters.map(({ windowMs }) => windowMs)).toEqual([9000, DAY_MS, 9000, 9000, null]);
    expect(ir.meters.map(({ kind }) => kind)).toEqual([
      ...[METER_PERIOD, METER_PERIOD, METER_PERIOD, METER_PERIOD],
      METER_TOTAL,
    ]);
    expect(ir.meters.map(({ slot }) => slot)).toEqual([0, 3, 6, 9, 12]);
    expect(ir.agents[0]!.memory).toMatchObject({ agentSlots: 14, sessionSlots: 0 });
  });

  test("of a session stand in its blob, and none can do without it", () => {
    const ir = one({ budgets: [budget("session", { maxMicros: "5" })] });
    expect(meter(ir, "session").scope).toBe(SCOPED_SESSION);
    expect(ir.agents[0]!.memory).toMatchObject({ agentSlots: 0, sessionSlots: 2, flags: REMEMBERS_SESSION });
  });

  test.each<[number | null, string, bigint | null]>([
    [null, "100", null],
    [1_000_000, "100", 100n],
    [999_999, "100", 99n],
    [500_000, "3", 1n],
    [100_000, "3", 1n],
    [0, "3", 1n],
    [0, "0", 0n],
    [1_000_000, "0", 0n],
    [333_333, "999999999999999999", 333_332_999_999_999_999n],
  ])("a share of %s of %s warns at %s", (warnAtMillionths, maxMicros, expected) => {
    const ir = one({ budgets: [budget("b", { maxMicros, warnAtMillionths })] });
    expect(meter(ir, "b").warnAt).toBe(expected);
  });

  test.each([
    ["deny", EFFECT_DENY],
    ["defer", EFFECT_DEFER],
    ["audit", EFFECT_PERMIT],
  ] as const)("on_exceed %s", (onExceed, effect) => {
    expect(meter(one({ budgets: [budget("b", { maxCalls: 1, onExceed })] }), "b").onExceed).toBe(effect);
  });

  test("are moved by the patterns of their tools, or by every tool", () => {
    const tools = ["x/*", "y"].map((pattern) => ({ pattern, span: SPAN }));
    const ir = one({ budgets: [budget("b", { maxCalls: 1, tools }), budget("c", { maxCalls: 2 })] });
    expect(ir.patterns.map(({ meters }) => meters)).toEqual([[0], [0], [1]]);
    expect(ir.agents[0]!.anyPattern).toBe(2);
  });
});

describe("keys", () => {
  const key = (fields: Partial<AgentPolicy>) => one(fields).meters[0]!.key;
  const base = budget("b", { windowMs: 1000, maxCalls: 5, warnAtMillionths: 5 });

  test("are what FORMAT.md says", () => {
    const descriptor = '["budget","agent","period","calls",1000,"b","max_calls"]';
    const digest = createHash("sha256").update(descriptor).digest();
    const bytes = Buffer.alloc(8);
    bytes.writeUInt16LE(0x8003, 0);
    digest.copy(bytes, 2, 0, 6);
    expect(key({ budgets: [base] })).toBe(bytes.readBigUInt64LE());
  });

  test("stay when a limit, its share, its effect or its tools change, and for another agent", () => {
    const kept = key({ budgets: [base] });
    expect(key({ budgets: [{ ...base, maxCalls: 50, warnAtMillionths: null, onExceed: "audit" }] })).toBe(
      kept,
    );
    expect(key({ budgets: [{ ...base, tools: [{ pattern: "x", span: SPAN }] }] })).toBe(kept);
    expect(compiled(program([agent("z", { budgets: [base] })])).meters[0]!.key).toBe(kept);
    expect(key({ rateLimits: [rate("x", 9)] })).toBe(key({ rateLimits: [rate("x", 10)] }));
  });

  test("change with the window, the name, the cap, the scope, the pattern and the argument", () => {
    const { name, ...others } = base;
    const sum = (pattern: string, argument: string, windowMs: number | null): Partial<AgentPolicy> =>
      asking({ function: "sum", pattern, argument: [argument], windowMs });
    const keys = [
      { budgets: [base] },
      { budgets: [{ ...base, windowMs: 1001 }] },
      { budgets: [{ ...base, windowMs: null }] },
      { budgets: [{ ...others, name: "c" }] },
      { budgets: [{ ...base, maxCalls: null, maxTokens: 5 }] },
      { budgets: [{ ...base, scope: "session" as const }] },
      { rateLimits: [rate("x", 5, 1000)] },
      { rateLimits: [rate("y", 5, 1000)] },
      { ambient: [distinct(5)] },
      { ambient: [distinct(5, "others")] },
      sum("x", "a", null),
      sum("x", "b", null),
      sum("y", "a", null),
      sum("x", "a", 1000),
    ].map(key);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test("tell `max` of a day from `daily`", () => {
    const ir = one({ budgets: [budget("b", { windowMs: DAY_MS, maxMicros: "9", dailyMicros: "5" })] });
    expect(new Set(ir.meters.map(({ key }) => key)).size).toBe(2);
  });

  test("layouts change with the meters and their order, not with limits", () => {
    const layout = (...budgets: AgentPolicy["budgets"]) => one({ budgets }).agents[0]!.memory.agentLayout;
    const other = budget("c", { maxCalls: 1 });
    expect(layout({ ...base, maxCalls: 6 }, other)).toBe(layout(base, other));
    expect(new Set([layout(base), layout(other), layout(base, other), layout(other, base)]).size).toBe(4);
  });
});

describe("history", () => {
  test("that is asked twice is counted once, by owner", () => {
    const asked = asking(count(1000), count(1000), count(2000), count(null), count(1000, "y"));
    const ir = compiled(program([agent("a", asked), agent("b", asking(count(1000)))]));
    expect(ir.meters.map((row) => row.agent)).toEqual([0, 0, 0, 0, 1]);
    expect(ir.code.map(({ left }) => left)).toEqual([0, 0, 1, 2, 3, 4]);
  });

  test("comes after the limits, and is of the session without asking for one", () => {
    const ir = one({ ...asking(count(1000)), rateLimits: [rate("x", 1)], ambient: [distinct(3)] });
    expect(names(ir)).toEqual(["x", "customers", "session.count(x/*, window=1s)"]);
    expect(ir.agents[0]!.memory).toMatchObject({ agentSlots: 22, sessionSlots: 19, flags: REMEMBERS_AGENT });
  });

  test("of the system takes the first slots of every agent", () => {
    const base = program([agent("a"), agent("b", asking(count(null)))]);
    const asked = asking(
      { function: "denies", windowMs: 1000 },
      { function: "contains", pattern: "y", windowMs: null },
    );
    const rules = asked.rules.map((one) => ({ ...one, effect: "deny" as const }));
    const ir = compiled({ ...base, system: { ...base.system, rules } });
    expect(ir.meters.map(({ agent: owner, slot }) => [owner, slot])).toEqual([
      [null, 0],
      [null, 19],
      [1, 21],
    ]);
    expect(ir.agents.map(({ memory }) => memory.sessionSlots)).toEqual([21, 23]);
    expect(ir.agents[0]!.memory.sessionLayout).not.toBe(ir.agents[1]!.memory.sessionLayout);
  });

  test("of a sequence is a row per step, the last one first", () => {
    const ir = one(asking({ function: "sequence", patterns: ["x", "y", "x"] }));
    expect(ir.meters.map(({ kind, step, limit, slot }) => [kind, step, limit, slot])).toEqual([
      [METER_SEQUENCE, 3, 3n, 0],
      [METER_SEQUENCE, 2, 3n, 0],
      [METER_SEQUENCE, 1, 3n, 0],
    ]);
    const of = (name: string) =>
      ir.patterns[ir.exact.find(({ string, scope }) => scope === 1 && ir.strings[string] === name)!.target]!;
    expect([of("x").meters, of("y").meters]).toEqual([[0, 2], [1]]);
    expect(ir.code[0]).toMatchObject({ left: 0 });
    expect(ir.agents[0]!.memory.sessionSlots).toBe(2);
  });

  test("of a sum has its argument's path", () => {
    const ir = one(asking({ function: "sum", pattern: "x", argument: ["a", 0], windowMs: null }));
    expect(ir.meters[0]).toMatchObject({ unit: UNIT_ARGUMENT, path: 0 });
    expect(names(ir)).toEqual(["session.sum(x.a.0)"]);
  });
});

describe("flags", () => {
  const session = { maxDurationMs: null, idleTimeoutMs: null, maxCalls: null, span: SPAN };
  const gate = {
    noPendingApprovals: false,
    budgetUnderLimit: true,
    facts: [],
    onUnmet: "deny" as const,
    span: SPAN,
  };
  const spawn = {
    allow: [],
    deny: [],
    maxChildren: null,
    maxDepth: 9,
    onExceed: "deny" as const,
    span: SPAN,
  };
  test.each<[string, Partial<AgentPolicy>, number]>([
    ["nothing", {}, 0],
    ["history", asking(count(null)), 0],
    ["a rate limit", { rateLimits: [rate("x", 1)] }, REMEMBERS_AGENT],
    ["a budget without caps", { budgets: [budget("b")] }, 0],
    ["a session block", { session }, REMEMBERS_SESSION],
    ["a phase that ends", { phases: [phase("p", { durationMs: 5 })] }, REMEMBERS_SESSION],
    ["a gate", { completionGate: gate }, REMEMBERS_SESSION | REMEMBERS_GATE_BUDGET],
    ["spawning", { spawn }, REMEMBERS_AGENT | REMEMBERS_SPAWN],
    ["a grantor", { delegates: [{ to: "z", rules: [], ttlMs: null, span: SPAN }] }, REMEMBERS_AGENT],
  ])("%s", (_, fields, expected) => {
    expect(flags(fields)).toBe(expected);
  });
});

describe("delegations", () => {
  const to = (name: string) => ({ to: name, rules: [rule("permit", "x/*")], ttlMs: 5000, span: SPAN });

  test("are rows after their grantor's, found by both names", () => {
    const ir = compiled(program([agent("a", { delegates: [to("c"), to("b")] }), agent("a2"), agent("b")]));
    const rows = ir.agents.map(({ name }) => ir.strings[name]);
    expect(rows).toEqual(["a", "a\x1fb", "a\x1fc", "a2", "b"]);
    expect(ir.agents.map(({ memory }) => memory.flags)).toEqual([
      REMEMBERS_AGENT,
      REMEMBERS_DELEGATE,
      REMEMBERS_DELEGATE,
      0,
      0,
    ]);
    expect(ir.agents[1]).toMatchObject({ defaultEffect: EFFECT_DENY, memory: { delegateTtlMs: 5000 } });
    expect(ir.rules.map((one) => one.agent)).toEqual([1, 2]);
    expect(JSON.parse(ir.manifest).agents.map(({ name }: { name: string }) => name)).toEqual([
      "a",
      "a2",
      "b",
    ]);
  });

  test("do not become the agent of those without one", () => {
    const ir = compiled(program([agent("a", { delegates: [to("default")] })]));
    expect(ir.system.defaultAgent).toBeNull();
  });
});

describe("refusals", () => {
  const codes = (source: Program) => {
    const { bundle, diagnostics } = compile(source);
    expect(bundle).toBeNull();
    return diagnostics.map(({ code, message, span }) => [code, message, span.line]);
  };
  const many = (length: number, fields: (id: number) => ReturnType<typeof budget>) =>
    program([agent("a", { budgets: Array.from({ length }, (_, id) => fields(id)) })]);

  test("F914: a cap more than can be settled names its block, once", () => {
    const caps = (length: number) => many(length, (id) => budget(`b${id}`, { maxCalls: 1, span: at(id) }));
    expect(compile(caps(64)).diagnostics).toEqual([]);
    expect(codes(caps(70))).toEqual([
      [
        "F914",
        "`max_calls` of the budget `b64` is one too many: agent `a` can remember at most 64 caps of budgets and of bytes",
        64,
      ],
    ]);
  });

  test("F914: more slots than a blob has, those of the system counted", () => {
    const rates = (length: number) => Array.from({ length }, (_, id) => rate(`x${id}`, 1));
    expect(compile(program([agent("a", { rateLimits: rates(431) })])).diagnostics).toEqual([]);
    expect(codes(program([agent("a", { rateLimits: rates(432) })]))).toEqual([
      [
        "F914",
        "the rate limit `x431` is one too many: agent `a` can remember at most 8192 slots of meters",
        SPAN.line,
      ],
    ]);
    const base = program([
      agent("a", asking(...Array.from({ length: 216 }, (_, id) => count(1000, `x${id}`)))),
    ]);
    const asked = asking(...Array.from({ length: 216 }, (_, id) => count(1000, `y${id}`)));
    const rules = asked.rules.map((one) => ({ ...one, effect: "deny" as const }));
    expect(compile(base).diagnostics).toEqual([]);
    expect(codes({ ...base, system: { ...base.system, rules } })).toEqual([
      ["F914", expect.stringContaining("a session of agent `a` can remember at most 8192 slots"), SPAN.line],
    ]);
  });

  test("F914: more rows than a blob may have", () => {
    const patterns = Array.from({ length: 4097 }, () => "x");
    expect(
      compile(program([agent("a", asking({ function: "sequence", patterns: patterns.slice(1) }))]))
        .diagnostics,
    ).toEqual([]);
    expect(codes(program([agent("a", asking({ function: "sequence", patterns }))]))).toEqual([
      ["F914", expect.stringContaining("4096 meters"), SPAN.line],
    ]);
  });

  test("F914: more distinct values than a blob has room for", () => {
    expect(
      compile(program([agent("a", { ambient: [distinct(4000), distinct(96, "b")] })])).diagnostics,
    ).toEqual([]);
    expect(codes(program([agent("a", { ambient: [distinct(4000), distinct(97, "b")] })]))).toEqual([
      ["F914", expect.stringContaining("the ambient cap `b` is one too many"), SPAN.line],
    ]);
  });

  test("F915: two limits that count the same", () => {
    expect(codes(program([agent("a", { rateLimits: [rate("x", 1), rate("x", 2)] })]))).toEqual([
      ["F915", "the rate limit `x` and the rate limit `x` of agent `a` count the same", SPAN.line],
    ]);
    const budgets = [budget("b", { maxCalls: 1 }), budget("b", { maxCalls: 2 })];
    expect(codes(program([agent("a", { budgets })])).map(([code]) => code)).toEqual(["F915"]);
  });

  test("F916: history in a delegation's scope", () => {
    const delegates = [
      {
        to: "b",
        ...asking(count(null), { function: "contains", pattern: "x", windowMs: null }),
        ttlMs: null,
        span: SPAN,
      },
    ];
    expect(codes(program([agent("a", { delegates })])).map(([code]) => code)).toEqual(["F916", "F916"]);
  });

  test.each<[string, Program]>([
    ["a window of nothing", program([agent("a", { rateLimits: [rate("x", 1, 0)] })])],
    [
      "history in a window of nothing",
      program([agent("a", asking({ function: "contains", pattern: "x", windowMs: 0 }))]),
    ],
    ["an amount of 10^18", many(1, () => budget("b", { maxMicros: `1${"0".repeat(18)}` }))],
    [
      "a cost of 10^18",
      program([
        agent("a", {
          costs: [
            {
              pattern: "x",
              patternSpan: SPAN,
              amount: { kind: "money", micros: `1${"0".repeat(18)}` },
              span: SPAN,
            },
          ],
        }),
      ]),
    ],
    ["a control character in a name", program([agent("a\x1fb")])],
    [
      "a delegation to nobody",
      program([agent("a", { delegates: [{ to: "", rules: [], ttlMs: null, span: SPAN }] })]),
    ],
    [
      "a delegation twice",
      program([
        agent("a", {
          delegates: ["b", "b"].map((name) => ({ to: name, rules: [], ttlMs: null, span: SPAN })),
        }),
      ]),
    ],
    [
      "a phase that goes nowhere",
      program([agent("a", { phases: [phase("p", { durationMs: 5, next: "q" })] })]),
    ],
  ])("F917: %s", (_, source) => {
    expect(codes(source).map(([code]) => code)).toEqual(["F917"]);
  });
});
