/** Syntax tree to canonical text. `parse(printDocument(x))` equals `x` but for places. */

import type { Block, Comment, Document, Name, Rule, Statement, Value } from "../ast.ts";
import { printExpression, printName, printPath, printPattern, printText, printValue } from "./expressions.ts";
import { ruleParts } from "./rule.ts";

const WIDTH = 100;
const INDENT = "  ";

export function printDocument(document: Document): string {
  const lines: string[] = [];
  printBody(document.body, document.end, "", lines);
  return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
}

function printBody(
  body: readonly Statement[],
  end: readonly Comment[],
  indent: string,
  lines: string[],
): void {
  for (const statement of body) {
    printComments(statement.leading, indent, lines);
    if (statement.blankBefore) lines.push("");
    printStatement(statement, indent, lines);
    if (statement.trailing !== null) lines[lines.length - 1] += ` #${statement.trailing.text}`;
  }
  printComments(end, indent, lines);
}

function printComments(comments: readonly Comment[], indent: string, lines: string[]): void {
  for (const { text, blankBefore } of comments) {
    if (blankBefore) lines.push("");
    lines.push(`${indent}#${text}`);
  }
}

function printStatement(statement: Statement, indent: string, lines: string[]): void {
  if (statement.kind === "block") {
    printBlock(statement, indent, lines);
  } else if (statement.kind === "rule") {
    printRuleLines(statement, indent, lines);
  } else if (statement.kind === "setting" || statement.kind === "variable") {
    const word =
      statement.kind === "variable" ? `var ${statement.name.text}` : printName(statement.name.text);
    printAssigned(`${word} = `, statement.value, indent, lines);
  } else {
    lines.push(indent + printLine(statement));
  }
}

function printBlock(block: Block, indent: string, lines: string[]): void {
  const head = `${indent}${block.name}${block.label === null ? "" : ` ${printLabel(block)}`} {`;
  if (block.body.length === 0 && block.end.length === 0) {
    lines.push(`${head}}`);
    return;
  }
  lines.push(head);
  printBody(block.body, block.end, indent + INDENT, lines);
  lines.push(`${indent}}`);
}

/** Agents are named in quotes; a tool by its pattern; other names bare where they can be. */
function printLabel({ name, label }: Block): string {
  const { text } = label!;
  if (name === "agent" || name === "delegate") return printText(text);
  return name === "tool" ? printPattern(text) : printName(text);
}

/** On one line if it fits, else each clause on its own, and long conditions by their terms. */
function printRuleLines(rule: Rule, indent: string, lines: string[]): void {
  const { head, clauses } = ruleParts(rule);
  const whole = indent + [head, ...clauses].join(" ");
  if (whole.length <= WIDTH) {
    lines.push(whole);
    return;
  }
  lines.push(indent + head);
  const inner = indent + INDENT;
  const { condition } = rule;
  for (const [index, clause] of clauses.entries()) {
    const isLong = inner.length + clause.length > WIDTH;
    if (index === 0 && isLong && (condition?.kind === "and" || condition?.kind === "or")) {
      const strength = condition.kind === "and" ? 2 : 1;
      const terms = condition.terms.map((term) => printExpression(term, strength));
      lines.push(`${inner}if ${terms[0]}`);
      for (const term of terms.slice(1)) lines.push(`${inner}${INDENT}${condition.kind} ${term}`);
    } else {
      lines.push(inner + clause);
    }
  }
}

/** A list that does not fit stands one item on a line. */
function printAssigned(head: string, value: Value, indent: string, lines: string[]): void {
  const whole = indent + head + printValue(value);
  if (whole.length <= WIDTH || value.kind !== "list") {
    lines.push(whole);
    return;
  }
  lines.push(`${indent}${head}[`);
  for (const item of value.items) lines.push(`${indent}${INDENT}${printValue(item)},`);
  lines.push(`${indent}]`);
}

/** A statement of one line, without its comments. */
export function printLine(
  statement: Exclude<Statement, { kind: "block" | "rule" | "setting" | "variable" }>,
): string {
  switch (statement.kind) {
    case "import": {
      const alias = statement.alias === null ? "" : ` as ${printName(statement.alias.text)}`;
      return `import ${printText(statement.target.text)}${alias}`;
    }
    case "include":
      return `include ${printName(statement.name.text)}`;
    case "patterns":
      return `${statement.name.text} ${printPatterns(statement.patterns)}`;
    case "redact": {
      const paths = statement.paths.map(({ text }) => printText(text)).join(", ");
      return `redact ${printPattern(statement.pattern.text)} args [${paths}]`;
    }
    case "rate_limit": {
      const { pattern, count, unit } = statement;
      return `rate_limit ${printPattern(pattern.text)} ${printValue(count)} per ${unit.text}`;
    }
    case "cost": {
      const { amount } = statement;
      return `cost ${printPattern(statement.pattern.text)} ${amount.kind === "path" ? printPath(amount) : printValue(amount)}`;
    }
    case "grant": {
      const approval = statement.approval ? " approval" : "";
      return `grant ${printText(statement.from.text)} to ${printText(statement.to.text)} max ${printValue(statement.max)}${approval}`;
    }
    case "orchestrator": {
      const { name, undeclared } = statement;
      const effect = undeclared === null ? "" : ` undeclared ${printName(undeclared.text)}`;
      return `orchestrator ${printText(name.text)}${effect}`;
    }
    case "counter":
      return `counter ${statement.name.text} ${printPattern(statement.pattern.text)}`;
    case "argument": {
      const values = statement.values.length === 0 ? "" : ` [${statement.values.map(printValue).join(", ")}]`;
      const required = statement.required ? " required" : "";
      const { text } = statement.name;
      // After the argument before it, the bare word would belong to that one.
      const name = text === "required" ? printText(text) : printName(text);
      return `${name} ${statement.type.text}${values}${required}`;
    }
  }
}

function printPatterns(patterns: readonly Name[]): string {
  const items = patterns.map(({ text }) => printPattern(text));
  return items.length === 1 ? items[0]! : `[${items.join(", ")}]`;
}
