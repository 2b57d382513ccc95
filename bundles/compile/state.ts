/** Limits, costs and history to meters. */

import { EFFECT_DEFER, EFFECT_DENY, EFFECT_PERMIT, ROOT_ARGS } from "../../engine/constants.ts";
import type {
  AgentPolicy,
  AmbientCap,
  Budget,
  History,
  OnExceed,
  PatternAt,
  Span,
} from "../../fpl-grammar/program.ts";
import { AMOUNT_LIMIT } from "../format/meters.ts";
import type { Build } from "./build.ts";
import type { MeterSpec, Meters } from "./meters.ts";
import type { Scope } from "./scope.ts";

const DAY_MS = 86_400_000;
const MILLION = 1_000_000n;
const EVERY_TOOL = "*";

const ON_EXCEED: Record<OnExceed, number> = { deny: EFFECT_DENY, defer: EFFECT_DEFER, audit: EFFECT_PERMIT };

/** A limit counts calls of an agent, without warning, unless it says otherwise. */
const LIMIT = {
  scope: "agent",
  unit: "calls",
  argument: null,
  warnAt: null,
  onExceed: EFFECT_DENY,
} as const;

/** In the order of the table: rates, ambient caps, budgets. */
export function lowerLimits(meters: Meters, policy: AgentPolicy): void {
  for (const { pattern, patternSpan, count, windowMs, span } of policy.rateLimits) {
    const title = `the rate limit \`${pattern}\``;
    const limit = BigInt(count);
    meters.limit(
      {
        ...LIMIT,
        family: "rate",
        kind: "sliding",
        windowMs,
        subject: [pattern],
        limit,
        name: pattern,
        title,
        span,
      },
      [{ pattern, span: patternSpan }],
    );
  }
  for (const cap of policy.ambient) lowerAmbient(meters, cap);
  for (const budget of policy.budgets) lowerBudget(meters, budget);
}

function lowerAmbient(meters: Meters, { name, limit, counts, onExceed, span }: AmbientCap): void {
  const { pattern } = counts;
  const argument = counts.kind === "distinct" ? counts.argument : null;
  meters.limit(
    {
      ...LIMIT,
      family: "ambient",
      kind: counts.kind === "distinct" ? "distinct" : "period",
      unit: counts.kind === "bytes" ? "bytes" : "calls",
      windowMs: DAY_MS,
      subject: argument === null ? [name, pattern] : [name, pattern, argument],
      argument,
      limit: BigInt(limit),
      onExceed: ON_EXCEED[onExceed],
      name,
      title: `the ambient cap \`${name}\``,
      span,
    },
    [{ pattern, span }],
  );
}

function lowerBudget(meters: Meters, budget: Budget): void {
  const { name, scope, windowMs, span } = budget;
  const caps = [
    { cap: "max", unit: "money", windowMs, amount: budget.maxMicros },
    { cap: "daily", unit: "money", windowMs: DAY_MS, amount: budget.dailyMicros },
    { cap: "max_calls", unit: "calls", windowMs, amount: budget.maxCalls },
    { cap: "max_tokens", unit: "tokens", windowMs, amount: budget.maxTokens },
  ] as const;
  const written = caps.filter(({ amount }) => amount !== null);
  const patterns: PatternAt[] = budget.tools.length === 0 ? [{ pattern: EVERY_TOOL, span }] : budget.tools;
  for (const { cap, unit, windowMs, amount } of written) {
    const limit = BigInt(amount!);
    meters.limit(
      {
        ...LIMIT,
        family: "budget",
        scope,
        kind: windowMs === null ? "total" : "period",
        unit,
        windowMs,
        subject: [name, cap],
        limit,
        warnAt: warnAt(limit, budget.warnAtMillionths),
        onExceed: ON_EXCEED[budget.onExceed],
        name: written.length === 1 ? name : `${name} ${cap}`,
        title: `\`${cap}\` of the budget \`${name}\``,
        span,
      },
      patterns,
    );
  }
}

