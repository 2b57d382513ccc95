/** Generated policies with actions, and with scenarios of actions and events, from one seed. */
import { action } from "../../fuzz/actions.ts";
import { facts } from "../../fuzz/facts.ts";
import { policy } from "../../fuzz/policies.ts";
import { Random } from "../../fuzz/random.ts";
import { statefulPolicy } from "../../fuzz/stateful-policies.ts";
import { beginning, step } from "../../fuzz/steps.ts";
import { type Compiled, compilePolicy } from "../policy.ts";
import { CheckedRun } from "./checked.ts";
import type { CorpusWriter } from "./writer.ts";

const SEED = 20261128;
/** Generated; those whose bundle is large are left out, so that the corpus stays small. */
const POLICIES = 30;
const MAX_BUNDLE_BYTES = 9_000;
const PAIRS = 16;
const SCENARIOS = 16;
const STEPS = 40;
/** Of a scenario: here another policy is loaded over what is remembered, and there its own again. */
const RELOADED_AT = 24;
const RESTORED_AT = 32;
/** How the fuzzer tells its scenarios' choices from those of its policies. */
const SCENARIO_STREAM = 0x60000000;

export function writeGenerated(writer: CorpusWriter): void {
  for (let index = 0; index < POLICIES; index++) writePairs(writer, index);
  let before: Compiled | null = null;
  for (let index = 0; index < SCENARIOS; index++) before = writeScenario(writer, index, before) ?? before;
}

/** Null for a text that does not compile, or not to a small bundle. */
function smallPolicy(text: string): Compiled | null {
  const built = compilePolicy(text);
  return "errors" in built || built.bundle.length > MAX_BUNDLE_BYTES ? null : built;
}

function writePairs(writer: CorpusWriter, index: number): void {
  const random = new Random(SEED, index);
  const generated = policy(random);
  const built = smallPolicy(generated.text);
  if (built === null) return;
  const run = new CheckedRun(writer, `generated: seed ${SEED}, policy ${index}`, built);
  for (let round = 0; round < PAIRS; round++) {
    const text = action(random, generated);
    run.step({ kind: "action", text, facts: facts(random, generated), withState: false });
  }
}

/** The scenario's policy, if it has one. `other`: one to load in between, whatever agents it knows, null to load none. */
function writeScenario(writer: CorpusWriter, index: number, other: Compiled | null): Compiled | null {
  const random = new Random(SEED, SCENARIO_STREAM + index);
  const generated = statefulPolicy(random);
  const built = smallPolicy(generated.text);
  if (built === null) return null;
  const run = new CheckedRun(writer, `generated: seed ${SEED}, scenario ${index}`, built);
  const { agents } = generated;
  const past = beginning(random, agents);
  for (let count = 0; count < STEPS; count++) {
    if (count === RELOADED_AT && other !== null) run.reload(other);
    if (count === RESTORED_AT && other !== null) run.reload(built);
    const made = step(random, past);
    const { verdict, recorded } = run.step(made.step);
    const { effect } = JSON.parse(new TextDecoder().decode(verdict));
    const record = JSON.parse(new TextDecoder().decode(recorded!.record));
    if (made.step.kind !== "action" || typeof record.action_digest !== "string") continue;
    const asked = { digest: record.action_digest, fields: made.fields, facts: made.facts };
    past.actions.push(asked);
    if (effect === "defer") past.deferred = asked;
  }
  return built;
}
