/** What a policy counts (LANGUAGE section 2; engine/constants.ts "meters"), and the value of what was counted. */
import type {
  AgentPolicy,
  Budget,
  Condition,
  History,
  OnExceed,
  Operand,
  Program,
  Rule,
} from "../../../fpl-grammar/program.ts";

export type Family = "rate" | "ambient" | "budget" | "history";
export type Kind = "total" | "period" | "sliding" | "last" | "sequence" | "distinct";
export type Unit = "calls" | "money" | "tokens" | "bytes" | "argument" | "denials";

export interface Meter {
  /** Tells it from the others of its owner; equal for what counts the same. */
  id: string;
  /** Whether it stands in the system's rules. */
  ofSystem: boolean;
  name: string;
  /** What it counts: a limit raised counts on. */
  subject: string;
  family: Family;
  kind: Kind;
  unit: Unit;
  scope: "agent" | "session";
  windowMs: bigint | null;
  limit: bigint | null;
  warnAt: bigint | null;
  onExceed: OnExceed;
  /** Tools that move it; of a sequence its steps. */
  patterns: string[];
  argument: (string | number)[] | null;
}

/** One thing that was counted. `text` is the value of a distinct member. */
export interface Entry {
  time: bigint;
  amount: bigint;
  text?: string;
}

/** Entries by meter; of a sequence as many entries as steps were taken. */
export type Counted = Map<string, Entry[]>;

const DAY_MS = 86_400_000n;
/** Values stop here. */
export const MAX_SUM = 10n ** 19n - 1n;
const SLIDING_PARTS = 16n;

type Definition = Omit<Meter, "id" | "ofSystem">;

const COUNTED = { warnAt: null, argument: null, unit: "calls", scope: "agent", onExceed: "deny" } as const;

/** In the order of the bundle's table: the system's, then rates, ambient caps, budgets, history of the agent. What both ask is the system's. */
export function metersOf(program: Program, policy: AgentPolicy): Meter[] {
  const granted = policy.invocations?.grants.filter(({ max }) => max > 0) ?? [];
  const invoked = granted.map(
    ({ to }): History => ({ function: "count", pattern: `agent/invoke/${to}`, windowMs: null }),
  );
  const own = [...policy.rules, ...policy.phases.flatMap((phase) => phase.rules)];
  const meters = [
    ...definedBy(program.system.rules.flatMap(historiesOf).map(historyMeter), true),
    ...definedBy(
      [...limitsOf(policy), ...[...invoked, ...own.flatMap(historiesOf)].map(historyMeter)],
      false,
    ),
  ];
  const firsts = new Map<string, Meter>();
  for (const meter of meters) if (!firsts.has(meter.id)) firsts.set(meter.id, meter);
  return [...firsts.values()];
}

const definedBy = (definitions: Definition[], ofSystem: boolean): Meter[] =>
  definitions.map((one) => ({ ...one, ofSystem, id: idOf(one) }));

const idOf = ({ family, subject, unit, kind, scope, windowMs }: Definition): string =>
  [family, subject, unit, kind, scope, windowMs ?? "ever"].join("|");

function limitsOf({ rateLimits, ambient, budgets }: AgentPolicy): Definition[] {
  const rates = rateLimits.map(
    (rate): Definition => ({
      ...COUNTED,
      name: rate.pattern,
      subject: rate.pattern,
      family: "rate",
      kind: "sliding",
      windowMs: BigInt(rate.windowMs),
      limit: BigInt(rate.count),
      patterns: [rate.pattern],
    }),
  );
  const caps = ambient.map(
    ({ name, limit, counts, onExceed }): Definition => ({
      ...COUNTED,
      name,
      subject: JSON.stringify([name, counts]),
      family: "ambient",
      kind: counts.kind === "distinct" ? "distinct" : "period",
      unit: counts.kind === "bytes" ? "bytes" : "calls",
      windowMs: DAY_MS,
      limit: BigInt(limit),
      onExceed,
      patterns: [counts.pattern],
      argument: counts.kind === "distinct" ? counts.argument : null,
    }),
  );
  return [...rates, ...caps, ...budgets.flatMap(budgetMeters)];
}

function budgetMeters(budget: Budget): Definition[] {
  const windowMs = budget.windowMs === null ? null : BigInt(budget.windowMs);
  const caps: { title: string; unit: Unit; windowMs: bigint | null; limit: string | number | null }[] = [
    { title: "max", unit: "money", windowMs, limit: budget.maxMicros },
    { title: "daily", unit: "money", windowMs: DAY_MS, limit: budget.dailyMicros },
    { title: "max_calls", unit: "calls", windowMs, limit: budget.maxCalls },
    { title: "max_tokens", unit: "tokens", windowMs, limit: budget.maxTokens },
  ];
  const written = caps.filter(({ limit }) => limit !== null);
  return written.map(({ title, unit, windowMs, limit }) => ({
    ...COUNTED,
    name: written.length === 1 ? budget.name : `${budget.name} ${title}`,
    subject: `${budget.name} ${title}`,
    family: "budget",
    kind: windowMs === null ? "total" : "period",
    unit,
    scope: budget.scope,
    windowMs,
    limit: BigInt(limit!),
    warnAt: warnAt(BigInt(limit!), budget.warnAtMillionths),
    onExceed: budget.onExceed,
    patterns: budget.tools.length === 0 ? ["*"] : budget.tools.map(({ pattern }) => pattern),
  }));
}

