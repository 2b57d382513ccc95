/** STATE, and what points into it: everything that is not as the compiler writes it is refused. */
import { describe, expect, test } from "vitest";
import { compile } from "../../bundles/compile/compile.ts";
import { decode, FormatError } from "../../bundles/format/decode.ts";
import { encode } from "../../bundles/format/encode.ts";
import type { Ir, IrAgent, IrMeter } from "../../bundles/format/ir.ts";
import { layoutOf } from "../../bundles/format/meters.ts";
import {
  EFFECT_DEFER,
  FAMILY_AMBIENT,
  FAMILY_BUDGET,
  FAMILY_HISTORY,
  FAMILY_RATE,
  METER_DISTINCT,
  METER_LAST,
  METER_PERIOD,
  METER_SEQUENCE,
  METER_SLIDING,
  METER_TOTAL,
  OP_HAPPENED,
  OPERAND_COMPUTED,
  OPERAND_METER,
  REMEMBERS_AGENT,
  REMEMBERS_DELEGATE,
  REMEMBERS_SESSION,
  REMEMBERS_SPAWN,
  ROOT_DELEGATION,
  SCOPED_AGENT,
  SCOPED_SESSION,
  STEP_INDEX,
  UNIT_DENIALS,
  UNIT_MONEY,
  UNIT_TOKENS,
} from "../../engine/constants.ts";
import { sample } from "./sample.ts";

const written = compile(sample()).ir!;

