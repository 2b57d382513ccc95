/** A policy and a run of steps on all implementations, each step compared in verdict, state and record; and the kept ones. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINDING } from "../conformance/binding.ts";
import { CORE } from "../conformance/core.ts";
import { type Step, type StepOutcome, stepDifference } from "../conformance/implementation.ts";
import { type Compiled, compilePolicy } from "../conformance/policy.ts";
import { REFERENCE } from "../conformance/reference.ts";
import { blockEnd } from "./blocks.ts";
import { CORPUS_FOLDER, contextOf, type Difference } from "./case.ts";
import type { Random } from "./random.ts";
import { statefulPolicy } from "./stateful-policies.ts";
import { beginning, step } from "./steps.ts";

/** `reload`: the policy that is loaded before the step. */
export type FuzzStep = Step & { reload?: string };

export interface ScenarioCase {
  policy: string;
  steps: FuzzStep[];
}

interface Found extends Difference {
  /** Of the step that differs. */
  at: number;
}

/** The implementations over one policy. Null: they agree. */
class Run {
  private readonly core;
  private readonly binding;
  private readonly reference;
  private at = 0;

  constructor(policy: Compiled, seed: number) {
    const context = { ...contextOf(seed), sequence: 0n };
    [this.core, this.binding, this.reference] = [CORE, BINDING, REFERENCE].map((one) =>
      one.open(policy, context),
    ) as [ReturnType<typeof CORE.open>, ReturnType<typeof CORE.open>, ReturnType<typeof CORE.open>];
  }

  reload(policy: Compiled): void {
    for (const system of [this.core, this.binding, this.reference]) system.reload(policy);
  }

  compare(step: Step): { outcome: StepOutcome | null; found: Found | null } {
    const at = this.at++;
    try {
      const outcome = this.core.step(step, null);
      const expected = this.reference.step(step, outcome.evidence);
      const found =
        this.describe("core", at, stepDifference(expected, outcome)) ??
        this.describe("binding", at, stepDifference(expected, this.binding.step(step, null)));
      return { outcome, found };
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { outcome: null, found: { at, signature: `breaks down: ${String(error).slice(0, 60)}`, text } };
    }
  }

  private describe(name: string, at: number, found: ReturnType<typeof stepDifference>): Found | null {
    if (found === null) return null;
    const { part, left, right } = found;
    const code = (text: string): string => /"code":"(\w+)"/.exec(text)?.[1] ?? "";
    return {
      at,
      signature: `${part} of ${name}, ${code(left)} ${code(right)}`,
      text: `${part}\n  reference ${left}\n  ${name.padEnd(9)} ${right}`,
    };
  }
}

/** Runs up to `count` generated steps. */
export function runSteps(
  random: Random,
  policy: Compiled,
  { text, agents }: { text: string; agents: string[] },
  seed: number,
  count: number,
  onCode: (code: string) => void,
): { steps: number; difference: { found: Difference; case: ScenarioCase } | null } {
  const run = new Run(policy, seed);
  const past = beginning(random, agents);
  const steps: FuzzStep[] = [];
  while (steps.length < count) {
    const made = step(random, past);
    const next = random.chance(RELOAD) ? reloadOf(random, text) : null;
    if (next !== null) run.reload(next.built);
    steps.push(next === null ? made.step : { ...made.step, reload: next.text });
    const { outcome, found } = run.compare(made.step);
    if (found !== null || outcome === null) {
      return { steps: steps.length, difference: { found: found!, case: { policy: text, steps } } };
    }
    const verdict = JSON.parse(new TextDecoder().decode(outcome.recordedVerdict));
    onCode(verdict.code);
    const record = JSON.parse(new TextDecoder().decode(outcome.record));
    if (made.step.kind === "action" && typeof record.action_digest === "string") {
      const asked = { digest: record.action_digest, fields: made.fields, facts: made.facts };
      past.actions.push(asked);
      if (verdict.effect === "defer") past.deferred = asked;
    }
  }
  return { steps: steps.length, difference: null };
}

/** How often another policy is loaded. */
const RELOAD = 0.06;

/** Its own policy again, the same without a statement or two, one that a generator makes for other agents and limits, or one for nobody here. */
function reloadOf(random: Random, text: string): { text: string; built: Compiled } | null {
  return random.weighted<{ text: string; built: Compiled } | null>([
    [3, () => variant(random, text)],
    [1, () => compiledOrNull(text)],
    [3, () => compiledOrNull(statefulPolicy(random).text)],
    [1, () => compiledOrNull(NOBODY)],
  ]);
}

