/** Every vector on every implementation: what was expected, and the same bytes from all. */
import { describe, expect, test } from "vitest";
import * as constants from "../../engine/constants.ts";
import { readScenarios } from "../vectors/scenarios.ts";
import { CODES, type Decision, HOST_CODES, readVectors, type Vector } from "../vectors/vectors.ts";
import { BINDING } from "./binding.ts";
import { CORE, coreDigest, engineOf, RawCore } from "./core.ts";
import { difference, type Implementation, type Outcome, type RecordContext } from "./implementation.ts";
import { type Compiled, compiled } from "./policy.ts";
import { REFERENCE } from "./reference.ts";
import { BlobSystem } from "./system.ts";

const IMPLEMENTATIONS: Implementation[] = [REFERENCE, CORE, BINDING];
const VECTORS = readVectors();
const CONTEXT: RecordContext = {
  engineDigest: coreDigest(),
  signed: true,
  sequence: 2n ** 53n - 1n,
  previous: new Uint8Array(32).fill(7),
};

const SCENARIOS = readScenarios();
/** Of bytes that no scenario can say; tests/core/state.test.ts does. */
const DAMAGED = "state_invalid";

const policies = new Map<Vector, Compiled>();
function policyOf(vector: Vector): Compiled {
  let policy = policies.get(vector);
  if (policy === undefined) {
    policy = compiled(vector.policy, vector.imports);
    policies.set(vector, policy);
  }
  return policy;
}

const parseVerdict = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));

function checkExpectation({ expected, place }: Decision, outcome: Outcome): void {
  const verdict = parseVerdict(outcome.verdict);
  expect(`${verdict.effect} ${verdict.code}`, place).toBe(`${expected.effect} ${expected.code}`);
  if (expected.line !== undefined) expect(verdict.rule?.line, place).toBe(expected.line);
  if (expected.recorded !== undefined) {
    expect(parseVerdict(outcome.recordedVerdict).code, place).toBe(expected.recorded);
  }
  for (const { name, value } of expected.fields) expect(fieldOf(verdict, name), place).toEqual(value);
}

function fieldOf(verdict: ReturnType<typeof parseVerdict>, name: string): unknown {
  if (name === "credentials") return verdict.obligations.credentials.map((one: { name: string }) => one.name);
  if (name === "notify" || name === "redact") return verdict.obligations[name];
  return verdict[name];
}

for (const { name, load } of IMPLEMENTATIONS) {
  describe(name, () => {
    test.each(VECTORS.map((vector) => [`${vector.place} ${vector.title}`, vector] as const))(
      "%s",
      (_, vector) => {
        const loaded = load(policyOf(vector), CONTEXT);
        for (const decision of vector.decisions) {
          checkExpectation(decision, loaded.decide(decision.action, decision.facts));
        }
      },
    );
  });
}

test("all implementations give the same bytes", () => {
  for (const vector of VECTORS) {
    const [first, ...others] = IMPLEMENTATIONS.map((one) => one.load(policyOf(vector), CONTEXT));
    for (const { action, facts, place } of vector.decisions) {
      const outcome = first!.decide(action, facts);
      for (const other of others) expect(difference(outcome, other.decide(action, facts)), place).toBeNull();
    }
  }
});

test("the vectors reach every code that the core can give", () => {
  const expected = VECTORS.flatMap(({ decisions }) =>
    decisions.flatMap(({ expected: { code, recorded } }) =>
      recorded === undefined ? [code] : [code, recorded],
    ),
  );
  const ofSteps = SCENARIOS.flatMap(({ steps }) => steps.map(({ expected: { code } }) => code));
  const wanted = [...CODES.keys()].filter((code) => !HOST_CODES.includes(code) && code !== DAMAGED);
  expect(wanted.filter((code) => ![...expected, ...ofSteps].includes(code))).toEqual([]);
});

test("the vectors run every instruction of the core", () => {
  const run = new Set<number>();
  for (const vector of VECTORS) {
    const built = policyOf(vector);
    const core = new RawCore(built, CONTEXT);
    for (const { action, facts } of vector.decisions) {
      for (const { kind, payload } of core.trace(action, facts)) {
        if (kind === constants.TRACE_TEST) run.add(built.ir.code[payload]!.op);
      }
    }
  }
  for (const scenario of SCENARIOS) {
    const built = compiled(scenario.policy, scenario.imports);
    const core = new RawCore(built, CONTEXT);
    const trace = (text: Uint8Array, facts: Uint8Array, state: Uint8Array): void => {
      for (const { kind, payload } of core.trace(text, facts, state)) {
        if (kind === constants.TRACE_TEST) run.add(built.ir.code[payload]!.op);
      }
    };
    const system = new BlobSystem(built, CONTEXT, () => engineOf(core, trace));
    for (const step of scenario.steps) system.step(step);
  }
  // Skips and logic are not tests of their own: they have run where a later instruction of their rule has.
  const silent = new Set([
    constants.OP_AND,
    constants.OP_OR,
    constants.OP_NOT,
    constants.OP_SKIP_IF_FALSE,
    constants.OP_SKIP_IF_TRUE,
  ]);
  const ops = Object.entries(constants).filter(
    ([name, value]) => name.startsWith("OP_") && !silent.has(value),
  );
  expect(ops.filter(([, value]) => !run.has(value)).map(([name]) => name)).toEqual([]);
});
