/** Policy text and a call to everything the page shows. No part of the page itself: tests run it in Node. */
import { compile } from "../../../bundles/compile/compile.ts";
import { printListing } from "../../../bundles/compile/listing.ts";
import type { Ir } from "../../../bundles/format/ir.ts";
import { sha256Hex } from "../../../bundles/trust/bytes.ts";
import { inSession, NO_HOST_FACTS, withHostFacts } from "../../../cli/calls.ts";
import { type Case, type CaseError, parseCases, type Step } from "../../../cli/cases.ts";
import { CaseRun, type StepOutcome } from "../../../cli/run-case.ts";
import type { Explanation } from "../../../cli/trace.ts";
import { CODE_NAMES } from "../../../cli/traced.ts";
import { Trial, type TrialState } from "../../../cli/trial.ts";
import type { Core } from "../../../engine/binding/index.ts";
import { check, compareDiagnostics } from "../../../fpl-grammar/index.ts";
import type { Diagnostic } from "../../../fpl-grammar/program.ts";

export const POLICY_NAME = "policy.fpl";

export interface Bundle {
  bytes: number;
  /** SHA-256, hexadecimal. */
  digest: string;
  rules: number;
  listing: string;
}

export interface Compiled {
  /** By place. */
  diagnostics: Diagnostic[];
  /** Null when there is an error. */
  bundle: Bundle | null;
}

export interface Decided {
  explanation: Explanation;
  state: TrialState;
}

export interface CaseResult {
  title: string;
  line: number;
  steps: StepOutcome[];
  /** The calls of its steps, by the line of the step. */
  calls: Map<number, { action: string; facts: string }>;
  /** Empty: as expected. */
  problem: string;
}

export interface CasesRan {
  results: CaseResult[];
  errors: CaseError[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const display = (name: string): string => name;

/** A core with the policy that compiled last. */
export class Workbench {
  readonly #core: Core;
  #ir: Ir | null = null;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Compiles, and loads what came of it. */
  compile(text: string): Compiled {
    this.#ir = null;
    const checked = check([{ name: POLICY_NAME, text }]);
    const diagnostics = [...checked.diagnostics];
    const compiled = checked.program === null ? null : compile(checked.program);
    diagnostics.push(...(compiled?.diagnostics ?? []));
    diagnostics.sort(compareDiagnostics);
    if (compiled === null || compiled.bundle === null || compiled.ir === null) {
      return { diagnostics, bundle: null };
    }
    const loaded = this.#core.load(compiled.bundle, { signed: false });
    if (!loaded.ok) throw new Error(`the core refuses the bundle: ${loaded.message}`);
    this.#ir = compiled.ir;
    const { bundle: bytes, ir } = compiled;
    const listing = printListing(ir);
    const { length } = ir.rules;
    return { diagnostics, bundle: { bytes: bytes.length, digest: sha256Hex(bytes), rules: length, listing } };
  }

  /** The call's verdict and how it came about, on a fresh state; null without a policy. Facts of blanks are none. */
  async decide(action: string, facts: string): Promise<Decided | null> {
    if (this.#ir === null) return null;
    const trial = new Trial({ core: this.#core, ir: this.#ir });
    const given = facts.trim() === "" ? null : encoder.encode(facts);
    const explanation = await trial.explain({ action: encoder.encode(action), facts: given });
    return { explanation, state: trial.state };
  }

  /** Null without a policy. Nothing is run when a case is malformed. */
  run(text: string): CasesRan | null {
    const ir = this.#ir;
    if (ir === null) return null;
    const { cases, errors } = readCases(text);
    if (errors.length > 0) return { results: [], errors };
    return { results: cases.map((one) => runOne({ core: this.#core, ir, display }, one)), errors };
  }
}

export function readCases(text: string): { cases: Case[]; errors: CaseError[] } {
  return parseCases(encoder.encode(text), CODE_NAMES);
}

function runOne(tried: { core: Core; ir: Ir; display: typeof display }, one: Case): CaseResult {
  const steps = new CaseRun(tried, one).run(one);
  const problem = steps.at(-1)?.problem ?? "";
  return { title: one.title, line: one.line, steps, calls: callsOf(one.steps), problem };
}

/** The actions of a case, each as it would be sent alone: in the session that is open by then. */
export function callsOf(steps: readonly Step[]): Map<number, { action: string; facts: string }> {
  const calls = new Map<number, { action: string; facts: string }>();
  let session: string | null = null;
  let opened: Record<string, string> = {};
  for (const step of steps) {
    if (step.kind === "event" && step.event.type === "session_open") {
      const { purpose, phase } = step.event;
      session = step.event.session;
      opened = { ...(purpose === null ? {} : { purpose }), ...(phase === null ? {} : { phase }) };
    } else if (step.kind === "action") {
      const action = session === null ? step.action : inSession(step.action, session);
      const given = withHostFacts(step.facts, NO_HOST_FACTS);
      calls.set(step.line, { action: pretty(decoder.decode(action)), facts: factsText(given, opened) });
    }
  }
  return calls;
}

function factsText(given: Uint8Array | null, opened: Record<string, string>): string {
  if (Object.keys(opened).length === 0) return given === null ? "" : pretty(decoder.decode(given));
  try {
    const stated = given === null ? {} : (JSON.parse(decoder.decode(given)) as object);
    return JSON.stringify({ ...opened, ...stated }, null, 2);
  } catch {
    return given === null ? "" : decoder.decode(given);
  }
}

/** Laid out, when that changes nothing else: a text that JSON cannot give back stays as it is. */
function pretty(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    const squeezed = text.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, literal) => literal ?? "");
    return JSON.stringify(value) === squeezed ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}