const NOBODY = 'agent "nobody" {\n  default permit\n}\n';

function compiledOrNull(text: string): { text: string; built: Compiled } | null {
  const built = compilePolicy(text);
  return "errors" in built ? null : { text, built };
}

/** The policy, or the same without a statement or two; null when what is left does not compile. */
function variant(random: Random, text: string): { text: string; built: Compiled } | null {
  const lines = text.split("\n");
  for (let count = random.below(3); count > 0; count--) {
    const at = random.below(lines.length);
    lines.splice(at, blockEnd(lines, at) - at);
  }
  return compiledOrNull(lines.join("\n"));
}

/** The first difference of a case on its own, or null; null also when its policy does not compile. */
export function scenarioDifference({ policy, steps }: ScenarioCase, seed: number): Found | null {
  const built = compilePolicy(policy);
  if ("errors" in built) return null;
  const run = new Run(built, seed);
  for (const step of steps) {
    if (step.reload !== undefined) {
      const next = compilePolicy(step.reload);
      if ("errors" in next) return null;
      run.reload(next);
    }
    const { found } = run.compare(step);
    if (found !== null) return found;
  }
  return null;
}

const MAX_TRIES = 400;

/** Without the steps and the lines of the policy that the same difference does not need. */
export function shrinkScenario(found: ScenarioCase, seed: number, signature: string): ScenarioCase {
  let best = found;
  let tries = 0;
  const improve = (candidate: ScenarioCase): boolean => {
    if (tries++ >= MAX_TRIES) return false;
    const difference = scenarioDifference(candidate, seed);
    if (difference?.signature !== signature) return false;
    best = { ...candidate, steps: candidate.steps.slice(0, difference.at + 1) };
    return true;
  };
  for (let at = best.steps.length - 2; at >= 0; at--) {
    improve({ ...best, steps: best.steps.filter((_, index) => index !== at) });
  }
  for (const at of best.steps.keys()) {
    const { reload, ...step } = best.steps[at] ?? {};
    if (reload === undefined) continue;
    improve({ ...best, steps: best.steps.map((one, index) => (index === at ? (step as FuzzStep) : one)) });
    shrinkReload(at, () => best, improve);
  }
  for (let line = 0; line < best.policy.split("\n").length; ) {
    const lines = best.policy.split("\n");
    const kept = [...lines.slice(0, line), ...lines.slice(blockEnd(lines, line))].join("\n");
    if (kept === best.policy || !improve({ ...best, policy: kept })) line++;
  }
  return best;
}

function shrinkReload(
  at: number,
  best: () => ScenarioCase,
  improve: (candidate: ScenarioCase) => boolean,
): void {
  for (let line = 0; ; ) {
    const lines = best().steps[at]?.reload?.split("\n");
    if (lines === undefined || line >= lines.length) return;
    const reload = [...lines.slice(0, line), ...lines.slice(blockEnd(lines, line))].join("\n");
    const steps = best().steps.map((one, index) => (index === at ? { ...one, reload } : one));
    if (!improve({ ...best(), steps })) line++;
  }
}

interface Stored {
  why: string;
  seed: number;
  policy: string[];
  steps: { kind: Step["kind"]; text: string; facts: string; withState: boolean; reload?: string }[];
}

const PREFIX = "steps-";

/** Keeps a case; returns the file's path. */
export function keepScenario(
  { policy, steps }: ScenarioCase,
  seed: number,
  name: string,
  why: string,
): string {
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  const stored: Stored = {
    why,
    seed,
    policy: policy.split("\n"),
    steps: steps.map((one) => ({ ...one, text: text(one.text), facts: text(one.facts) })),
  };
  const file = join(CORPUS_FOLDER, `${PREFIX}${name}.json`);
  writeFileSync(file, `${JSON.stringify(stored, null, 2)}\n`);
  return file;
}

/** The kept scenarios, by file name. */
export function scenarioCorpus(): (ScenarioCase & { name: string; seed: number })[] {
  const names = readdirSync(CORPUS_FOLDER).filter((name) => name.startsWith(PREFIX));
  return names.sort().map((name) => {
    const stored = JSON.parse(readFileSync(join(CORPUS_FOLDER, name), "utf8")) as Stored;
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const steps = stored.steps.map((one) => ({ ...one, text: bytes(one.text), facts: bytes(one.facts) }));
    return { name, seed: stored.seed, policy: stored.policy.join("\n"), steps };
  });
}
