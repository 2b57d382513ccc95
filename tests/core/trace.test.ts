import { expect, test } from "vitest";
import { encode } from "../../bundles/format/encode.ts";
import { instantiate, type TraceEvent } from "../../engine/binding/index.ts";
import {
  CODE_AGENT_UNKNOWN,
  CODE_DENY_ALWAYS,
  CODE_EGRESS_DENIED,
  CODE_RULE_PERMIT,
  CODE_SELECTOR_UNAVAILABLE_DEFER,
  CODE_TOOL_NOT_VISIBLE,
  FALSE,
  MISSING,
  TRACE_RULE,
  TRACE_STEP,
  TRACE_TEST,
  TRUE,
  WRONG_TYPE,
} from "../../engine/constants.ts";
import { action, coreWith, irOf } from "./binding-core.ts";
import { builtCore } from "./json-core.ts";

const step = (low: number, payload = 0): TraceEvent => ({ kind: TRACE_STEP, low, payload });
const rule = (payload: number, low: number): TraceEvent => ({ kind: TRACE_RULE, low, payload });
const truth = (payload: number, low: number): TraceEvent => ({ kind: TRACE_TEST, low, payload });

const POLICY = `
agent "a" {
  selector risk { source "https://r" on_unavailable defer }
  egress { allow ["*"] deny ["bad.example.com"] }
  rules {
    deny! t if args.force
    permit u when selectors.risk.ok
    deny t if args.n > 1
    permit t when args.n == 1 or args.s == "x"
  }
  phase p { permit v }
  phase q { permit w }
}`;

test("a decision's steps, rules and tests, in order", async () => {
  const core = await coreWith(POLICY);
  const ask = (fields: object, facts = "{}") => core.trace(action({ ...fields }), facts).events;
  const begin = [step(1), step(2), step(3)];
  const always = (low: number) => [truth(0, low), rule(0, low)];

  expect(ask({ agent: "z" })).toEqual([step(1, CODE_AGENT_UNKNOWN)]);
  expect(ask({ tool: "w" })).toEqual([step(1), step(2), step(3, CODE_TOOL_NOT_VISIBLE)]);
  expect(ask({ args: { force: true } })).toEqual([...begin, ...always(TRUE), step(4, CODE_DENY_ALWAYS)]);
  expect(ask({ args: { force: false, n: 1 } })).toEqual([
    ...begin,
    ...always(FALSE),
    step(4),
    truth(2, FALSE),
    rule(2, FALSE),
    // The second half of the OR is skipped.
    truth(3, TRUE),
    rule(3, TRUE),
    step(5, CODE_RULE_PERMIT),
    step(6),
  ]);
  expect(ask({ args: { force: false, n: "1" } }).slice(6, 12)).toEqual([
    truth(2, WRONG_TYPE),
    rule(2, WRONG_TYPE),
    step(5, 41),
  ]);
  expect(ask({ args: { force: false } }).slice(6, 12)).toEqual([
    truth(2, MISSING),
    rule(2, MISSING),
    truth(3, MISSING),
    truth(5, MISSING),
    rule(3, MISSING),
    step(5, 43),
  ]);
  expect(ask({ tool: "u" })).toEqual([
    step(1),
    step(2, CODE_SELECTOR_UNAVAILABLE_DEFER),
    step(3),
    step(4),
    step(6),
  ]);
  expect(ask({ tool: "u", http: { host: "bad.example.com" } }).at(-1)).toEqual(step(6, CODE_EGRESS_DENIED));
});

test("a refused input has no steps, and a trace changes no verdict", async () => {
  const core = await coreWith(POLICY);
  expect(core.trace("{").events).toEqual([]);
  for (const fields of [{}, { args: { force: true } }, { tool: "u" }, { tool: "v" }, { agent: "z" }]) {
    expect(core.trace(action(fields)).verdict).toEqual(core.decide(action(fields)));
  }
  core.decideRecorded(action(), undefined, { sequence: 0, previous: new Uint8Array(32) });
  expect(core.trace(action({ agent: "z" })).events).toHaveLength(1);
});

test("the trace ends at 65,536 events, the decision does not", async () => {
  const ir = irOf('agent "a" { rules { permit t when args.n == 1  permit t } }');
  const copies = 40_000;
  const [first, last] = ir.rules;
  const [conditioned, plain] = ir.debug.rules;
  ir.rules = [
    ...Array.from({ length: copies }, (_, id) => ({ ...first!, codeFirst: id })),
    { ...last!, codeFirst: copies },
  ];
  ir.code = Array.from({ length: copies }, () => ir.code[0]!);
  ir.debug.rules = [...Array.from({ length: copies }, () => conditioned!), plain!];
  ir.debug.instructions = Array.from({ length: copies }, () => ir.debug.instructions[0]!);
  ir.patterns[0]!.rules = ir.rules.map((_, id) => id);
  const core = await instantiate(builtCore());
  expect(core.load(encode(ir), { signed: false }).ok).toBe(true);
  const { verdict, events } = core.trace(action());
  expect(events).toHaveLength(65_536);
  expect(verdict).toMatchObject({ code: "rule_permit" });
});
