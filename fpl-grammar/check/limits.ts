/** What bounds an agent's calls over time: budgets, rate limits and ambient caps; and what a call costs. */

import type {
  Block,
  Cost as CostStatement,
  Counter,
  Name,
  RateLimit as RateStatement,
  Setting,
  Statement,
} from "../ast.ts";
import { tableOf } from "../blocks.ts";
import { place, report } from "../diagnostics.ts";
import { integerOf, microsOf } from "../parse/literals.ts";
import type {
  AgentPolicy,
  AmbientCap,
  Budget,
  Cost,
  Decimal,
  OnExceed,
  PatternAt,
  RateLimit,
} from "../program.ts";
import { didYouMean } from "../suggest.ts";
import { checkCounted } from "./arguments.ts";
import { twice } from "./collect.ts";
import { splitArgument } from "./operands.ts";
import type { Findings } from "./scope.ts";
import {
  blockSettings,
  integerSetting,
  micros,
  microsSetting,
  periodSetting,
  type ReadSetting,
  textSetting,
} from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";
import { checkPattern } from "./tools.ts";

type Limits = Pick<AgentPolicy, "budgets" | "rateLimits" | "ambient" | "costs">;

const DAY_MS = 86_400_000;
/** Distinct values that one agent's state can hold. */
const MAX_DISTINCT = 4096;
const UNITS: Readonly<Record<string, number>> = {
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
};

/** `blocks` are those of `body` without second ones of one name. */
export function limitsOf(
  body: readonly Statement[],
  blocks: readonly Block[],
  surroundings: Surroundings,
): Limits {
  const costs = body.filter((statement): statement is CostStatement => statement.kind === "cost");
  const budgets = blocks.filter(({ name }) => name === "budget");
  return {
    budgets: budgets.map((block) => budgetOf(block, costs.length > 0, surroundings)),
    rateLimits: rateLimitsOf(body, surroundings.findings),
    ambient: blocks.filter(({ name }) => name === "ambient").flatMap((block) => capsOf(block, surroundings)),
    costs: costs.flatMap((cost) => costOf(cost, surroundings)),
  };
}

/** `NAME P …`, at most once. */
export function patternsAt(block: Block, name: string, findings: Findings): PatternAt[] {
  const found = block.body.filter(
    (statement) => statement.kind === "patterns" && statement.name.text === name,
  );
  const [first, second] = found;
  if (second !== undefined) {
    findings.diagnostics.push(report("F302", second.span, { name, place: place(first!.span) }));
  }
  if (first?.kind !== "patterns") return [];
  return first.patterns
    .filter(({ text, span }) => checkPattern(text, span, findings))
    .map(({ text, span }) => ({ pattern: text, span }));
}

function onExceed(settings: ReadonlyMap<string, ReadSetting>): OnExceed {
  return (textSetting(settings, "on_exceed") ?? "deny") as OnExceed;
}

const CAPS = ["max", "daily", "max_calls", "max_tokens"];

function budgetOf(block: Block, hasCost: boolean, surroundings: Surroundings): Budget {
  const { findings } = surroundings;
  const settings = blockSettings(block, surroundings);
  const { text: name, span } = block.label!;
  const isSet = (setting: string) =>
    block.body.some((statement) => statement.kind === "setting" && statement.name.text === setting);
  if (!CAPS.some(isSet)) {
    const help = "any cap will do: `max`, `daily`, `max_calls` or `max_tokens`";
    findings.diagnostics.push(report("F305", span, { name: `budget ${name}`, setting: "max" }, help));
  }
  for (const setting of hasCost ? [] : ["max", "daily"]) {
    const found = settings.get(setting);
    if (found !== undefined) findings.diagnostics.push(report("F410", found.name.span, { setting, name }));
  }
  if (name === "daily") refuseInDaily(settings, findings);
  const warnAt = settings.get("warn_at")?.value;
  return {
    name,
    scope: name === "session" ? "session" : "agent",
    windowMs: name === "daily" ? DAY_MS : periodSetting(settings, "window", findings),
    maxMicros: microsSetting(settings, "max", findings),
    dailyMicros: microsSetting(settings, "daily", findings),
    maxCalls: integerSetting(settings, "max_calls"),
    maxTokens: integerSetting(settings, "max_tokens"),
    warnAtMillionths: warnAt === undefined ? null : Number(microsOf(warnAt as Decimal)),
    onExceed: onExceed(settings),
    tools: patternsAt(block, "tools", findings),
    span: block.span,
  };
}

