import type { Ir } from "../bundles/format/ir.ts";
import type { TraceEvent, Verdict } from "../engine/binding/index.ts";
import {
  COMPUTED_DELEGATION_DEPTH,
  COMPUTED_SESSION_AGE,
  COMPUTED_SESSION_CALLS,
  EFFECT_DEFER,
  EFFECT_DENY,
  EFFECT_DENY_ALWAYS,
  EFFECT_PERMIT,
  FALSE,
  MISSING,
  NO_PHASE,
  OP_TRUTH,
  OPERAND_COMPUTED,
  OPERAND_LENGTH,
  OPERAND_METER,
  OPERAND_PATH,
  ROOT_AGENT,
  ROOT_ARGS,
  ROOT_DELEGATION,
  ROOT_FACET,
  ROOT_HTTP,
  ROOT_MODEL,
  ROOT_PRINCIPAL,
  ROOT_SELECTORS,
  ROOT_SESSION,
  ROOT_TIME,
  ROOT_TOOL,
  STEP_INDEX,
  TRACE_RULE,
  TRACE_STEP,
  TRACE_TEST,
  TRUE,
  UNIT_ARGUMENT,
  WRONG_TYPE,
} from "../engine/constants.ts";
import { moneyDecimal } from "./state/amounts.ts";
import { nameHash } from "./state/blob.ts";
import type { AskedLimit } from "./state/limits.ts";
import { hasHappened, isMoment, meterValue, type PartyState } from "./state/meters.ts";

export type Truth = "true" | "false" | "missing" | "wrong_type";

/** A field that a condition reads; `value` is undefined when it is absent, `hidden` when the policy redacts it. */
export interface FieldValue {
  field: string;
  value: unknown;
  hidden: boolean;
}

export interface ConditionTrace {
  /** Index into the bundle's code. */
  id: number;
  text: string;
  line: number;
  column: number;
  /** Null: the rule was settled before this condition. */
  truth: Truth | null;
  fields: FieldValue[];
}

export interface RuleTrace {
  id: number;
  effect: string;
  file: string;
  line: number;
  column: number;
  text: string;
  phase: string | null;
  truth: Truth;
  /** Whether its condition, as it came out, lets a rule of this effect apply. */
  applies: boolean;
  conditions: ConditionTrace[];
}

export interface StepTrace {
  step: number;
  title: string;
  /** `proposed`: it decided, and a later step narrowed that. */
  outcome: "passed" | "proposed" | "decided" | "not reached";
  /** Of the code table; null unless it decided or proposed. */
  code: number | null;
  rules: RuleTrace[];
}

/** The last one is there only for a delegated call. */
export const STEP_TITLES = [
  "agent",
  "selectors",
  "visibility",
  "deny!",
  "rules",
  "limits",
  "delegation",
] as const;

export function truthName(value: number): Truth {
  if (value === FALSE) return "false";
  if (value === MISSING) return "missing";
  return value === WRONG_TYPE ? "wrong_type" : "true";
}

export function effectName(effect: number): string {
  if (effect === EFFECT_DENY_ALWAYS) return "deny!";
  if (effect === EFFECT_DENY) return "deny";
  return effect === EFFECT_DEFER ? "defer" : "permit";
}

/** The conditions of a rule: indexes of the instructions that test something. */
export function conditionsOf(ir: Ir, rule: number): number[] {
  const { codeFirst, codeCount } = ir.rules[rule]!;
  const conditions: number[] = [];
  for (let index = codeFirst; index < codeFirst + codeCount; index++) {
    if (ir.code[index]!.op >= OP_TRUTH) conditions.push(index);
  }
  return conditions;
}

export function ruleIdentity(ir: Ir, rule: number): { file: string; line: number; column: number } {
  return JSON.parse(ir.debug.rules[rule]!.identity) as { file: string; line: number; column: number };
}

/** What conditions read: the action and the facts as parsed JSON, null when they were refused. */
export interface Inputs {
  action: Record<string, unknown> | null;
  facts: Record<string, unknown>;
  /** What the acting party remembers; null: decided without state. */
  party: PartyState | null;
}

/** One call with its verdict and how it came about. */
export interface Explanation {
  verdict: Verdict;
  steps: StepTrace[];
  /** What step 6 asks, before the call; empty without state. */
  limits: AskedLimit[];
  inputs: Inputs;
  /** One line on the code, from the code table. */
  meaning: string;
  /** What the caller can do next, from the code table. */
  next: string | null;
  codeName(code: number): string;
}

