/** The reference interpreter beside the writer: what nobody wrote an expectation for is expected of it. */
import { CORE, coreDigest } from "../core.ts";
import { type RecordContext, type Step, type System, stepDifference } from "../implementation.ts";
import type { Compiled } from "../policy.ts";
import { REFERENCE } from "../reference.ts";
import { keysOf } from "./keys.ts";
import { type CorpusWriter, type Decided, unsignedFile } from "./writer.ts";

/** A policy that was opened without signatures, and the steps on it from the first record on. */
export class CheckedRun {
  readonly #writer: CorpusWriter;
  readonly #core: System;
  readonly #reference: System;

  constructor(writer: CorpusWriter, title: string, policy: Compiled) {
    this.#writer = writer;
    const context: RecordContext = {
      engineDigest: coreDigest(),
      signed: false,
      sequence: 0n,
      previous: new Uint8Array(32),
    };
    this.#core = CORE.open(policy, context);
    this.#reference = REFERENCE.open(policy, context);
    writer.open({ title, file: unsignedFile(policy.bundle) });
  }

  reload(policy: Compiled): void {
    this.#core.reload(policy);
    this.#reference.reload(policy);
    this.#writer.open({ kind: "load", file: unsignedFile(policy.bundle) });
  }

  /** Writes the step's line. Throws Error when the reference interpreter says something else. */
  step(step: Step): Decided {
    const { kind, text, facts, withState } = step;
    const made = this.#writer.call({
      kind: kind === "action" ? "decide" : "event",
      text,
      facts: facts.length === 0 ? undefined : facts,
      state: withState ? keysOf(kind, text, facts) : null,
    });
    const outcome = this.#core.step(step, null);
    const found = stepDifference(this.#reference.step(step, outcome.evidence), outcome);
    const record = new TextDecoder().decode(outcome.record);
    if (found !== null || record !== new TextDecoder().decode(made.recorded!.record))
      throw new Error(`the reference interpreter differs: ${JSON.stringify(found)}, ${record}`);
    return made;
  }
}