/** Its period is a day by its name. */
function refuseInDaily(settings: ReadonlyMap<string, ReadSetting>, findings: Findings): void {
  const refused = [
    ["window", "it counts per day; give the budget another name for another window"],
    ["daily", "it counts per day: write `max`"],
  ] as const;
  for (const [setting, help] of refused) {
    const found = settings.get(setting);
    if (found === undefined) continue;
    const values = { name: setting, block: "budget daily" };
    findings.diagnostics.push(report("F306", found.name.span, values, help));
  }
}

function rateLimitsOf(body: readonly Statement[], findings: Findings): RateLimit[] {
  const seen = new Map<string, RateStatement>();
  return body.flatMap((statement) => {
    if (statement.kind !== "rate_limit") return [];
    const { text, span } = statement.unit;
    const key = `${statement.pattern.text} per ${text}`;
    const earlier = seen.get(key);
    if (earlier !== undefined) {
      twice("rate_limit", key, { span: statement.span, label: statement.pattern }, earlier, findings);
    }
    seen.set(key, earlier ?? statement);
    return rateLimitOf(statement, span, findings);
  });
}

function rateLimitOf(statement: RateStatement, unitSpan: Name["span"], findings: Findings): RateLimit[] {
  const { text: pattern, span: patternSpan } = statement.pattern;
  const isPattern = checkPattern(pattern, patternSpan, findings);
  const count = integerOf(statement.count.value);
  const isCount = count !== null && count >= 0;
  if (!isCount) {
    const values = { name: "rate_limit", expected: "a whole number" };
    findings.diagnostics.push(report("F205", statement.count.span, values));
  }
  const { text: unit } = statement.unit;
  const windowMs = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  if (windowMs === undefined) {
    const help = didYouMean(unit, Object.keys(UNITS), "units are `second`, `minute`, `hour` and `day`");
    findings.diagnostics.push(report("F008", unitSpan, { what: "unit", name: unit }, help));
  }
  if (!isPattern || !isCount || windowMs === undefined) return [];
  return [{ pattern, patternSpan, count, windowMs, span: statement.span }];
}

function costOf({ pattern: name, amount, span }: CostStatement, surroundings: Surroundings): Cost[] {
  const { findings } = surroundings;
  const { text: pattern, span: patternSpan } = name;
  const isPattern = checkPattern(pattern, patternSpan, findings);
  const isWrong =
    amount.kind === "path" ? amount.head !== "args" || amount.steps.length === 0 : amount.value.negative;
  if (isWrong) {
    const expected = "an amount such as `$0.05` or an argument such as `args.amount`";
    findings.diagnostics.push(report("F205", amount.span, { name: "cost", expected }));
    return [];
  }
  if (amount.kind === "path") {
    const path = amount.steps;
    if (!isPattern) return [];
    checkCounted("cost", { pattern, path, isSummed: true }, amount.span, surroundings);
    return [{ pattern, patternSpan, amount: { kind: "argument", path }, span }];
  }
  const found = micros("cost", amount.value, amount.span, findings);
  if (!isPattern || found === null) return [];
  return [{ pattern, patternSpan, amount: { kind: "money", micros: found }, span }];
}

/** The caps of `ambient { … }`, in their order. */
function capsOf(block: Block, surroundings: Surroundings): AmbientCap[] {
  const { findings } = surroundings;
  const settings = blockSettings(block, surroundings);
  const counters = countersOf(block, findings);
  return block.body.flatMap((statement) => {
    if (statement.kind !== "setting" || statement.name.text === "on_exceed") return [];
    const { text: name, span } = statement.name;
    const counts = countsOf(statement, counters, surroundings);
    // A second or ill-typed setting is reported, and its first one is read.
    if (counts === null || settings.get(name)?.name !== statement.name) return [];
    const limit = integerSetting(settings, name)!;
    if (counts.kind === "distinct" && limit > MAX_DISTINCT) {
      const values = { name, expected: `a whole number up to ${MAX_DISTINCT}` };
      findings.diagnostics.push(report("F205", statement.value.span, values));
    }
    return [{ name, limit, counts, onExceed: onExceed(settings), span }];
  });
}

