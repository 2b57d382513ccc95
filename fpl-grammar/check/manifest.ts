/**
 * `manifest`: which agent hands work to which, by a call of the tool `agent/invoke/NAME`. It only narrows: what it refuses becomes a
 * `deny!`, what it leaves to a person a `defer` in place of a permit, and nothing of it permits. GRAMMAR.md "Manifests".
 */

import type { Block, Grant, Name, Orchestrator } from "../ast.ts";
import { place, report } from "../diagnostics.ts";
import { integerOf } from "../parse/literals.ts";
import { printLine } from "../print/print.ts";
import type { Condition, InvocationGrant, Invocations, Rule, Span } from "../program.ts";
import { isExact } from "../tool-patterns.ts";
import { twice } from "./collect.ts";
import { checkAgentName } from "./delegates.ts";
import { type Findings, field } from "./scope.ts";
import type { Surroundings } from "./surroundings.ts";

const PREFIX = "agent/invoke/";
const EVERY_TARGET = `${PREFIX}*`;
/** What a segment of a tool's name is made of, no wildcards. */
const SEGMENT = /^[A-Za-z0-9._:@+-]+$/;
/** A tool pattern has at most 256 characters. */
const MAX_TARGET_LENGTH = 256 - PREFIX.length;

/** By agent: of every one that a manifest names as who hands work on. */
export function invocationsOf(
  manifests: readonly Block[],
  surroundings: Surroundings,
): Map<string, Invocations> {
  const places = new Map<string, Span>();
  const all = new Map<string, Invocations>();
  for (const block of manifests) {
    for (const [name, invocations] of invocationsIn(block, surroundings)) {
      const { span } = invocations;
      const earlier = places.get(name);
      if (earlier === undefined) all.set(name, invocations);
      else twice("manifest of", name, { span: headOf(block) }, { span: earlier }, surroundings.findings);
      places.set(name, earlier ?? span);
    }
  }
  return all;
}

function headOf({ span, name }: Block): Span {
  return { ...span, length: name.length };
}

function invocationsIn(block: Block, surroundings: Surroundings): Map<string, Invocations> {
  const { findings } = surroundings;
  const orchestrator = orchestratorOf(block, surroundings);
  const grants = block.body.filter((statement): statement is Grant => statement.kind === "grant");
  if (orchestrator === null && grants.length === 0) {
    const values = { name: "manifest", setting: "orchestrator" };
    findings.diagnostics.push(report("F305", headOf(block), values));
  }
  const granted = new Map<string, InvocationGrant[]>();
  const seen = new Map<string, Grant>();
  if (orchestrator !== null) granted.set(orchestrator.name.text, []);
  for (const statement of grants) {
    const grant = grantOf(statement, surroundings);
    const pair = `${statement.from.text} to ${statement.to.text}`;
    const earlier = seen.get(pair);
    if (earlier !== undefined)
      twice("grant", pair, { span: statement.span, label: statement.from }, earlier, findings);
    seen.set(pair, earlier ?? statement);
    if (grant === null) continue;
    const { text } = statement.from;
    granted.set(text, [...(granted.get(text) ?? []), grant]);
  }
  const undeclared = orchestrator?.undeclared?.text === "defer" ? "defer" : "deny";
  return new Map(
    [...granted].map(([agent, list]) => [
      agent,
      {
        undeclared: {
          effect: undeclared,
          rule: undeclaredRule(agent, undeclared, list, orchestrator, block),
        },
        grants: list,
        span: headOf(block),
      },
    ]),
  );
}

/** The one of the block, checked. */
function orchestratorOf(block: Block, surroundings: Surroundings): Orchestrator | null {
  const { findings } = surroundings;
  const [first, second] = block.body.filter(
    (statement): statement is Orchestrator => statement.kind === "orchestrator",
  );
  if (first === undefined) return null;
  if (second !== undefined) {
    const values = { name: "orchestrator", place: place(first.span) };
    findings.diagnostics.push(report("F302", second.name.span, values));
  }
  checkCaller(first.name, surroundings);
  const { undeclared } = first;
  if (undeclared !== null && undeclared.text !== "deny" && undeclared.text !== "defer") {
    findings.diagnostics.push(report("F408", undeclared.span, { name: "undeclared" }));
  }
  return first;
}

