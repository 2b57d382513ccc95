/** Every scenario on every implementation: what was expected of each step, and the same verdicts, states and records from all. */
import { describe, expect, test } from "vitest";
import { readScenarios, type Scenario, type ScenarioStep } from "../vectors/scenarios.ts";
import { BINDING } from "./binding.ts";
import { CORE, coreDigest } from "./core.ts";
import {
  type Evidence,
  type Implementation,
  type StepOutcome,
  type System,
  stepDifference,
} from "./implementation.ts";
import { type Compiled, compiled } from "./policy.ts";
import { REFERENCE } from "./reference.ts";

const SCENARIOS = readScenarios();
const CONTEXT = {
  engineDigest: coreDigest(),
  signed: true,
  sequence: 0n,
  previous: new Uint8Array(32),
};

type Documents = Pick<Scenario, "policy" | "imports">;

const policies = new Map<string, Compiled>();
function policyOf({ policy: text, imports }: Documents): Compiled {
  const key = JSON.stringify([text, imports]);
  const policy = policies.get(key) ?? compiled(text, imports);
  policies.set(key, policy);
  return policy;
}

/** Takes the step, under the policy that it brings. */
function take(system: System, step: ScenarioStep, evidence: Evidence | null): StepOutcome {
  if (step.reload !== undefined) system.reload(policyOf(step.reload));
  return system.step(step, evidence);
}

const REMEMBERED = ["calls", "cost", "phase", "purpose", "pending", "closed"];
const OF_AGENT = ["children", "approvals", "meters", "reservations"];

function checkExpectation({ expected, place, text }: ScenarioStep, outcome: StepOutcome): void {
  const verdict = JSON.parse(new TextDecoder().decode(outcome.recordedVerdict));
  expect(`${verdict.effect} ${verdict.code}`, place).toBe(`${expected.effect} ${expected.code}`);
  if (expected.line !== undefined) expect(verdict.rule?.line, place).toBe(expected.line);
  for (const { name, value } of expected.fields) {
    expect(
      fieldOf(verdict, outcome, name, JSON.parse(new TextDecoder().decode(text)).agent),
      `${place} ${name}`,
    ).toEqual(value);
  }
}

type Fields = Record<string, unknown>;

function fieldOf(
  verdict: { obligations: Fields } & Fields,
  outcome: StepOutcome,
  name: string,
  actor: string,
): unknown {
  const remembered = (kind: string): Fields =>
    (outcome.snapshot[`${kind} ${actor}`] ?? {}) as unknown as Fields;
  if (REMEMBERED.includes(name)) return remembered("session")[name];
  if (OF_AGENT.includes(name)) return remembered("agent")[name];
  if (name === "credentials") return (verdict.obligations.credentials as Fields[]).map((one) => one.name);
  return name === "notify" || name === "redact" ? verdict.obligations[name] : verdict[name];
}

const titled = SCENARIOS.map((one) => [`${one.place} ${one.title}`, one] as const);

for (const { name, open } of [REFERENCE, CORE, BINDING] satisfies Implementation[]) {
  describe(name, () => {
    test.each(titled)("%s", (_, scenario) => {
      const system = open(policyOf(scenario), CONTEXT);
      for (const step of scenario.steps) checkExpectation(step, take(system, step, null));
    });
  });
}

test.each(titled)("all agree: %s", (_, scenario) => {
  const [core, binding, reference] = [CORE, BINDING, REFERENCE].map((one) =>
    one.open(policyOf(scenario), CONTEXT),
  );
  for (const step of scenario.steps) {
    const outcome = take(core!, step, null);
    expect(stepDifference(take(reference!, step, outcome.evidence), outcome), step.place).toBeNull();
    expect(stepDifference(take(binding!, step, null), outcome), step.place).toBeNull();
  }
});

test("there are enough steps", () => {
  expect(SCENARIOS.flatMap(({ steps }) => steps).length).toBeGreaterThan(150);
});
