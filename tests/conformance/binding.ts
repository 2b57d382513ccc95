/** The core through its typed API: verdicts from text where there is text, records from bytes, one instance for all policies. */
import { readFileSync } from "node:fs";
import { instantiate, type Text, type Verdict } from "../../engine/binding/index.ts";
import { CORE_FILE } from "./core.ts";
import type { Implementation } from "./implementation.ts";
import type { Compiled } from "./policy.ts";
import { BlobSystem, type Engine } from "./system.ts";

const core = await instantiate(new Uint8Array(readFileSync(CORE_FILE)));
let loads = 0;

const textOf = (bytes: Uint8Array): Text => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
};

/** The verdict's fields stand in canonical order, and hold only what is the same in any JSON. */
const bytesOf = (verdict: Verdict): Uint8Array => new TextEncoder().encode(JSON.stringify(verdict));

export const BINDING: Implementation = {
  name: "binding",
  load({ bundle }, { signed, sequence, previous }) {
    const result = core.load(bundle, { signed });
    if (!result.ok) throw new Error(`the bundle is refused: ${result.message}`);
    const load = ++loads;
    const place = { sequence: Number(sequence), previous };
    return {
      decide(action, facts) {
        if (load !== loads) throw new Error("another policy was loaded since");
        const hasFacts = facts.length > 0;
        const verdict = core.decide(textOf(action), hasFacts ? textOf(facts) : undefined);
        const recorded = core.decideRecorded(action, hasFacts ? facts : undefined, place);
        const { record, hash } = recorded;
        return { verdict: bytesOf(verdict), recordedVerdict: bytesOf(recorded.verdict), record, hash };
      },
    };
  },
  open(policy, context) {
    return new BlobSystem(policy, context, (loaded) => engineOf(loaded, context.signed));
  },
};

function engineOf(policy: Compiled, signed: boolean): Engine {
  const load = (): number => {
    const result = core.load(policy.bundle, { signed });
    if (!result.ok) throw new Error(`the bundle is refused: ${result.message}`);
    return ++loads;
  };
  let own = load();
  return ({ kind, text, facts: factsBytes }, blobs, { sequence, previous }) => {
    if (own !== loads) own = load();
    const facts = factsBytes.length > 0 ? factsBytes : undefined;
    const state = blobs ?? undefined;
    const place = { sequence: Number(sequence), previous };
    const verdict = kind === "action" ? core.decide(textOf(text), facts, state) : null;
    const recorded =
      kind === "action"
        ? core.decideRecorded(text, facts, place, state)
        : core.applyEvent(text, facts, place, state);
    return {
      verdict: bytesOf(verdict ?? recorded.verdict),
      recordedVerdict: bytesOf(recorded.verdict),
      record: recorded.record,
      hash: recorded.hash,
      after: recorded.state,
    };
  };
}