/** Rounded down, so that a share of 1 warns at the limit; not to nothing, which every call would reach. */
function warnAt(limit: bigint, millionths: number | null): bigint | null {
  if (millionths === null) return null;
  const share = (limit * BigInt(millionths)) / MILLION;
  if (share === 0n && limit > 0n) return 1n;
  return share < limit ? share : limit;
}

/** The id of a meter that counts it. */
export function lowerHistory(meters: Meters, history: History, span: Span): number {
  const name = historyName(history);
  const shared = {
    family: "history",
    scope: "session",
    unit: "calls",
    argument: null,
    limit: null,
    warnAt: null,
    onExceed: EFFECT_PERMIT,
    name,
    title: `\`${name}\``,
    span,
  } as const;
  const kind = (windowMs: number | null) => (windowMs === null ? "total" : "sliding");
  switch (history.function) {
    case "count": {
      const { pattern, windowMs } = history;
      return meters.history({ ...shared, kind: kind(windowMs), windowMs, subject: [pattern] }, [pattern]);
    }
    case "sum": {
      const { pattern, argument, windowMs } = history;
      const subject = [pattern, argument];
      const spec = {
        ...shared,
        kind: kind(windowMs),
        unit: "argument",
        windowMs,
        subject,
        argument,
      } as const;
      return meters.history(spec, [pattern]);
    }
    case "denies": {
      const { windowMs } = history;
      const spec: MeterSpec = { ...shared, kind: "sliding", unit: "denials", windowMs, subject: [] };
      return meters.history(spec, [EVERY_TOOL]);
    }
    case "contains": {
      const { pattern, windowMs } = history;
      return meters.history({ ...shared, kind: "last", windowMs, subject: [pattern] }, [pattern]);
    }
    case "sequence": {
      const { patterns } = history;
      const limit = BigInt(patterns.length);
      const spec: MeterSpec = { ...shared, kind: "sequence", windowMs: null, subject: patterns, limit };
      return meters.history(spec, patterns);
    }
  }
}

function historyName(history: History): string {
  const window = (title: string, ms: number | null) => (ms === null ? "" : `, ${title}=${printDuration(ms)}`);
  switch (history.function) {
    case "count":
      return `session.count(${history.pattern}${window("window", history.windowMs)})`;
    case "sum":
      return `session.sum(${history.pattern}.${history.argument.join(".")}${window("window", history.windowMs)})`;
    case "denies":
      return `deny_count_within(${printDuration(history.windowMs)})`;
    case "contains":
      return `history.contains(${history.pattern}${window("within", history.windowMs)})`;
    case "sequence":
      return `history.sequence(${history.patterns.join(", ")})`;
  }
}

const DURATIONS = [
  ["w", 604_800_000],
  ["d", DAY_MS],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** In the greatest unit that gives a whole number. */
export function printDuration(ms: number): string {
  const [unit, length] = DURATIONS.find(([, length]) => ms % length === 0) ?? ["ms", 1];
  return `${ms / length}${unit}`;
}

/** What calls cost: to the patterns of the agent. */
export function lowerCosts(build: Build, policy: AgentPolicy, scope: Scope): void {
  for (const { pattern, patternSpan, amount, span } of policy.costs) {
    const id = build.costs.length;
    if (amount.kind === "money" && BigInt(amount.micros) >= AMOUNT_LIMIT) {
      const help = `costs are below ${AMOUNT_LIMIT} millionths`;
      build.error("F917", `the cost of \`${pattern}\` is out of range`, help, span);
    }
    build.costs.push(
      amount.kind === "money"
        ? { micros: BigInt(amount.micros), path: null }
        : { micros: 0n, path: build.path(ROOT_ARGS, amount.path) },
    );
    for (const entry of scope.select(pattern, patternSpan)) entry.costs.push(id);
  }
}
