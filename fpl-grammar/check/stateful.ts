/** Constructs that need stored state or delegation: checked wholly, then noted as not enforced yet. */

import type { Block, Cost, Grant, Name, RateLimit, Setting, Statement } from "../ast.ts";
import { tableOf, type ValueType } from "../blocks.ts";
import { report } from "../diagnostics.ts";
import { integerOf } from "../parse/literals.ts";
import { parseCondition } from "../parse.ts";
import { didYouMean } from "../suggest.ts";
import { isToolPattern } from "../tool-patterns.ts";
import { lower } from "./conditions.ts";
import { checkPhase } from "./operands.ts";
import { type Findings, type Scope, unenforced } from "./scope.ts";
import { readSettings } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";
import { checkPattern } from "./tools.ts";

/** Blocks that the core does not enforce yet. */
const BLOCKS_UNENFORCED = new Set(["budget", "session", "spawn", "completion_gate", "delegate", "ambient"]);

/** Checks those statements of an agent that enter the program only as a note. */
export function checkStateful(
  agent: string,
  body: readonly Statement[],
  blocks: readonly Block[],
  scope: Scope,
  surroundings: Surroundings,
): void {
  const { findings } = surroundings;
  for (const statement of body) {
    if (statement.kind === "rate_limit") checkRateLimit(statement, findings);
    if (statement.kind === "cost") checkCost(statement, findings);
  }
  for (const block of blocks) {
    if (block.name === "phase") checkTransition(block, scope, surroundings);
    if (block.name === "alert") checkAlert(block, findings);
    if (!BLOCKS_UNENFORCED.has(block.name)) continue;
    const label = block.label === null ? "" : ` ${block.label.text}`;
    unenforced(findings, `${block.name}${label}`, block.label?.span ?? head(block));
    checkBlock(block, surroundings);
    if (block.name === "delegate") checkDelegate(agent, block, scope, surroundings);
  }
}

function head(block: Block) {
  return { ...block.span, length: Math.min(block.name.length, block.span.length) };
}

function typeIn(block: Block) {
  const table = tableOf(block.name, true);
  return (name: string): ValueType | null => {
    const form = table.statements.get(name) ?? table.other;
    return form?.form === "setting" ? form.type : null;
  };
}

function checkBlock(block: Block, { environment, findings }: Surroundings): void {
  readSettings(block, typeIn(block), environment, findings);
  const counters = new Map<string, Name>();
  for (const statement of block.body) {
    if (statement.kind === "patterns") {
      for (const { text, span } of statement.patterns) checkPattern(text, span, findings);
    }
    if (statement.kind !== "counter") continue;
    checkPattern(statement.pattern.text, statement.pattern.span, findings);
    counters.set(statement.name.text, statement.name);
  }
  if (block.name === "ambient") checkCaps(block, counters, findings);
  if (block.name === "budget" && !block.body.some(({ kind }) => kind === "setting")) {
    const values = { name: `budget ${block.label!.text}`, setting: "max" };
    findings.diagnostics.push(report("F305", block.label!.span, values));
  }
}

/** Caps other than the known ones need a counter of their name. */
function checkCaps(block: Block, counters: ReadonlyMap<string, Name>, findings: Findings): void {
  const table = tableOf("ambient", true);
  for (const statement of block.body) {
    if (statement.kind !== "setting" || table.statements.has(statement.name.text)) continue;
    const { text, span } = statement.name;
    if (counters.has(text)) continue;
    const known = [...counters.keys(), ...table.statements.keys()];
    findings.diagnostics.push(
      report("F113", span, { name: text }, didYouMean(text, known, null) ?? undefined),
    );
  }
}

function checkRateLimit(statement: RateLimit, findings: Findings): void {
  unenforced(findings, `rate_limit ${statement.pattern.text}`, statement.span);
  checkPattern(statement.pattern.text, statement.pattern.span, findings);
  const count = integerOf(statement.count.value);
  if (count === null || count < 0) {
    findings.diagnostics.push(
      report("F205", statement.count.span, { name: "rate_limit", expected: "a whole number" }),
    );
  }
  const units = ["second", "minute", "hour", "day"];
  const { text, span } = statement.unit;
  if (!units.includes(text)) {
    const help = didYouMean(text, units, "units are `second`, `minute`, `hour` and `day`");
    findings.diagnostics.push(report("F008", span, { what: "unit", name: text }, help));
  }
}

