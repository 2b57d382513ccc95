/**
 * Rules that can never apply (LANGUAGE section 5). A rule applies on a set of truth values of its condition; an earlier rule on the
 * same tools, unconditional or with the same condition, that applies whenever the later one would hides it.
 */

import { place, report } from "../diagnostics.ts";
import type { Condition, Diagnostic, Effect, Rule } from "../program.ts";
import { isExact, literalPrefix, overlap } from "../tool-patterns.ts";
import { PatternIndex } from "./pattern-index.ts";
import type { Findings } from "./scope.ts";
import type { Work } from "./work.ts";

/** Bounds of the two analyses, for all scopes together. */
export interface ReachabilityWork {
  hiding: Work;
  overlaps: Work;
}

/** Rank of the truth values on which an effect applies: a greater one includes a smaller one. */
const APPLIES_ON: Record<Effect, number> = {
  permit: 0, // true
  deny: 1, // true, wrong type
  defer: 1,
  "deny!": 2, // true, wrong type, missing
};

/** What stands before a rule on one pattern. */
interface Earlier {
  unconditional: Rule | null;
  /** By condition, the rule that applies on most truth values. */
  conditional: Map<string, Rule>;
}

/**
 * `before` are rules that come first and were reported elsewhere (the system's); `rules` are checked against them, each
 * other in order, and every `deny!` of `always`.
 */
export function checkReachability(
  before: readonly Rule[],
  rules: readonly Rule[],
  always: readonly Rule[],
  work: ReachabilityWork,
  findings: Findings,
): void {
  const earlier = new PatternIndex<Earlier>(work.hiding);
  const absolute = new PatternIndex<Earlier>(work.hiding);
  for (const rule of always) add(absolute, rule, keyOf(rule));
  for (const rule of before) if (rule.effect !== "deny!") add(earlier, rule, keyOf(rule));
  const overlaps = new Overlaps(
    always.filter((rule) => rule.condition === null),
    work.overlaps,
  );
  for (const rule of rules) {
    const key = keyOf(rule);
    const found = checkRule(rule, key, earlier, absolute, overlaps);
    if (found !== null) findings.diagnostics.push(found);
    if (rule.effect !== "deny!") add(earlier, rule, key);
  }
}

function add(index: PatternIndex<Earlier>, rule: Rule, key: string | null): void {
  const entry = index.entry(rule.pattern, () => ({ unconditional: null, conditional: new Map() }));
  if (key === null) {
    entry.unconditional ??= rule;
    return;
  }
  const same = entry.conditional.get(key);
  if (same === undefined || APPLIES_ON[rule.effect] > APPLIES_ON[same.effect])
    entry.conditional.set(key, rule);
}

function checkRule(
  rule: Rule,
  key: string | null,
  earlier: PatternIndex<Earlier>,
  absolute: PatternIndex<Earlier>,
  overlaps: Overlaps,
): Diagnostic | null {
  if (rule.condition?.kind === "constant" && !rule.condition.value) return report("F407", rule.span);
  if (rule.effect === "deny!") return null;
  const covering = firstHiding(absolute, rule, key);
  if (covering !== null && rule.effect !== "deny")
    return report("F402", rule.span, { place: place(covering.span) });
  const hiding = covering ?? firstHiding(earlier, rule, key);
  if (hiding !== null) return report(hiddenCode(rule, key, hiding), rule.span, { place: place(hiding.span) });
  const found = rule.effect === "deny" ? null : overlaps.find(rule);
  if (found === null) return null;
  return report("F403", rule.span, { place: place(found.rule.span), witness: found.witness });
}

function hiddenCode(rule: Rule, key: string | null, hiding: Rule): "F404" | "F405" | "F406" {
  if (hiding.pattern !== rule.pattern || keyOf(hiding) !== key || hiding.effect === "deny!") return "F404";
  return hiding.effect === rule.effect ? "F406" : "F405";
}

/** An earlier rule that hides this one. */
function firstHiding(index: PatternIndex<Earlier>, rule: Rule, key: string | null): Rule | null {
  for (const { unconditional, conditional } of index.including(rule.pattern, rule.span)) {
    if (unconditional !== null) return unconditional;
    const same = key === null ? undefined : conditional.get(key);
    if (same !== undefined && APPLIES_ON[same.effect] >= APPLIES_ON[rule.effect]) return same;
  }
  return null;
}

const keys = new WeakMap<Condition, string>();

/** Equal texts for conditions that are equal but for their places; null for none. */
function keyOf({ condition }: Rule): string | null {
  if (condition === null) return null;
  let key = keys.get(condition);
  if (key === undefined) {
    key = JSON.stringify(condition, (name, value) =>
      name === "span" || name === "patternSpan" ? undefined : value,
    );
    keys.set(condition, key);
  }
  return key;
}

/** Unconditional `deny!` rules that share some tool with a rule, but do not cover it. */
class Overlaps {
  readonly #byPrefix = new Map<string, Rule[]>();
  readonly #prefixes: string[];
  readonly #work: Work;

  constructor(rules: readonly Rule[], work: Work) {
    this.#work = work;
    for (const rule of rules) {
      const prefix = literalPrefix(rule.pattern);
      const same = this.#byPrefix.get(prefix);
      if (same === undefined) this.#byPrefix.set(prefix, [rule]);
      else same.push(rule);
    }
    this.#prefixes = [...this.#byPrefix.keys()].sort();
  }

  /** A rule for an exact name is covered or not touched at all. */
  find(rule: Rule): { rule: Rule; witness: string } | null {
    if (isExact(rule.pattern)) return null;
    for (const candidate of this.#candidates(literalPrefix(rule.pattern))) {
      if (this.#work.isOver(rule.span)) return null;
      this.#work.spend(1);
      const witness = overlap(candidate.pattern, rule.pattern, this.#work);
      if (witness !== null) return { rule: candidate, witness };
    }
    return null;
  }

  /** Only patterns of which one literal prefix begins the other can overlap. */
  *#candidates(prefix: string): Generator<Rule> {
    for (let length = 0; length < prefix.length; length++)
      yield* this.#byPrefix.get(prefix.slice(0, length)) ?? [];
    let low = 0;
    let high = this.#prefixes.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#prefixes[middle]! < prefix) low = middle + 1;
      else high = middle;
    }
    for (let index = low; this.#prefixes[index]?.startsWith(prefix); index++) {
      yield* this.#byPrefix.get(this.#prefixes[index]!)!;
    }
  }
}
