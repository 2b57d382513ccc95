/** Delegation: what an agent lets others do in its name. */

import type { Block, Expression, Name, Rule as RuleStatement, Value } from "../ast.ts";
import { hasErrors, report } from "../diagnostics.ts";
import { parseCondition } from "../parse.ts";
import type { Delegate, Effect, Span } from "../program.ts";
import { didYouMean } from "../suggest.ts";
import { isToolPattern } from "../tool-patterns.ts";
import { programRules } from "./rules.ts";
import { type Findings, type Scope, unenforced } from "./scope.ts";
import { blockSettings, periodSetting, textSetting } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

/** An unknown agent has no rules, so a grant to it is a mistake, unless `default` serves it. */
export function checkAgentName(name: Name, { agents, findings }: Surroundings): void {
  const { text, span } = name;
  checkCharacters(name, findings);
  if (agents.has(text) || agents.has("default")) return;
  const list =
    agents.size === 0
      ? "no agent is declared"
      : `declared are ${[...agents].map((one) => `\`${one}\``).join(", ")}`;
  findings.diagnostics.push(report("F108", span, { name: text }, didYouMean(text, agents, list)));
}

/** A control character joins the names of grantor and delegate in a bundle. */
export function checkCharacters({ text, span }: Name, findings: Findings): void {
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) findings.diagnostics.push(report("F114", span));
}

const CEILINGS: Readonly<Record<string, Effect>> = {
  inherited: "permit",
  permit: "permit",
  defer: "defer",
  deny: "deny",
};

/** `scope` is that of the grantor. */
export function delegateOf(agent: string, block: Block, scope: Scope, surroundings: Surroundings): Delegate {
  const { findings } = surroundings;
  const label = block.label!;
  checkAgentName(label, surroundings);
  if (label.text === agent) {
    const values = { name: "delegate", expected: "another agent than itself" };
    findings.diagnostics.push(report("F205", label.span, values));
  }
  const settings = blockSettings(block, surroundings);
  const ceiling = textSetting(settings, "ceiling") ?? "inherited";
  const effect = Object.hasOwn(CEILINGS, ceiling) ? CEILINGS[ceiling]! : null;
  if (effect === null) unenforced(findings, "delegate ceiling", settings.get("ceiling")!.name.span);
  const own: Scope = {
    ...scope,
    selectors: null,
    phases: null,
    place: "a delegation scope",
    remembers: false,
  };
  const rules = scopesIn(block).flatMap((item) => {
    const rule = scopeRule(item, effect ?? "deny", findings);
    return rule === null ? [] : programRules([{ rule, variables: null }], own);
  });
  return { to: label.text, rules, ttlMs: periodSetting(settings, "ttl", findings), span: block.span };
}

function scopesIn(block: Block): (Value & { kind: "string" })[] {
  return block.body.flatMap((statement) => {
    if (statement.kind !== "setting" || statement.name.text !== "scope") return [];
    const { value } = statement;
    const items = value.kind === "list" ? value.items : [value];
    return items.filter((item): item is Value & { kind: "string" } => item.kind === "string");
  });
}

/** `PATTERN[:CONDITION]`. A colon may also be part of a name: the whole is tried as a pattern first. Null after an error. */
function scopeRule(
  { value: text, span }: Value & { kind: "string" },
  effect: Effect,
  findings: Findings,
): RuleStatement | null {
  if (isToolPattern(text)) return ruleOf(effect, text, null, span);
  for (let colon = text.indexOf(":"); colon > 0; colon = text.indexOf(":", colon + 1)) {
    const pattern = text.slice(0, colon);
    if (!isToolPattern(pattern)) break;
    const { condition, diagnostics } = parseCondition({ name: span.file, text: text.slice(colon + 1) });
    if (condition === null) continue;
    const move = mover(span, text, colon + 1);
    for (const found of diagnostics) findings.diagnostics.push({ ...found, span: move(found.span) });
    return hasErrors(diagnostics) ? null : ruleOf(effect, pattern, relocated(condition, move), span);
  }
  const help = "a scope is `PATTERN` or `PATTERN:CONDITION`, such as `stripe/*:amount<=100`";
  findings.diagnostics.push(report("F212", span, { text }, help));
  return null;
}

function ruleOf(effect: Effect, pattern: string, condition: Expression | null, span: Span): RuleStatement {
  return {
    kind: "rule",
    effect,
    pattern: { text: pattern, span },
    condition,
    facets: [],
    notify: null,
    reason: null,
    reeval: null,
    span,
    leading: [],
    trailing: null,
    blankBefore: false,
  };
}

/** Places in `text` from `start` on to places in the file. The whole of a text with escapes, which is longer there. */
function mover(whole: Span, text: string, start: number): (span: Span) => Span {
  const quotes = whole.length - text.length;
  if (quotes !== 0 && quotes !== 2) return () => whole;
  const before = start + quotes / 2;
  const columns = [...text.slice(0, start)].length + quotes / 2;
  return ({ offset, column, length }) => ({
    ...whole,
    offset: whole.offset + before + offset,
    column: whole.column + columns + column - 1,
    length,
  });
}

/** A copy with every span moved. */
function relocated<T>(tree: T, move: (span: Span) => Span): T {
  if (typeof tree !== "object" || tree === null) return tree;
  if (Array.isArray(tree)) return tree.map((item) => relocated(item, move)) as T;
  const entries = Object.entries(tree).map(([key, value]) => [
    key,
    key === "span" ? move(value as Span) : relocated(value, move),
  ]);
  return Object.fromEntries(entries) as T;
}
