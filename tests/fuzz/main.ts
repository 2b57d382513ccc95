/**
 * `npm run fuzz -- [--seed N] [--pairs N] [--minutes N] [--policy N]`: generated policies and actions on the reference interpreter and
 * the built core, compared in verdict, record and hash; scenarios of actions and events with state, compared in state too (a step
 * counts as a pair); properties between decisions; and the front end on broken texts.
 * The seed is printed; `--seed N --policy I` runs the I-th policy of a run again. Exit 1 on any difference.
 */
import { relative } from "node:path";
import { parseArgs } from "node:util";
import type { Diagnostic } from "../../fpl-grammar/index.ts";
import { compilePolicy } from "../conformance/policy.ts";
import { action } from "./actions.ts";
import { type Case, contextOf, corpus, type Difference, differenceOf, keep, Trial } from "./case.ts";
import { facts } from "./facts.ts";
import { askFrontEnd } from "./frontend.ts";
import { policy } from "./policies.ts";
import { PROPERTIES } from "./properties.ts";
import { Random } from "./random.ts";
import {
  keepScenario,
  runSteps,
  type ScenarioCase,
  scenarioCorpus,
  scenarioDifference,
  shrinkScenario,
} from "./scenario-case.ts";
import { shrink } from "./shrink.ts";
import { statefulPolicy } from "./stateful-policies.ts";

const PAIRS_PER_POLICY = 80;
const MIN_STEPS = 20;
const MAX_STEPS = 60;
/** Of the policies generated, at most this part may fail to compile, or the generator tests too little. */
const MAX_REFUSED = 0.25;
const MAX_FAILURES = 5;
const FRONT_END_TEXTS_PER_POLICY = 2;
const PROPERTY_EVERY = 4;
const DEFAULT_PAIRS = 100_000;

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    pairs: { type: "string" },
    minutes: { type: "string" },
    policy: { type: "string" },
  },
});

function count(text: string | undefined, name: string): number | null {
  if (text === undefined) return null;
  const number = Number(text);
  if (!(number >= 0)) {
    console.error(`--${name} wants a number, not \`${text}\``);
    process.exit(2);
  }
  return number;
}

const seed = count(values.seed, "seed") ?? Math.floor(Math.random() * 0x100000000);
const minutes = count(values.minutes, "minutes");
const wantedPairs =
  count(values.pairs, "pairs") ?? (minutes === null ? DEFAULT_PAIRS : Number.POSITIVE_INFINITY);
const onlyPolicy = count(values.policy, "policy");
const started = Date.now();
const deadline = minutes === null ? Number.POSITIVE_INFINITY : started + minutes * 60_000;

const totals = { policies: 0, refused: 0, pairs: 0, properties: 0, texts: 0 };
const refusals = new Map<string, number>();
const codes = new Map<string, number>();
const failures: string[] = [];

function report(title: string, text: string, index: number): void {
  const again = `npm run fuzz -- --seed ${seed} --policy ${index}`;
  failures.push(title);
  console.error(`\n${title}\n${text}\nagain: ${again}`);
}

function reportDifference(found: Case, { signature, text }: Difference, index: number): void {
  const small = shrink(found, (candidate) => differenceOf(candidate, seed)?.signature === signature);
  const shown = differenceOf(small, seed)?.text ?? text;
  const file = keep(small, seed, `found-${seed}-${index}`, signature);
  const inputs = `action ${Buffer.from(small.action)}\nfacts ${Buffer.from(small.facts)}`;
  report(
    `difference: ${signature}`,
    `${shown}\n${small.policy}\n${inputs}\nkept in ${relative(process.cwd(), file)}`,
    index,
  );
}

/** The pairs of the run's policy of that number. */
function runPolicy(index: number): void {
  const random = new Random(seed, index);
  const generated = policy(random);
  const built = compilePolicy(generated.text);
  totals.policies++;
  if ("errors" in built) {
    countRefusal(built.errors);
    return;
  }
  const trial = new Trial(built, contextOf(seed));
  for (let round = 0; round < PAIRS_PER_POLICY; round++) {
    const found: Case = {
      policy: generated.text,
      action: action(random, generated),
      facts: facts(random, generated),
    };
    const result = trial.compare(found.action, found.facts);
    totals.pairs++;
    countCode(trial.lastCode);
    if (result === null) continue;
    reportDifference(found, result, index);
    return;
  }
}