/** Orders the core's trace by step, with every rule tried, every condition's text and value. The first six steps are always there. */
export function explain(
  ir: Ir,
  verdict: Verdict,
  events: readonly TraceEvent[],
  inputs: Inputs,
): StepTrace[] {
  const steps = STEP_TITLES.map(
    (title, index): StepTrace => ({ step: index + 1, title, outcome: "not reached", code: null, rules: [] }),
  );
  const reader = new FieldReader(ir, verdict, inputs);
  let tests = new Map<number, number>();
  let rules: RuleTrace[] = [];
  for (const { kind, low, payload } of events) {
    if (kind === TRACE_TEST) tests.set(payload, low);
    else if (kind === TRACE_RULE) {
      rules.push(ruleTrace(ir, payload, low, tests, reader));
      tests = new Map();
    } else if (kind === TRACE_STEP) {
      const step = steps[low - 1]!;
      step.outcome = payload === 0 ? "passed" : "proposed";
      step.code = payload === 0 ? null : payload;
      step.rules.push(...rules);
      rules = [];
    }
  }
  const last = steps.findLast(({ code }) => code !== null);
  // An approval lifts what the steps came to.
  if (last !== undefined && verdict.code !== "approved") last.outcome = "decided";
  return steps.filter(({ step, outcome }) => step < STEP_TITLES.length || outcome !== "not reached");
}

/** LANGUAGE section 4: what an unknown condition does, by effect. */
function applies(ir: Ir, effect: number, truth: number): boolean {
  if (truth === TRUE) return true;
  if (truth === FALSE || effect === EFFECT_PERMIT) return false;
  return truth === WRONG_TYPE || effect === EFFECT_DENY_ALWAYS || ir.system.missingFieldsApply;
}

function ruleTrace(
  ir: Ir,
  id: number,
  truth: number,
  tests: Map<number, number>,
  reader: FieldReader,
): RuleTrace {
  const rule = ir.rules[id]!;
  const { file, line, column } = ruleIdentity(ir, id);
  return {
    id,
    effect: effectName(rule.effect),
    file,
    line,
    column,
    text: ir.debug.rules[id]!.text,
    phase: rule.phase === null || rule.phase === NO_PHASE ? null : ir.strings[ir.phases[rule.phase]!]!,
    truth: truthName(truth),
    applies: applies(ir, rule.effect, truth),
    conditions: conditionsOf(ir, id).map((index) => {
      const debug = ir.debug.instructions[index]!;
      const value = tests.get(index);
      return {
        id: index,
        text: debug.text,
        line: debug.line,
        column: debug.column,
        truth: value === undefined ? null : truthName(value),
        fields: reader.fieldsOf(index),
      };
    }),
  };
}

const ROOT_NAMES: Record<number, string> = {
  [ROOT_ARGS]: "args",
  [ROOT_TOOL]: "tool",
  [ROOT_AGENT]: "agent",
  [ROOT_MODEL]: "model",
  [ROOT_PRINCIPAL]: "principal",
  [ROOT_SESSION]: "session",
  [ROOT_SELECTORS]: "selectors",
  [ROOT_HTTP]: "http",
  [ROOT_FACET]: "http",
  [ROOT_TIME]: "time",
  [ROOT_DELEGATION]: "delegation",
};

/** By COMPUTED_*. */
const COMPUTED_NAMES = ["session.calls", "session.cost", "session.age", "delegation.depth"];

type Step = string | number;

class FieldReader {
  readonly #ir: Ir;
  readonly #verdict: Verdict;
  readonly #inputs: Inputs;

  constructor(ir: Ir, verdict: Verdict, inputs: Inputs) {
    this.#ir = ir;
    this.#verdict = verdict;
    this.#inputs = inputs;
  }

