/** Conditions and values in the canonical form, each on one line. */

import type { Argument, Expression, Path, Value } from "../ast.ts";
import { EFFECT_WORDS } from "../blocks.ts";
import { readsAsToolName } from "../parse/glue.ts";
import { isIdentifier, isPlainWord, isReserved, printDecimal, printMoney } from "../parse/literals.ts";
import { isToolPattern } from "../tool-patterns.ts";

/** A name without quotes where it can stand so. */
export function printName(text: string): string {
  return isPlainWord(text) ? text : printText(text);
}

/** A tool pattern without quotes where it reads back as one; an effect's word, also before a `:`, would begin a rule. */
export function printPattern(text: string): string {
  const isWord = isReserved(text) || Object.hasOwn(EFFECT_WORDS, text.split(":", 1)[0]!);
  const isBare = !isWord && /^[A-Za-z_*]/.test(text) && /[A-Za-z0-9_*-]$/.test(text) && isToolPattern(text);
  return isBare ? text : printText(text);
}

export function printText(text: string): string {
  let output = '"';
  for (const character of text) output += ESCAPES[character] ?? control(character);
  return `${output}"`;
}

const ESCAPES: Record<string, string> = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r" };

/** Characters that may not stand in a policy, written as escapes. */
function control(character: string): string {
  if (!/[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ufffd]/.test(character)) return character;
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Pattern text: a backslash is doubled only where it would else be read as an escape of the text. */
export function printRegex(text: string): string {
  let output = '"';
  const characters = [...text];
  for (let index = 0; index < characters.length; index++) {
    const character = characters[index]!;
    if (character !== "\\") {
      output += ESCAPES[character] ?? control(character);
      continue;
    }
    const next = characters[index + 1];
    if (next === undefined || '"\\ntru'.includes(next) || control(next) !== next || next < " ") {
      output += "\\\\";
    } else {
      output += `\\${next}`;
      index++;
    }
  }
  return `${output}"`;
}

export function printPath({ head, steps }: Path): string {
  let output = head;
  for (const step of steps) {
    if (typeof step === "number") output += `[${step}]`;
    else output += isIdentifier(step) ? `.${step}` : `[${printText(step)}]`;
  }
  return output;
}

/** Binding strength, weakest first. */
const OR = 0;
const AND = 1;
const NOT = 2;
const PREDICATE = 3;

export function printExpression(expression: Expression, around: number = OR): string {
  const [text, strength] = strengthOf(expression);
  return strength < around ? `(${text})` : text;
}

function strengthOf(expression: Expression): [text: string, strength: number] {
  switch (expression.kind) {
    case "or":
      return [expression.terms.map((term) => printExpression(term, AND)).join(" or "), OR];
    case "and":
      return [expression.terms.map((term) => printExpression(term, NOT)).join(" and "), AND];
    case "not":
      return [`not ${printExpression(expression.term, NOT)}`, NOT];
    case "compare":
      return [`${atom(expression.left)} ${expression.op} ${atom(expression.right)}`, PREDICATE];
    case "in":
    case "contains":
    case "starts_with":
    case "ends_with":
    case "under":
      return [`${atom(expression.left)} ${expression.kind} ${atom(expression.right)}`, PREDICATE];
    case "matches": {
      const { right } = expression;
      const pattern = right.kind === "path" ? printPath(right) : printRegex(right.text);
      return [`${atom(expression.left)} matches ${pattern}`, PREDICATE];
    }
    case "path":
      return [printPath(expression), PREDICATE];
    case "call":
      return [`${expression.name}(${expression.arguments.map(printArgument).join(", ")})`, PREDICATE];
    case "nil":
      return ["nil", PREDICATE];
    case "list":
      return [`[${expression.items.map(atom).join(", ")}]`, PREDICATE];
    default:
      return [printValue(expression), PREDICATE];
  }
}

/** An operand. `contains` is the one condition that can be written as one, though the checks refuse it. */
function atom(expression: Expression): string {
  if (expression.kind === "contains") return `contains(${atom(expression.left)}, ${atom(expression.right)})`;
  return printExpression(expression, PREDICATE);
}

function printArgument(argument: Argument): string {
  switch (argument.kind) {
    case "tool_pattern":
      return printToolArgument(argument.text);
    case "pattern":
      return `matches ${printRegex(argument.text)}`;
    case "named":
      return `${argument.name.text}=${atom(argument.value)}`;
    default:
      return atom(argument);
  }
}

/** Among arguments a plain or dotted name reads as a path, which a function of tool patterns takes for one. */
function printToolArgument(text: string): string {
  const isPath = text.split(".").every(isIdentifier) && !isReserved(text.split(".", 1)[0]!);
  return isPath || readsAsToolName(text) ? text : printText(text);
}

export function printValue(value: Value): string {
  switch (value.kind) {
    case "string":
      return printText(value.value);
    case "number":
      return printDecimal(value.value);
    case "money":
      return printMoney(value.value);
    case "duration":
    case "size":
      return `${value.amount}${value.unit}`;
    case "boolean":
      return String(value.value);
    case "word":
      return value.value;
    case "env":
      return `env(${printText(value.name)})`;
    case "list":
      return `[${value.items.map(printValue).join(", ")}]`;
  }
}
