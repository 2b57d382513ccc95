/** The kept fuzz cases, and a short run of the fuzzer with a fixed seed. */
import { expect, test } from "vitest";
import { action } from "../fuzz/actions.ts";
import { contextOf, corpus, differenceOf, Trial } from "../fuzz/case.ts";
import { facts } from "../fuzz/facts.ts";
import { askFrontEnd } from "../fuzz/frontend.ts";
import { policy } from "../fuzz/policies.ts";
import { PROPERTIES } from "../fuzz/properties.ts";
import { Random } from "../fuzz/random.ts";
import { runSteps, scenarioCorpus, scenarioDifference } from "../fuzz/scenario-case.ts";
import { statefulPolicy } from "../fuzz/stateful-policies.ts";
import { compiled } from "./policy.ts";

const SEED = 20260101;
const POLICIES = 30;
const PAIRS_PER_POLICY = 40;
const SCENARIOS = 30;
const STEPS = 30;

test.each(corpus().map((one) => [one.name, one] as const))("%s", (_, one) => {
  compiled(one.policy);
  expect(differenceOf(one, one.seed)?.text ?? null).toBeNull();
});

test("generated policies and actions", () => {
  for (let index = 0; index < POLICIES; index++) {
    const random = new Random(SEED, index);
    const generated = policy(random);
    const trial = new Trial(compiled(generated.text), contextOf(SEED));
    for (let round = 0; round < PAIRS_PER_POLICY; round++) {
      const result = trial.compare(action(random, generated), facts(random, generated));
      expect(result?.text ?? null, `policy ${index}`).toBeNull();
    }
  }
});

test.each(scenarioCorpus().map((one) => [one.name, one] as const))("%s", (_, one) => {
  compiled(one.policy);
  expect(scenarioDifference(one, one.seed)?.text ?? null).toBeNull();
});

test("generated scenarios", () => {
  for (let index = 0; index < SCENARIOS; index++) {
    const random = new Random(SEED, 0x60000000 + index);
    const generated = statefulPolicy(random);
    const { difference } = runSteps(random, compiled(generated.text), generated, SEED, STEPS, () => {});
    expect(difference?.found.text ?? null, `scenario ${index}`).toBeNull();
  }
});

test.each(Object.entries(PROPERTIES))("%s", (_, property) => {
  const findings = Array.from({ length: 10 }, (_, index) => property(new Random(SEED, index)));
  expect(findings.map(({ failure }) => failure).find((failure) => failure !== null) ?? null).toBeNull();
  expect(findings.reduce((sum, { checked }) => sum + checked, 0)).toBeGreaterThan(100);
});

test("the front end answers to broken texts", () => {
  const random = new Random(SEED);
  for (let round = 0; round < 100; round++) expect(askFrontEnd(random)).toBeNull();
});