  /** The fields that an instruction reads, each once. */
  fieldsOf(index: number): FieldValue[] {
    const { leftKind, left, rightKind, right } = this.#ir.code[index]!;
    const operands = [
      [leftKind, left],
      [rightKind, right],
    ] as const;
    const paths = operands.filter(([kind]) => kind === OPERAND_PATH || kind === OPERAND_LENGTH);
    const read = [...new Set(paths.map(([, id]) => id))].map((id) => this.#read(id));
    for (const [kind, id] of operands) {
      if (kind === OPERAND_METER) read.push(this.#meter(id));
      else if (kind === OPERAND_COMPUTED) {
        read.push({ field: COMPUTED_NAMES[id]!, value: this.#computed(id), hidden: false });
      }
    }
    return read;
  }

  get #nowMs(): number {
    const { party, facts } = this.#inputs;
    const seen = Math.max(party?.agent?.lastMs ?? 0, party?.session?.lastMs ?? 0);
    return Math.max(seen, typeof facts.time === "number" ? facts.time : 0);
  }

  /** A value of the history: a number, or two between which it lies. */
  #meter(id: number): FieldValue {
    const meter = this.#ir.meters[id]!;
    const { party } = this.#inputs;
    const field = this.#ir.strings[meter.name]!;
    if (party === null || party.session === null) return { field, value: undefined, hidden: false };
    if (isMoment(meter)) return { field, value: hasHappened(meter, party, this.#nowMs), hidden: false };
    const { least, most } = meterValue(meter, party, this.#nowMs);
    const number = (value: bigint) => Number(meter.unit === UNIT_ARGUMENT ? moneyDecimal(value) : value);
    return { field, value: least === most ? number(most) : [number(least), number(most)], hidden: false };
  }

  #computed(id: number): number | undefined {
    const { party, facts } = this.#inputs;
    if (id === COMPUTED_DELEGATION_DEPTH) {
      const chain = (facts.delegation as { chain?: unknown[] } | null | undefined)?.chain;
      return chain?.length ?? 0;
    }
    const session = party?.session;
    if (session == null) return undefined;
    if (id === COMPUTED_SESSION_CALLS) return Number(session.calls);
    if (id === COMPUTED_SESSION_AGE) return Math.floor((this.#nowMs - session.openedMs) / 1000);
    return Number(moneyDecimal(session.cost));
  }

  #read(id: number): FieldValue {
    const path = this.#ir.paths[id]!;
    const steps = path.steps.map(
      (step): Step => (step >= STEP_INDEX ? step - STEP_INDEX : this.#ir.strings[step]!),
    );
    const hasHttp = this.#inputs.action?.http !== undefined && this.#inputs.action.http !== null;
    const root = path.root === ROOT_FACET && !hasHttp ? ROOT_ARGS : path.root;
    const hidden =
      root === ROOT_ARGS && this.#verdict.obligations.redact.some((redacted) => overlaps(redacted, steps));
    return {
      field: printPath(ROOT_NAMES[root]!, steps),
      value: hidden ? null : this.#value(root, steps),
      hidden,
    };
  }

  #value(root: number, steps: Step[]): unknown {
    const { action, facts } = this.#inputs;
    if (root === ROOT_ARGS) return walk(action?.args, steps);
    if (root === ROOT_HTTP) return walk(action?.http, steps);
    if (root === ROOT_TOOL) return action?.tool;
    if (root === ROOT_AGENT) return action?.agent;
    if (root === ROOT_MODEL) return facts.model;
    if (root === ROOT_PRINCIPAL) return walk(facts.principal, steps);
    if (root === ROOT_SELECTORS) return walk(facts.selectors, steps);
    if (root === ROOT_TIME) return timePart(facts.time, this.#ir.system.utcOffsetMinutes, steps[0]);
    if (root === ROOT_DELEGATION) return walk(facts.delegation, steps);
    if (steps[0] === "id") return action?.session;
    return steps[0] === "purpose" ? this.#purpose() : this.#phase();
  }

  #purpose(): unknown {
    const session = this.#inputs.party?.session;
    if (session == null) return this.#inputs.facts.purpose;
    return session.purpose === "" ? undefined : session.purpose;
  }

  #phase(): unknown {
    const session = this.#inputs.party?.session;
    if (session == null || session.phase === 0n) return this.#inputs.facts.phase ?? this.#firstPhase();
    const names = this.#ir.phases.map((id) => this.#ir.strings[id]!);
    return names.find((name) => nameHash(name) === session.phase);
  }

  #firstPhase(): string | undefined {
    const agent = this.#ir.agents.find(({ name }) => this.#ir.strings[name] === this.#verdict.agent);
    const phase =
      agent === undefined || agent.phaseCount === 0 ? undefined : this.#ir.phases[agent.phaseFirst];
    return phase === undefined ? undefined : this.#ir.strings[phase];
  }
}

/** One path is the beginning of the other. */
function overlaps(left: readonly Step[], right: readonly Step[]): boolean {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) if (left[index] !== right[index]) return false;
  return true;
}

function walk(value: unknown, steps: readonly Step[]): unknown {
  let at = value;
  for (const step of steps) {
    if (
      typeof step === "number"
        ? !Array.isArray(at)
        : typeof at !== "object" || at === null || Array.isArray(at)
    ) {
      return undefined;
    }
    at = Object.hasOwn(at as object, step) ? (at as Record<Step, unknown>)[step] : undefined;
  }
  return at;
}

function timePart(time: unknown, offsetMinutes: number, part: Step | undefined): number | undefined {
  if (typeof time !== "number") return undefined;
  if (part === "unix") return Math.floor(time / 1000);
  const local = new Date(time + offsetMinutes * 60_000);
  if (part === "hour") return local.getUTCHours();
  if (part === "weekday") return ((local.getUTCDay() + 6) % 7) + 1;
  return part === "day" ? local.getUTCDate() : local.getUTCMonth() + 1;
}

/** `args.a["odd key"][0]`. */
export function printPath(root: string, steps: readonly Step[]): string {
  return steps.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return /^[A-Za-z][A-Za-z0-9_-]*$/.test(step) ? `${text}.${step}` : `${text}[${JSON.stringify(step)}]`;
  }, root);
}

/** A copy of the arguments with the redacted paths replaced by a marker text. */
export function redactArguments(args: unknown, redact: readonly (readonly Step[])[]): unknown {
  const copy = structuredClone(args);
  for (const path of redact) {
    const parent = walk(copy, path.slice(0, -1));
    const last = path.at(-1);
    if (last !== undefined && typeof parent === "object" && parent !== null && Object.hasOwn(parent, last)) {
      (parent as Record<Step, unknown>)[last] = "[redacted]";
    }
  }
  return copy;
}