/** The scenario of the run's policy of that number. */
function runScenario(index: number): void {
  const random = new Random(seed, 0x60000000 + index);
  const generated = statefulPolicy(random);
  const built = compilePolicy(generated.text);
  totals.policies++;
  if ("errors" in built) {
    countRefusal(built.errors);
    return;
  }
  const count = MIN_STEPS + random.below(MAX_STEPS - MIN_STEPS + 1);
  const { steps, difference } = runSteps(random, built, generated, seed, count, countCode);
  totals.pairs += steps;
  if (difference !== null) reportScenario(difference.case, difference.found, index);
}

function reportScenario(whole: ScenarioCase, { signature }: Difference, index: number): void {
  const small = shrinkScenario(whole, seed, signature);
  const file = keepScenario(small, seed, `found-${seed}-${index}`, signature);
  const steps = small.steps.map(
    ({ kind, text, facts, withState, reload }) =>
      `${reload === undefined ? "" : `--- policy\n${reload}\n---\n`}${kind} ${Buffer.from(text)} ${Buffer.from(facts)}${withState ? "" : " without state"}`,
  );
  const shown = scenarioDifference(small, seed)?.text ?? signature;
  report(
    `difference: ${signature}`,
    `${shown}\n${small.policy}\n${steps.join("\n")}\nkept in ${relative(process.cwd(), file)}`,
    index,
  );
}

function countRefusal(errors: Diagnostic[]): void {
  totals.refused++;
  for (const { code, severity } of errors) {
    if (severity === "error") refusals.set(code, (refusals.get(code) ?? 0) + 1);
  }
}

function countCode(code: string): void {
  codes.set(code, (codes.get(code) ?? 0) + 1);
}

function runProperties(index: number): void {
  for (const [number, [name, property]] of Object.entries(PROPERTIES).entries()) {
    const { failure, checked } = property(new Random(seed, 0x40000000 + index * 8 + number));
    totals.properties += checked;
    if (failure !== null) report(`property ${name} does not hold`, failure, index);
  }
}

function runFrontEnd(index: number): void {
  const random = new Random(seed, 0x20000000 + index);
  for (let round = 0; round < FRONT_END_TEXTS_PER_POLICY; round++) {
    const fault = askFrontEnd(random);
    totals.texts++;
    if (fault !== null) report("the front end breaks down", fault, index);
  }
}

function runAll(index: number): void {
  runPolicy(index);
  runScenario(index);
  if (index % PROPERTY_EVERY === 0) runProperties(index);
  runFrontEnd(index);
}

function runCorpus(): void {
  for (const one of corpus()) {
    const found = differenceOf(one, one.seed);
    if (found !== null) report(`corpus/${one.name} differs again`, found.text, 0);
  }
  for (const one of scenarioCorpus()) {
    const found = scenarioDifference(one, one.seed);
    if (found !== null) report(`corpus/${one.name} differs again`, found.text, 0);
  }
}

const progress = (): string => {
  const seconds = Math.round((Date.now() - started) / 1000);
  return `${seconds} s: ${totals.pairs} pairs of ${totals.policies} policies (${totals.refused} refused), ${totals.properties} decisions for properties, ${totals.texts} broken texts`;
};

console.log(`seed ${seed}`);
if (onlyPolicy !== null) {
  runAll(onlyPolicy);
} else {
  runCorpus();
  let nextProgress = 10_000;
  for (
    let index = 0;
    totals.pairs < wantedPairs && Date.now() < deadline && failures.length < MAX_FAILURES;
    index++
  ) {
    runAll(index);
    if (totals.pairs < nextProgress) continue;
    console.log(progress());
    nextProgress += 10_000;
  }
  if (totals.refused > MAX_REFUSED * totals.policies) {
    const byCode = [...refusals].sort((a, b) => b[1] - a[1]).map(([code, times]) => `${code} ${times}`);
    report("too many generated policies do not compile", byCode.join(", "), 0);
  }
}
console.log(progress());
console.log(
  `codes: ${[...codes]
    .sort((a, b) => b[1] - a[1])
    .map(([code, times]) => `${code} ${times}`)
    .join(", ")}`,
);
console.log(failures.length === 0 ? "no differences" : `${failures.length} failures`);
process.exitCode = failures.length === 0 ? 0 : 1;
