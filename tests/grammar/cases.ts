/**
 * Cases of the language as text files:
 *
 *   === title
 *   source text
 *   --- expect
 *   ok                                     no diagnostic at all
 *   F008 2:3+6 unknown effect `premit`     code, line:column+length, what the message or help contains; every diagnostic, in order
 *   --- print                              optional: the canonical text
 *   --- rules                              optional: `AGENT EFFECT PATTERN CONDITION` per rule of the program
 *   --- state                              optional: `AGENT PART JSON` per limit, phase and the like, without places
 *   --- unenforced                         optional: constructs, one a line
 *
 * A case without expectation, an unknown section or a duplicate title is refused.
 */

import { readdirSync, readFileSync } from "node:fs";
import { rulesOfInvocations } from "../../fpl-grammar/check/manifest.ts";
import type { Condition, Diagnostic, History, Literal, Operand, Program } from "../../fpl-grammar/index.ts";
import { printDecimal } from "../../fpl-grammar/parse/literals.ts";

export interface Case {
  file: string;
  title: string;
  source: string;
  expect: string[];
  print: string | null;
  rules: string[] | null;
  state: string[] | null;
  unenforced: string[] | null;
}

const FOLDER = new URL("cases/", import.meta.url);
const SECTIONS = ["expect", "print", "rules", "state", "unenforced"];

export function readCases(): Case[] {
  const cases = readdirSync(FOLDER)
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .flatMap((name) => parseCases(name, readFileSync(new URL(name, FOLDER), "utf8")));
  const titles = new Set<string>();
  for (const { file, title } of cases) {
    if (titles.has(title)) throw new Error(`${file}: a second case is called "${title}"`);
    titles.add(title);
  }
  return cases;
}

export function parseCases(file: string, text: string): Case[] {
  const [before, ...parts] = text.split(/^=== /m);
  if (before!.split("\n").some((line) => line !== "" && !line.startsWith("#"))) {
    throw new Error(`${file}: text before the first case`);
  }
  return parts.map((part) => {
    const [head, ...sections] = part.split(/^--- /m);
    const [title, ...source] = head!.split("\n");
    const read = new Map(
      sections.map((section) => {
        const [name, ...lines] = section.split("\n");
        if (!SECTIONS.includes(name!)) throw new Error(`${file}: "${title}": unknown section "${name}"`);
        return [name!, lines.join("\n").trimEnd()] as const;
      }),
    );
    if (read.size !== sections.length) throw new Error(`${file}: "${title}": a section stands twice`);
    const expect = linesOf(read.get("expect"));
    if (expect === null || expect.length === 0) throw new Error(`${file}: "${title}" expects nothing`);
    const print = read.get("print");
    return {
      file,
      title: title!,
      source: `${source.join("\n").trimEnd()}\n`,
      expect,
      print: print === undefined ? null : `${print}\n`,
      rules: linesOf(read.get("rules")),
      state: linesOf(read.get("state")),
      unenforced: linesOf(read.get("unenforced")),
    };
  });
}

function linesOf(text: string | undefined): string[] | null {
  return text === undefined ? null : text.split("\n").filter((line) => line !== "");
}

/** `CODE LINE:COLUMN+LENGTH message | help` */
export function showDiagnostic({ code, span, message, help }: Diagnostic): string {
  return `${code} ${span.line}:${span.column}+${span.length} ${message}${help === null ? "" : ` | ${help}`}`;
}

export function showRules(program: Program): string[] {
  const of = (owner: string, rules: Program["system"]["rules"]) =>
    rules.map(({ effect, pattern, condition }) => {
      const shown = condition === null ? "" : ` ${showCondition(condition)}`;
      return `${owner} ${effect} ${pattern}${shown}`;
    });
  return [
    ...of("system", program.system.rules),
    ...program.agents.flatMap(({ name, rules, phases, delegates, invocations }) => [
      ...of(`${name}!`, rulesOfInvocations(invocations)),
      ...of(name, rules),
      ...phases.flatMap((phase) => of(`${name}/${phase.name}`, phase.rules)),
      ...delegates.flatMap((delegate) => of(`${name}>${delegate.to}`, delegate.rules)),
    ]),
  ];
}

/** What agents remember; nothing that is null, no places, and no rules, which `showRules` shows. */
export function showState(program: Program): string[] {
  return program.agents.flatMap((agent) => {
    const parts: [string, readonly object[]][] = [
      ["budget", agent.budgets],
      ["rate", agent.rateLimits],
      ["ambient", agent.ambient],
      ["cost", agent.costs],
      ["session", agent.session === null ? [] : [agent.session]],
      ["spawn", agent.spawn === null ? [] : [agent.spawn]],
      ["gate", agent.completionGate === null ? [] : [agent.completionGate]],
      ["phase", agent.phases],
      ["delegate", agent.delegates],
    ];
    return parts.flatMap(([part, items]) =>
      items.map((item) => {
        const text = JSON.stringify(item, (key, value) =>
          value === null || HIDDEN.includes(key) ? undefined : value,
        );
        return `${agent.name} ${part} ${text}`;
      }),
    );
  });
}

const HIDDEN = ["span", "patternSpan", "rules"];

/** Prefix notation. */
export function showCondition(condition: Condition): string {
  switch (condition.kind) {
    case "and":
    case "or":
      return `(${condition.kind} ${condition.terms.map(showCondition).join(" ")})`;
    case "not":
      return `(not ${showCondition(condition.term)})`;
    case "constant":
      return String(condition.value);
    case "truth":
    case "present":
      return `(${condition.kind} ${showOperand(condition.operand)})`;
    case "happened":
      return `(happened ${showHistory(condition.history)})`;
    case "compare":
      return `(${condition.op} ${showOperand(condition.left)} ${showOperand(condition.right)})`;
    case "in":
      return `(in ${showOperand(condition.left)} [${condition.list.map(showLiteral).join(" ")}])`;
    case "contains":
    case "starts_with":
    case "ends_with":
      return `(${condition.kind} ${showOperand(condition.left)} ${showOperand(condition.right)})`;
    case "matches":
      return `(matches ${showOperand(condition.left)} /${condition.pattern}/)`;
    case "glob":
      return `(glob:${condition.dialect} ${showOperand(condition.left)} ${condition.globs.join(" ")})`;
    case "under":
      return `(under ${showOperand(condition.left)} ${condition.directory})`;
    case "any":
      return `(any ${showOperand(condition.list)} /${condition.pattern}/)`;
  }
}

function showOperand(operand: Operand): string {
  switch (operand.kind) {
    case "field":
      return [
        operand.root,
        ...operand.path.map((step) => (typeof step === "number" ? `[${step}]` : step)),
      ].join(".");
    case "length":
      return `(length ${showOperand(operand.of)})`;
    case "computed":
      return operand.name;
    case "history":
      return showHistory(operand.history);
    case "literal":
      return showLiteral(operand.literal);
  }
}

function showHistory(history: History): string {
  switch (history.function) {
    case "denies":
      return `(denies ${history.windowMs})`;
    case "sequence":
      return `(sequence ${history.patterns.join(" ")})`;
    case "sum":
      return `(sum ${history.pattern} ${history.argument.join(".")} ${history.windowMs})`;
    default:
      return `(${history.function} ${history.pattern} ${history.windowMs})`;
  }
}

function showLiteral(literal: Literal): string {
  if (literal.kind === "number") return printDecimal(literal.value);
  return JSON.stringify(literal.value);
}
