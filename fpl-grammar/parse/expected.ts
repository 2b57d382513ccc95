/** Error texts for statements that do not parse, from what the grammar expected. */

import type { BlockTable } from "../blocks.ts";
import { report } from "../diagnostics.ts";
import type { Token } from "../lexer.ts";
import type { Diagnostic } from "../program.ts";
import { suggest } from "../suggest.ts";
import { tokenSpan } from "./split.ts";
import type { Expected } from "./statement.ts";

const TYPE_NAMES: Record<string, string> = {
  word: "a name",
  text: "a text in quotes",
  pattern_text: "a pattern in quotes",
  number: "a number",
  money: "an amount such as `$5`",
  duration: "a duration such as `30s`",
  size: "a size such as `10mb`",
  tool_pattern: "a tool pattern",
  loose_pattern: "a tool pattern",
  block: "`{`",
  deny_always: "`deny!`",
};

const OPERAND = ['an operand such as `amount`, `args.amount`, `5` or `"text"`'];
const OPERATORS = ["==", "!=", "<", "<=", ">", ">="];

/** One line of what could have stood there. */
export function listExpected({ literals, types }: Expected): string {
  const names = new Set<string>();
  const all = new Set(literals);
  const operand = all.has("nil") && all.has("[");
  const comparison = OPERATORS.every((operator) => all.has(operator));
  if (operand) for (const name of OPERAND) names.add(name);
  if (comparison) names.add("a comparison");
  for (const type of types) {
    if (!operand || type === "block") names.add(TYPE_NAMES[type] ?? type);
  }
  for (const literal of literals) {
    if (operand && literal !== "not" && literal !== "(") continue;
    if (
      comparison &&
      (OPERATORS.includes(literal) || /^(?:in|contains|\w+_with|matches|under|=~)$/.test(literal))
    )
      continue;
    if (comparison && (literal === "." || literal === "[" || literal === "(")) continue;
    if (literal === "&&" || literal === "||" || literal === "!" || literal === "=" || literal === ":")
      continue;
    names.add(`\`${literal}\``);
  }
  const list = [...names];
  if (list.length === 0) return "the statement to end here";
  if (list.length > 10) list.length = 10;
  const last = list.pop()!;
  return list.length === 0 ? last : `${list.join(", ")} or ${last}`;
}

/** How a token reads in a message. */
export function show(token: Token): string {
  if (token.type === "text" || token.type === "pattern_text") return "a text in quotes";
  return `\`${token.text}\``;
}

/** The statement cannot begin with `token`. */
export function unknownStatement(table: BlockTable, token: Token): Diagnostic {
  const words = [...table.statements.keys()];
  if (token.type !== "word") {
    const expected = table.other === null ? `the ${table.word} of a statement` : "a name";
    return report("F007", tokenSpan(token), { found: show(token), expected }, listWords(table, words));
  }
  const nearest = suggest(token.text, words);
  const help = nearest === null ? listWords(table, words) : `did you mean \`${nearest}\`?`;
  return report("F008", tokenSpan(token), { what: kindOfWord(table, nearest), name: token.text }, help);
}

/** "effect or block" is narrowed by the suggestion, if there is one. */
function kindOfWord(table: BlockTable, nearest: string | null): string {
  const form = nearest === null ? undefined : table.statements.get(nearest)?.form;
  if (form === "rule") return "effect";
  if (form === "block") return "block";
  if (form === "setting" && table.word !== "event") return "setting";
  return table.word;
}

function listWords(table: BlockTable, words: string[]): string {
  if (words.length === 0) return `in ${table.title} stands \`NAME TYPE [required]\``;
  return `in ${table.title} may stand ${words.map((word) => `\`${word}\``).join(", ")}`;
}

/** The statement was well-formed up to `token`, which then fits nowhere. */
export function afterStatement(
  table: BlockTable,
  isRule: boolean,
  token: Token,
  expected: Expected,
): Diagnostic {
  if (token.type !== "word") {
    return report("F007", tokenSpan(token), { found: show(token), expected: listExpected(expected) });
  }
  const clauses = expected.literals.filter((literal) => /^[a-z]/.test(literal));
  const nearestClause = suggest(token.text, clauses);
  const nearest = nearestClause ?? suggest(token.text, table.statements.keys());
  if (nearestClause === null && (token.firstOnLine || nearest !== null))
    return unknownStatement(table, token);
  if (isRule) {
    const help =
      nearestClause === null
        ? "clauses are `if`, `host`, `port`, `method`, `path`, `query`, `header`, `notify`, `reason` and `reeval`"
        : `did you mean \`${nearestClause}\`?`;
    return report("F008", tokenSpan(token), { what: "clause", name: token.text }, help);
  }
  const help = nearestClause === null ? undefined : `did you mean \`${nearestClause}\`?`;
  return report("F007", tokenSpan(token), { found: show(token), expected: listExpected(expected) }, help);
}

/** The statement is not complete, and `token` does not continue it. */
export function unexpected(token: Token, expected: Expected): Diagnostic {
  const values = { found: show(token), expected: listExpected(expected) };
  if (
    token.type === "reserved" &&
    (expected.types.includes("word") || expected.types.includes("tool_pattern"))
  ) {
    if (expected.literals.includes("nil")) return report("F019", tokenSpan(token), { name: token.text });
    return report("F007", tokenSpan(token), values, "a reserved word is written in quotes to be a name");
  }
  if (token.type === "pattern_text") {
    const found = /\\[^"\\ntru]/u.exec(token.text)?.[0] ?? "\\";
    return report("F003", tokenSpan(token), { escape: found });
  }
  if (token.type === "odd") return report("F010", tokenSpan(token), { text: token.text });
  const nearest = token.type === "word" ? suggest(token.text, expected.literals) : null;
  return report(
    "F007",
    tokenSpan(token),
    values,
    nearest === null ? undefined : `did you mean \`${nearest}\`?`,
  );
}

/** The statement ends after `last`, too early. */
export function unfinished(last: Token, expected: Expected): Diagnostic {
  return report("F013", tokenSpan(last), { found: show(last), expected: listExpected(expected) });
}
