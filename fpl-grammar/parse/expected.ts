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

/** Groups of what can stand in one place, by two of their members. */
const GROUPS: readonly { name: string; has: [string, string]; members: ReadonlySet<string> }[] = [
  {
    name: 'an operand such as `amount`, `args.amount`, `5` or `"text"`',
    has: ["nil", "false"],
    members: new Set([
      "nil",
      "null",
      "true",
      "false",
      "contains",
      "[",
      "text",
      "number",
      "money",
      "duration",
      "size",
      "word",
    ]),
  },
  {
    name: "a comparison",
    has: ["==", "starts_with"],
    members: new Set([
      ...[
        "==",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "=~",
        "in",
        "contains",
        "starts_with",
        "ends_with",
        "matches",
        "under",
      ],
      ...[".", "[", "("],
    ]),
  },
  {
    name: "a clause such as `if` or `reason`",
    has: ["notify", "header"],
    members: new Set([
      "if",
      "when",
      "host",
      "port",
      "method",
      "path",
      "query",
      "header",
      "notify",
      "reason",
      "reeval",
    ]),
  },
  {
    name: "a value",
    has: ["env", "true"],
    members: new Set([...Object.keys(TYPE_NAMES), "env", "true", "false", "["]),
  },
];

/** Spellings that are named by another one. */
const SILENT = new Set(["&&", "||", "!", "=", ":", "loose_pattern"]);

/** One line of what could have stood there. */
export function listExpected({ literals, types }: Expected): string {
  const left = new Set([...types, ...literals]);
  for (const silent of SILENT) if (left.size > 1) left.delete(silent);
  const names: string[] = [];
  for (const { name, has, members } of GROUPS) {
    if (!has.every((member) => left.has(member))) continue;
    names.push(name);
    for (const member of members) left.delete(member);
  }
  for (const name of left) names.push(types.includes(name) ? (TYPE_NAMES[name] ?? name) : `\`${name}\``);
  const list = [...new Set(names)];
  if (list.length === 0) return "the statement to end here";
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