function checkCost(statement: Cost, findings: Findings): void {
  unenforced(findings, `cost ${statement.pattern.text}`, statement.span);
  checkPattern(statement.pattern.text, statement.pattern.span, findings);
  const { amount } = statement;
  const expected = "an amount such as `$0.05` or an argument such as `args.amount`";
  const isWrong =
    amount.kind === "path" ? amount.head !== "args" || amount.steps.length === 0 : amount.value.negative;
  if (isWrong) findings.diagnostics.push(report("F205", amount.span, { name: "cost", expected }));
}

function checkTransition(block: Block, scope: Scope, { environment, findings }: Surroundings): void {
  readSettings(block, typeIn(block), environment, findings);
  for (const statement of block.body) {
    if (statement.kind !== "setting") continue;
    unenforced(findings, `phase ${statement.name.text}`, statement.span);
    if (statement.name.text === "next") checkPhaseName(statement, scope);
  }
}

function checkPhaseName(setting: Setting, scope: Scope): void {
  const { value } = setting;
  if (value.kind !== "word" && value.kind !== "string") return;
  checkPhase(value.value, value.span, scope);
}

function checkAlert(block: Block, findings: Findings): void {
  for (const statement of block.body) {
    if (statement.kind !== "setting" || !/^(?:budget|rate)_/.test(statement.name.text)) continue;
    unenforced(findings, `alert ${statement.name.text}`, statement.span);
  }
}

/** An unknown agent has no rules, so a grant to it is a mistake, unless `default` serves it. */
export function checkAgentName({ text, span }: Name, { agents, findings }: Surroundings): void {
  if (agents.has(text) || agents.has("default")) return;
  const list =
    agents.size === 0
      ? "no agent is declared"
      : `declared are ${[...agents].map((name) => `\`${name}\``).join(", ")}`;
  findings.diagnostics.push(report("F108", span, { name: text }, didYouMean(text, agents, list)));
}

function checkDelegate(agent: string, block: Block, scope: Scope, surroundings: Surroundings): void {
  const { findings } = surroundings;
  checkAgentName(block.label!, surroundings);
  if (block.label!.text === agent) {
    const values = { name: "delegate", expected: "another agent than itself" };
    findings.diagnostics.push(report("F205", block.label!.span, values));
  }
  for (const statement of block.body) {
    if (statement.kind !== "setting" || statement.name.text !== "scope" || statement.value.kind !== "list")
      continue;
    for (const item of statement.value.items) {
      if (item.kind === "string") checkScope(item.value, item.span, scope);
    }
  }
}

/** `PATTERN[:CONDITION]`. A colon may also be part of a name: the whole is tried as a pattern first. */
function checkScope(text: string, span: Setting["span"], scope: Scope): void {
  if (isToolPattern(text)) return;
  const { findings } = scope;
  for (let colon = text.indexOf(":"); colon > 0; colon = text.indexOf(":", colon + 1)) {
    const pattern = text.slice(0, colon);
    if (!isToolPattern(pattern)) break;
    const { condition } = parseCondition({ name: span.file, text: text.slice(colon + 1) });
    if (condition === null) continue;
    const inner: Findings = { diagnostics: [], unenforced: findings.unenforced };
    lower(condition, { ...scope, findings: inner });
    for (const found of inner.diagnostics) findings.diagnostics.push({ ...found, span });
    return;
  }
  findings.diagnostics.push(
    report(
      "F212",
      span,
      { text },
      "a scope is `PATTERN` or `PATTERN:CONDITION`, such as `stripe/*:amount<=100`",
    ),
  );
}

/** `manifest`: who may grant to whom. */
export function checkManifest(block: Block, surroundings: Surroundings): void {
  const { findings } = surroundings;
  unenforced(findings, "manifest", head(block));
  for (const statement of block.body) {
    if (statement.kind === "grant") checkGrant(statement, surroundings);
    if (statement.kind !== "orchestrator") continue;
    checkAgentName(statement.name, surroundings);
    const { text, span } = statement.undeclared;
    if (text === "deny" || text === "defer") continue;
    findings.diagnostics.push(report("F408", span, { name: "undeclared" }));
  }
}

function checkGrant(statement: Grant, surroundings: Surroundings): void {
  checkAgentName(statement.from, surroundings);
  checkAgentName(statement.to, surroundings);
  const count = integerOf(statement.max.value);
  if (count !== null && count >= 0) return;
  const values = { name: "max", expected: "a whole number" };
  surroundings.findings.diagnostics.push(report("F205", statement.max.span, values));
}