function warnAt(limit: bigint, millionths: number | null): bigint | null {
  if (millionths === null) return null;
  const share = (limit * BigInt(millionths)) / 1_000_000n;
  return share === 0n && limit > 0n ? 1n : share;
}

const HISTORY = {
  family: "history",
  scope: "session",
  limit: null,
  warnAt: null,
  onExceed: "audit",
  argument: null,
  unit: "calls",
} as const;

function historyMeter(history: History): Definition {
  const windowMs = "windowMs" in history && history.windowMs !== null ? BigInt(history.windowMs) : null;
  const name = JSON.stringify(history);
  const subject = name;
  const counting: Kind = windowMs === null ? "total" : "sliding";
  switch (history.function) {
    case "count":
      return { ...HISTORY, name, subject, windowMs, kind: counting, patterns: [history.pattern] };
    case "sum":
      return {
        ...HISTORY,
        name,
        subject,
        windowMs,
        kind: counting,
        unit: "argument",
        patterns: [history.pattern],
        argument: history.argument,
      };
    case "denies":
      return { ...HISTORY, name, subject, windowMs, kind: "sliding", unit: "denials", patterns: ["*"] };
    case "contains":
      return { ...HISTORY, name, subject, windowMs, kind: "last", patterns: [history.pattern] };
    case "sequence":
      return { ...HISTORY, name, subject, windowMs: null, kind: "sequence", patterns: history.patterns };
  }
}

/** The meter that a condition asks. */
export const historyId = (history: History): string => idOf(historyMeter(history));

/** What a rule's condition asks of the past. */
function historiesOf({ condition }: Rule): History[] {
  return condition === null ? [] : historiesIn(condition);
}

function historiesIn(condition: Condition): History[] {
  const of = (operand: Operand): History[] => (operand.kind === "history" ? [operand.history] : []);
  switch (condition.kind) {
    case "and":
    case "or":
      return condition.terms.flatMap(historiesIn);
    case "not":
      return historiesIn(condition.term);
    case "happened":
      return [condition.history];
    case "compare":
    case "contains":
    case "starts_with":
    case "ends_with":
      return [...of(condition.left), ...of(condition.right)];
    case "in":
    case "matches":
    case "glob":
    case "under":
      return of(condition.left);
    default:
      return [];
  }
}

/** Least and greatest value that a meter can have at a time: the same, but for a bucket that is partly inside the window. */
export interface Value {
  least: bigint;
  greatest: bigint;
}

export function meterValue(meter: Meter, entries: Entry[], now: bigint): Value {
  switch (meter.kind) {
    case "total":
      return exactly(sum(entries));
    case "period":
      return exactly(sum(inPeriod(meter, entries, now)));
    case "distinct":
      return exactly(BigInt(inPeriod(meter, entries, now).length));
    case "sliding":
      return sliding(meter, entries, now);
    default:
      throw new Error(`a meter of the kind ${meter.kind} has no value`);
  }
}

const exactly = (value: bigint): Value => ({ least: value, greatest: value });

function sum(entries: Entry[]): bigint {
  const total = entries.reduce((value, { amount }) => value + amount, 0n);
  return total > MAX_SUM ? MAX_SUM : total;
}

/** Entries of the period in which `now` is. */
export const inPeriod = ({ windowMs }: Meter, entries: Entry[], now: bigint): Entry[] =>
  entries.filter(({ time }) => time / windowMs! === now / windowMs!);

/** A 16th of the window, in whole milliseconds. */
export const bucketMs = ({ windowMs }: Meter): bigint => (windowMs! + SLIDING_PARTS - 1n) / SLIDING_PARTS;

/** The window is what is later than `now - windowMs`; a bucket is inside as far as its milliseconds are. */
function sliding(meter: Meter, entries: Entry[], now: bigint): Value {
  const length = bucketMs(meter);
  const isInside = (time: bigint): boolean => time > now - meter.windowMs!;
  const firstOf = (time: bigint): bigint => (time / length) * length;
  const wholly = entries.filter(({ time }) => isInside(firstOf(time)));
  const partly = entries.filter(({ time }) => isInside(firstOf(time) + length - 1n));
  return { least: sum(wholly), greatest: sum(partly) };
}

/** Of `contains`: whether a call was permitted in the window. Of `sequence`: whether all steps were taken. */
export function happened(meter: Meter, entries: Entry[], now: bigint): boolean {
  if (meter.kind === "sequence") return entries.length === meter.patterns.length;
  const { windowMs } = meter;
  return entries.some(({ time }) => windowMs === null || now - time < windowMs);
}