function refusal(ir: Ir): FormatError | null {
  try {
    decode(encode(ir));
    return null;
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}

const named = (ir: Ir, name: string): IrAgent => ir.agents.find((one) => ir.strings[one.name] === name)!;
const support = (ir: Ir) => named(ir, "support").memory;
const delegation = (ir: Ir) => named(ir, "support\x1fdefault");
const own = (ir: Ir, test: (meter: IrMeter) => boolean): IrMeter =>
  ir.meters.find((meter) => meter.agent !== null && test(meter))!;
const ofFamily = (ir: Ir, family: number): IrMeter => own(ir, (meter) => meter.family === family);
const ofKind = (ir: Ir, kind: number): IrMeter => ir.meters.find((meter) => meter.kind === kind)!;
const set = <T extends object>(row: T, fields: Partial<T>): void => void Object.assign(row, fields);
const instruction = (ir: Ir, op: number) => ir.code.find((one) => one.op === op)!;

/** Layouts and slots that fit the changed meters, so that what is refused is the change. */
function relaid(ir: Ir): void {
  const system = ir.meters.filter(({ agent }) => agent === null);
  for (const [agent, { memory }] of ir.agents.entries()) {
    const rows = [...system, ...ir.meters.filter((meter) => meter.agent === agent)];
    const [first, second] = [layoutOf(rows, SCOPED_AGENT), layoutOf(rows, SCOPED_SESSION)];
    set(memory, { agentLayout: first.layout, agentSlots: first.slots });
    set(memory, { sessionLayout: second.layout, sessionSlots: second.slots });
  }
}

test("the sample has every family and every kind", () => {
  const families = new Set(written.meters.map(({ family }) => family));
  expect([...families].sort()).toEqual([FAMILY_RATE, FAMILY_AMBIENT, FAMILY_BUDGET, FAMILY_HISTORY]);
  const kinds = new Set(written.meters.map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual([
    METER_TOTAL,
    METER_PERIOD,
    METER_SLIDING,
    METER_LAST,
    METER_SEQUENCE,
    METER_DISTINCT,
  ]);
});

describe("refusals of STATE", () => {
  const cases: [string, (ir: Ir) => void][] = [
    ["a key of another count of slots", (ir) => set(ofKind(ir, METER_TOTAL), { key: 3n << 16n })],
    [
      "a key twice in a blob",
      (ir) => set(ir.meters.filter(({ kind }) => kind === METER_PERIOD)[1]!, ofKind(ir, METER_PERIOD)),
    ],
    ["a slot that is taken", (ir) => set(ofFamily(ir, FAMILY_AMBIENT), { slot: 0 })],
    ["another layout of the agent's", (ir) => set(support(ir), { agentLayout: 1n })],
    ["another layout of the session's", (ir) => set(support(ir), { sessionLayout: 1n })],
    ["more slots than the meters take", (ir) => set(support(ir), { agentSlots: 99 })],
    ["meters of another agent", (ir) => set(ofFamily(ir, FAMILY_RATE), { agent: 0 })],
    ["meters out of order", (ir) => set(support(ir), { meterFirst: 0 })],
    ["meters that nobody owns", (ir) => set(support(ir), { meterCount: support(ir).meterCount - 1 })],
    ["a limit of the system", (ir) => set(ofFamily(ir, FAMILY_RATE), { agent: null })],
    ["a family that there is not", (ir) => set(ofFamily(ir, FAMILY_RATE), { family: 4 })],
    [
      "families out of order",
      (ir) =>
        set(
          own(ir, () => true),
          { family: FAMILY_BUDGET },
        ),
    ],
    ["a kind of another family", (ir) => set(ofFamily(ir, FAMILY_RATE), { kind: METER_LAST })],
    ["a rate without a window", (ir) => set(ofFamily(ir, FAMILY_RATE), { windowMs: null })],
    ["a total with a window", (ir) => set(ofKind(ir, METER_TOTAL), { windowMs: 5 })],
    ["a window that no double holds", (ir) => set(ofFamily(ir, FAMILY_RATE), { windowMs: 2 ** 53 })],
    ["a rate without a limit", (ir) => set(ofFamily(ir, FAMILY_RATE), { limit: null })],
    ["a limit of history", (ir) => set(ofKind(ir, METER_LAST), { limit: 5n })],
    ["a warning of a rate", (ir) => set(ofFamily(ir, FAMILY_RATE), { warnAt: 1n })],
    ["a warning over the limit", (ir) => set(ofFamily(ir, FAMILY_BUDGET), { warnAt: 10_000_001n })],
    ["a rate that defers", (ir) => set(ofFamily(ir, FAMILY_RATE), { onExceed: EFFECT_DEFER })],
    ["history that denies", (ir) => set(ofKind(ir, METER_LAST), { onExceed: EFFECT_DEFER })],
    ["an effect of deny!", (ir) => set(ofFamily(ir, FAMILY_BUDGET), { onExceed: 0 })],
    ["a rate in the session", (ir) => set(ofFamily(ir, FAMILY_RATE), { scope: SCOPED_SESSION })],
    ["a rate of tokens", (ir) => set(ofFamily(ir, FAMILY_RATE), { unit: UNIT_TOKENS })],
    [
      "denials without a window",
      (ir) =>
        set(
          own(ir, (one) => one.path !== null),
          { unit: UNIT_DENIALS },
        ),
    ],
    ["distinct money", (ir) => set(ofKind(ir, METER_DISTINCT), { unit: UNIT_MONEY })],
    ["distinct values of nothing", (ir) => set(ofKind(ir, METER_DISTINCT), { path: null })],
    ["a path that nothing counts", (ir) => set(ofFamily(ir, FAMILY_RATE), { path: 0 })],
    [
      "a path outside of the arguments",
      (ir) => {
        const path = ir.paths.findIndex(({ root }) => root === ROOT_DELEGATION);
        set(ofKind(ir, METER_DISTINCT), { path });
      },
    ],
    ["a step of no sequence", (ir) => set(ofFamily(ir, FAMILY_RATE), { step: 1 })],
    ["a sequence without its last step", (ir) => set(ofKind(ir, METER_SEQUENCE), { limit: 3n })],
    ["a sequence without its first step", (ir) => set(ir.meters[2]!, { step: 2 })],
    ["a limit of 10^18", (ir) => set(ofFamily(ir, FAMILY_RATE), { limit: 10n ** 18n })],
    ["a cost of 10^18", (ir) => set(ir.costs[1]!, { micros: 10n ** 18n })],
    ["a cost of both kinds", (ir) => set(ir.costs[0]!, { micros: 1n })],
    [
      "a session that nobody needs",
      (ir) => set(support(ir), { flags: support(ir).flags & ~REMEMBERS_SESSION }),
    ],
    ["an agent that nobody needs", (ir) => set(support(ir), { flags: support(ir).flags & ~REMEMBERS_AGENT })],
    ["spawning without its block", (ir) => set(support(ir), { flags: support(ir).flags & ~REMEMBERS_SPAWN })],
    ["a flag that there is not", (ir) => set(support(ir), { flags: support(ir).flags | 64 })],
    ["a spawn effect that permits", (ir) => set(support(ir), { spawnEffect: 3 })],
    [
      "an effect of a gate that is not there",
      (ir) => set(delegation(ir).memory, { gateEffect: EFFECT_DEFER }),
    ],
    ["a life of no delegation", (ir) => set(support(ir), { delegateTtlMs: 1 })],
    [
      "an agent with a delegation's name",
      (ir) => set(delegation(ir).memory, { flags: 0, delegateTtlMs: null }),
    ],
    [
      "a delegation with an agent's name",
      (ir) => set(named(ir, "default").memory, { flags: REMEMBERS_DELEGATE }),
    ],
    ["a delegation that permits by default", (ir) => set(delegation(ir), { defaultEffect: 3 })],
    ["a delegation with an identity block", (ir) => set(delegation(ir), { requireVerified: true })],
    ["a phase that goes nowhere", (ir) => set(ir.transitions[0]!, { next: 2 })],
  ];
  test.each(cases)("%s", (_, edit) => {
    const ir = structuredClone(written);
    edit(ir);
    expect(refusal(ir)).toMatchObject({ section: "STATE", expected: expect.any(String) });
  });

  test("what is only relaid is another bundle", () => {
    const ir = structuredClone(written);
    set(ofFamily(ir, FAMILY_RATE), { key: (7n << 16n) | 19n });
    expect(refusal(ir)).toMatchObject({ section: "STATE", expected: "the layout of the agent's meters" });
    relaid(ir);
    expect(refusal(ir)).toBeNull();
  });

  test("a settled meter too many", () => {
    const ir = structuredClone(written);
    const budgets = ir.meters.filter(
      ({ family, scope }) => family === FAMILY_BUDGET && scope === SCOPED_AGENT,
    );
    expect(budgets.length).toBe(3);
    const at = ir.meters.indexOf(budgets[2]!) + 1;
    const more = Array.from({ length: 61 }, (_, id) => ({
      ...budgets[2]!,
      key: (BigInt(id + 1) << 16n) | 0x8003n,
      slot: budgets[2]!.slot + 3 * (id + 1),
    }));
    ir.meters.splice(at, 0, ...more);
    for (const one of ir.code) {
      if (one.leftKind === OPERAND_METER && one.left >= at) one.left += more.length;
    }
    for (const pattern of ir.patterns) {
      pattern.meters = pattern.meters.map((id) => (id >= at ? id + more.length : id));
    }
    set(support(ir), { meterCount: support(ir).meterCount + more.length });
    const after = ir.agents.slice(ir.agents.indexOf(named(ir, "support")) + 1);
    for (const { memory } of after) memory.meterFirst += more.length;
    relaid(ir);
    expect(refusal(ir)).toMatchObject({ section: "STATE", expected: "at most 64 meters that settle" });
  });
});

describe("refusals of what points into it", () => {
  const cases: [string, string, (ir: Ir) => void][] = [
    [
      "PATTERNS",
      "a meter of another agent",
      (ir) => ir.patterns.find(({ schemas }) => schemas.length > 0)!.meters.push(ir.meters.length - 1),
    ],
    [
      "PATTERNS",
      "a cost of the system",
      (ir) => ir.patterns.find(({ schemas }) => schemas.length > 0)!.costs.push(0),
    ],
    ["INDEX", "a meter that is not there", (ir) => ir.patterns[0]!.meters.push(1000)],
    ["CODE", "a limit in a condition", (ir) => set(instruction(ir, OP_HAPPENED), { left: 3 })],
    ["CODE", "a later step of a sequence", (ir) => set(instruction(ir, OP_HAPPENED), { left: 2 })],
    ["CODE", "an event that is a count", (ir) => set(instruction(ir, OP_HAPPENED), { left: 0 })],
    ["CODE", "a meter that is not there", (ir) => set(instruction(ir, OP_HAPPENED), { left: 1000 })],
    [
      "CODE",
      "meters on both sides",
      (ir) => {
        const one = ir.code.find(({ leftKind, op }) => leftKind === OPERAND_METER && op !== OP_HAPPENED)!;
        set(one, { rightKind: OPERAND_METER, right: one.left });
      },
    ],
    [
      "CODE",
      "a computed number that there is not",
      (ir) => set(ir.code.find(({ leftKind }) => leftKind === OPERAND_COMPUTED)!, { left: 4 }),
    ],
    [
      "RULES",
      "history of an agent in a rule of the system",
      (ir) => {
        const counts = ir.code.filter(({ leftKind, op }) => leftKind === OPERAND_METER && op !== OP_HAPPENED);
        expect(counts.map(({ left }) => ir.meters[left]!.agent === null)).toEqual([true, false]);
        set(counts[0]!, { left: counts[1]!.left });
      },
    ],
    [
      "PATHS",
      "a step of the delegation that there is not",
      (ir) => ir.paths.find(({ root }) => root === ROOT_DELEGATION)!.steps.reverse(),
    ],
    [
      "PATHS",
      "three steps into the chain",
      (ir) => ir.paths.find(({ root }) => root === ROOT_DELEGATION)!.steps.push(STEP_INDEX),
    ],
  ];
  test.each(cases)("%s: %s", (section, _, edit) => {
    const ir = structuredClone(written);
    edit(ir);
    expect(refusal(ir)).toMatchObject({ section, expected: expect.any(String) });
  });
});
