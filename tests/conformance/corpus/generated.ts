/** Generated policies with actions, and with scenarios of actions and events, from one seed. */
import { action } from "../../fuzz/actions.ts";
import { facts } from "../../fuzz/facts.ts";
import { policy } from "../../fuzz/policies.ts";
import { Random } from "../../fuzz/random.ts";
import { statefulPolicy } from "../../fuzz/stateful-policies.ts";
import { beginning, step } from "../../fuzz/steps.ts";
import { compilePolicy } from "../policy.ts";
import { keysOf } from "./keys.ts";
import { type CorpusWriter, unsignedFile } from "./writer.ts";

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
  let before: Uint8Array | null = null;
  for (let index = 0; index < SCENARIOS; index++) before = writeScenario(writer, index, before) ?? before;
}

function writePairs(writer: CorpusWriter, index: number): void {
  const random = new Random(SEED, index);
  const generated = policy(random);
  const built = compilePolicy(generated.text);
  if ("errors" in built || built.bundle.length > MAX_BUNDLE_BYTES) return;
  writer.open({ title: `generated: seed ${SEED}, policy ${index}`, file: unsignedFile(built.bundle) });
  for (let round = 0; round < PAIRS; round++) {
    const text = action(random, generated);
    const known = facts(random, generated);
    writer.call({ kind: "decide", text, facts: known.length === 0 ? undefined : known, state: null });
  }
}

/** The scenario's file; null when there is none. `other`: a file to reload, null to reload none. */
function writeScenario(writer: CorpusWriter, index: number, other: Uint8Array | null): Uint8Array | null {
  const random = new Random(SEED, SCENARIO_STREAM + index);
  const generated = statefulPolicy(random);
  const built = compilePolicy(generated.text);
  if ("errors" in built || built.bundle.length > MAX_BUNDLE_BYTES) return null;
  const file = unsignedFile(built.bundle);
  writer.open({ title: `generated: seed ${SEED}, scenario ${index}`, file });
  const past = beginning(random, generated.agents);
  for (let count = 0; count < STEPS; count++) {
    if (count === RELOADED_AT && other !== null) writer.open({ kind: "load", file: other });
    if (count === RESTORED_AT && other !== null) writer.open({ kind: "load", file });
    const made = step(random, past);
    const { kind, text, facts: known, withState } = made.step;
    const call = kind === "action" ? "decide" : "event";
    const state = withState ? keysOf(kind, text, known) : null;
    const { verdict, recorded } = writer.call({ kind: call, text, facts: known, state });
    const { effect } = JSON.parse(new TextDecoder().decode(verdict));
    const record = JSON.parse(new TextDecoder().decode(recorded!.record));
    if (kind !== "action" || typeof record.action_digest !== "string") continue;
    const asked = { digest: record.action_digest, fields: made.fields, facts: made.facts };
    past.actions.push(asked);
    if (effect === "defer") past.deferred = asked;
  }
  return file;
}