/** Who hands work on is narrowed in a block of its own: `default` serves others too. */
function checkCaller(name: Name, surroundings: Surroundings): void {
  const { agents, findings } = surroundings;
  if (agents.has(name.text) || !agents.has("default")) {
    checkAgentName(name, surroundings);
    return;
  }
  const help = "an agent that hands work to others needs a block of its own";
  findings.diagnostics.push(report("F108", name.span, { name: name.text }, help));
}

/** Null after an error. */
function grantOf(statement: Grant, surroundings: Surroundings): InvocationGrant | null {
  const { from, to, max, approval, span } = statement;
  const { findings } = surroundings;
  checkCaller(from, surroundings);
  checkAgentName(to, surroundings);
  if (from.text === to.text) {
    const values = { name: "grant", expected: "another agent than the one that hands work on" };
    findings.diagnostics.push(report("F205", to.span, values));
  }
  const isTarget = SEGMENT.test(to.text) && to.text.length <= MAX_TARGET_LENGTH;
  if (!isTarget) findings.diagnostics.push(report("F223", to.span, { name: to.text }));
  const count = integerOf(max.value);
  if (count === null || count < 0) {
    findings.diagnostics.push(report("F205", max.span, { name: "max", expected: "a whole number" }));
  }
  if (!isTarget || count === null || count < 0) return null;
  const head = { pattern: PREFIX + to.text, patternSpan: to.span, notify: null, span };
  const pair = `\`${from.text}\` hand work to \`${to.text}\``;
  const text = printLine(statement);
  const times = count === 1 ? "once" : `${count} times`;
  const reason =
    count === 0
      ? `the manifest does not let ${pair}`
      : `the manifest lets ${pair} at most ${times} in a session`;
  const asked = `the manifest asks a person before \`${from.text}\` hands work to \`${to.text}\``;
  return {
    to: to.text,
    max: count,
    limit: { ...head, effect: "deny!", condition: count === 0 ? null : usedUp(statement), reason, text },
    approval: approval ? { ...head, effect: "defer", condition: null, reason: asked, text } : null,
  };
}

/** As many calls as the grant allows were permitted before; unknown without a session, which a `deny!` takes for true. */
function usedUp({ to, max, span }: Grant): Condition {
  const history = { function: "count", pattern: PREFIX + to.text, windowMs: null } as const;
  return {
    kind: "compare",
    op: ">=",
    left: { kind: "history", history, span },
    right: { kind: "literal", literal: { kind: "number", value: max.value }, span },
    span,
  };
}

function undeclaredRule(
  agent: string,
  effect: "deny" | "defer",
  grants: readonly InvocationGrant[],
  orchestrator: Orchestrator | null,
  block: Block,
): Rule {
  const span = orchestrator?.span ?? headOf(block);
  const tools = grants.map(({ to }) => ({ kind: "string", value: PREFIX + to }) as const);
  const declared: Condition = { kind: "in", left: field("tool", [], span), list: tools, span };
  return {
    effect: effect === "deny" ? "deny!" : "defer",
    pattern: EVERY_TARGET,
    patternSpan: span,
    condition: tools.length === 0 ? null : { kind: "not", term: declared, span },
    reason: `the manifest does not declare that \`${agent}\` hands work to this agent`,
    notify: null,
    span,
    text: orchestrator === null ? "manifest" : printLine(orchestrator),
  };
}

/** In evaluation order. */
export function rulesOfInvocations(invocations: Invocations | null): Rule[] {
  if (invocations === null) return [];
  const { undeclared, grants } = invocations;
  return [
    undeclared.rule,
    ...grants.flatMap(({ limit, approval }) => [limit, ...(approval === null ? [] : [approval])]),
  ];
}

/** Rules for exactly one target that no grant declares. What is declared but closed, and every target where none is, `checkReachability` finds. */
export function checkUndeclared(
  agent: string,
  invocations: Invocations | null,
  rules: readonly Rule[],
  findings: Findings,
): void {
  if (invocations === null || invocations.undeclared.effect !== "deny" || invocations.grants.length === 0)
    return;
  for (const { effect, pattern, span } of rules) {
    if ((effect !== "permit" && effect !== "defer") || !isExact(pattern) || !pattern.startsWith(PREFIX))
      continue;
    const target = pattern.slice(PREFIX.length);
    if (invocations.grants.some(({ to }) => to === target)) continue;
    const help = `declare it: \`grant ${agent} to ${target} max N\`, or remove the rule`;
    const at = place(invocations.undeclared.rule.span);
    findings.diagnostics.push(report("F402", span, { place: at }, help));
  }
}
