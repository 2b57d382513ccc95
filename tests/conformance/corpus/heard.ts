/** A core that notes what it is asked, so that a case that runs on it becomes lines of the corpus. */
import { readFileSync } from "node:fs";
import { withHostFacts } from "../../../cli/calls.ts";
import type { RecordPlace, StateBlobs, Text } from "../../../engine/binding/index.ts";
import { Core } from "../../../engine/binding/index.ts";
import { CORE_FILE, coreDigest } from "../core.ts";

interface Heard {
  kind: "decide" | "event";
  text: Uint8Array;
  facts: Uint8Array | undefined;
  isStateful: boolean;
  code: string;
}

const encoder = new TextEncoder();
const bytesOf = (text: Text): Uint8Array => (typeof text === "string" ? encoder.encode(text) : text);

const SALT = "0".repeat(32);
const salted = (facts: Text | undefined): Text | undefined =>
  withHostFacts(facts === undefined ? null : bytesOf(facts), { agent: null, time: null, salt: SALT }) ??
  undefined;

let module: WebAssembly.Module | null = null;

/** A traced decision is one line; the recorded decision on the same action that follows it takes its place. */
export class HeardCore {
  readonly calls: Heard[] = [];
  readonly core: Core;

  constructor(bundle: Uint8Array) {
    module ??= new WebAssembly.Module(new Uint8Array(readFileSync(CORE_FILE)));
    this.core = new Core(module, coreDigest());
    const loaded = this.core.load(bundle, { signed: true });
    if (!loaded.ok) throw new Error(loaded.message);
    const note = this.#note.bind(this);
    const { core } = this;
    const trace = core.trace.bind(core);
    core.trace = (action, facts, state) => {
      const traced = trace(action, facts, state);
      // Its record is of the same verdict only if the redacted can be salted.
      note("decide", action, salted(facts), state, traced.verdict.code);
      return traced;
    };
    for (const [call, kind] of [
      ["decideRecorded", "decide"],
      ["applyEvent", "event"],
    ] as const) {
      const made = core[call].bind(core);
      core[call] = (text: Text, facts: Text | undefined, place: RecordPlace, state?: StateBlobs) => {
        const recorded = made(text, facts, place, state);
        if (kind === "decide") this.calls.pop();
        note(kind, text, facts, state, recorded.verdict.code);
        return recorded;
      };
    }
  }

  #note(
    kind: Heard["kind"],
    text: Text,
    facts: Text | undefined,
    state: StateBlobs | undefined,
    code: string,
  ): void {
    const isStateful = state !== undefined;
    this.calls.push({
      kind,
      text: bytesOf(text),
      facts: facts === undefined ? undefined : bytesOf(facts),
      isStateful,
      code,
    });
  }
}