const CUSTOMERS = "customers";
const CUSTOMERS_CAP = "max_customers_per_day";

/** Declared counters by name; one that no cap reads is reported. */
function countersOf(block: Block, findings: Findings): Map<string, Counter> {
  const known = tableOf("ambient", true).statements;
  const capped = new Set(
    block.body.flatMap((statement) => (statement.kind === "setting" ? [statement.name.text] : [])),
  );
  const declared = new Set(
    block.body.flatMap((statement) => (statement.kind === "counter" ? [statement.name.text] : [])),
  );
  const isMistyped = [...capped].some((name) => !known.has(name) && !declared.has(name));
  const counters = new Map<string, Counter>();
  for (const statement of block.body) {
    if (statement.kind !== "counter") continue;
    const { text, span } = statement.name;
    const cap = text === CUSTOMERS ? CUSTOMERS_CAP : text;
    const earlier = counters.get(text);
    if (earlier !== undefined) {
      twice("counter", text, { span: statement.span, label: statement.name }, earlier, findings);
    } else if (known.has(text)) {
      const values = { name: `counter ${text}`, block: "ambient" };
      findings.diagnostics.push(report("F306", span, values, "choose another name"));
    } else if (!capped.has(cap) && !capped.has(text) && !isMistyped) {
      const help = `a counter limits nothing by itself: give it a cap, such as \`${cap} 50\``;
      findings.diagnostics.push(report("F305", span, { name: `counter ${text}`, setting: cap }, help));
    }
    if (text !== CUSTOMERS) checkPattern(statement.pattern.text, statement.pattern.span, findings);
    counters.set(text, earlier ?? statement);
  }
  return counters;
}

/** Null after an error. */
function countsOf(
  { name: { text, span }, value }: Setting,
  counters: ReadonlyMap<string, Counter>,
  surroundings: Surroundings,
): AmbientCap["counts"] | null {
  const { findings } = surroundings;
  if (text === "max_calls_per_day") return { kind: "calls", pattern: "*" };
  if (text === "max_data_volume") return { kind: "bytes", pattern: "*" };
  if (text === CUSTOMERS_CAP) return customersOf(counters.get(CUSTOMERS), span, surroundings);
  if (text === CUSTOMERS) {
    const help = `write \`${CUSTOMERS_CAP}\``;
    findings.diagnostics.push(report("F306", span, { name: text, block: "ambient" }, help));
    return null;
  }
  const counter = counters.get(text);
  if (counter === undefined) {
    const known = [...counters.keys(), ...tableOf("ambient", true).statements.keys()];
    const help = didYouMean(text, known, null) ?? undefined;
    findings.diagnostics.push(report("F113", span, { name: text }, help));
    return null;
  }
  return { kind: value.kind === "size" ? "bytes" : "calls", pattern: counter.pattern.text };
}

function customersOf(
  counter: Counter | undefined,
  span: Name["span"],
  surroundings: Surroundings,
): AmbientCap["counts"] | null {
  const { findings } = surroundings;
  if (counter === undefined) {
    const help = "declare which argument names one: `counter customers crm/*.customer_id`";
    const values = { name: CUSTOMERS_CAP, setting: "counter customers" };
    findings.diagnostics.push(report("F305", span, values, help));
    return null;
  }
  const found = splitArgument(counter.pattern.text);
  if (found === null) {
    const expected = "a tool pattern, a dot and an argument, such as `crm/*.customer_id`";
    findings.diagnostics.push(report("F205", counter.pattern.span, { name: "counter customers", expected }));
    return null;
  }
  const { pattern, argument: path } = found;
  checkCounted("counter", { pattern, path, isSummed: false }, counter.pattern.span, surroundings);
  return { kind: "distinct", ...found };
}
