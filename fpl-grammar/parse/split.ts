/**
 * Where one statement ends and the next begins. White space only separates, so the words that may begin a statement in this block
 * do it: such a word begins one unless it stands where an operand must (after an operator, a comma, the statement's first
 * word), inside brackets, or is part of a tool name. A block `{ … }` ends its statement.
 */

import type { BlockTable } from "../blocks.ts";
import { report } from "../diagnostics.ts";
import type { Token } from "../lexer.ts";
import type { Diagnostic, Span } from "../program.ts";

export const MAX_DEPTH = 64;

export function tokenSpan(token: Token): Span {
  const { file, line, column, offset, length } = token;
  return { file, line, column, offset, length };
}

/**
 * Pairs braces: for each `{` its `}`, and back. Braces without a partner are reported; a `}` that closes nothing is left out,
 * a `{` that is never closed reaches to the end.
 */
export function pairBraces(
  all: readonly Token[],
  diagnostics: Diagnostic[],
): { tokens: Token[]; partner: Map<number, number>; kept: number[] } {
  const tokens: Token[] = [];
  const partner = new Map<number, number>();
  const open: number[] = [];
  /** Index in `all` to index in `tokens`. */
  const kept: number[] = [];
  let stray = 0;
  for (const token of all) {
    kept.push(tokens.length);
    const isBrace = token.type === "punctuation";
    if (isBrace && token.text === "}") {
      const start = open.pop();
      if (start === undefined) {
        if (stray++ < 10) diagnostics.push(report("F005", tokenSpan(token), { bracket: "`}`" }));
        continue;
      }
      partner.set(start, tokens.length);
    } else if (isBrace && token.text === "{") {
      open.push(tokens.length);
    }
    tokens.push(token);
  }
  kept.push(tokens.length);
  for (const start of open.slice(0, 10)) {
    diagnostics.push(report("F004", tokenSpan(tokens[start]!), { bracket: "`{`", closing: "`}`" }));
  }
  for (const start of open) partner.set(start, tokens.length);
  return { tokens, partner, kept };
}

export interface Extent {
  /** One past the statement's last token, its block included. */
  end: number;
  /** Index of the `{` of its block, -1 for none. */
  block: number;
  /** First token nested deeper than MAX_DEPTH, -1 for none. */
  tooDeep: number;
}

/** The extent of the statement that begins at `start`, within `limit`. */
export function extentOf(
  table: BlockTable,
  tokens: readonly Token[],
  partner: ReadonlyMap<number, number>,
  start: number,
  limit: number,
): Extent {
  let depth = 0;
  let negations = 0;
  let tooDeep = -1;
  for (let index = start; index < limit; index++) {
    const token = tokens[index]!;
    if (index > start && begins(table, tokens, index, start, depth))
      return { end: index, block: -1, tooDeep };
    if (token.type === "punctuation" || token.type === "reserved") {
      if (token.text === "{") {
        return { end: Math.min(partner.get(index)! + 1, limit), block: index, tooDeep };
      }
      if (token.text === "(" || token.text === "[") depth++;
      else if (token.text === ")" || token.text === "]") depth = Math.max(0, depth - 1);
      negations =
        token.text === "not" || token.text === "!" ? negations + 1 : token.text === "(" ? negations : 0;
    } else {
      negations = 0;
    }
    if (depth + negations > MAX_DEPTH && tooDeep < 0) tooDeep = index;
  }
  return { end: limit, block: -1, tooDeep };
}

function begins(
  table: BlockTable,
  tokens: readonly Token[],
  index: number,
  start: number,
  depth: number,
): boolean {
  const token = tokens[index]!;
  if (!isStatementWord(table, token)) return false;
  const before = tokens[index - 1]!;
  if (isJoined(tokens, index)) return false;
  // Where a tool is expected an effect is the next rule: `permit deny x` is two, and a tool of that name is quoted.
  if (index === start + 1) return isEffect(table, before) && isEffect(table, token);
  const isOperator = wantsOperand(before) && !endsName(tokens, index - 1);
  const isAlias = before.text === "as" && tokens[start]!.text === "import";
  if (isOperator || isAlias) return token.firstOnLine && opensStatement(tokens, index);
  return depth === 0 || token.firstOnLine;
}

/** Part of a longer tool name. */
function isJoined(tokens: readonly Token[], index: number): boolean {
  if (tokens[index]!.adjacent && JOINS.has(tokens[index - 1]!.text)) return true;
  const after = tokens[index + 1];
  return after?.adjacent === true && JOINS.has(after.text);
}

/** A word that would be an operator by itself, at the end of a longer name: `a/if`, `args.in`. */
function endsName(tokens: readonly Token[], index: number): boolean {
  const token = tokens[index]!;
  const before = tokens[index - 1];
  return (
    token.type === "reserved" &&
    token.adjacent &&
    before !== undefined &&
    (JOINS.has(before.text) || before.text === ":")
  );
}

function isEffect(table: BlockTable, token: Token): boolean {
  return table.statements.get(token.text)?.form === "rule" && isStatementWord(table, token);
}

/**
 * Where reading goes on after an error at `failed`: at the next line that begins with a name, if the statement reaches that
 * far. Its first word may be unknown as well, and should be reported.
 */
export function resumeAt(tokens: readonly Token[], failed: number, end: number): number {
  for (let index = failed + 1; index < end; index++) {
    const token = tokens[index]!;
    if (token.text === "{" && token.type === "punctuation") return end;
    if (!token.firstOnLine || token.type !== "word" || CLAUSES.has(token.text)) continue;
    if (!wantsOperand(tokens[index - 1]!)) return index;
  }
  return end;
}

/**
 * For recovery: after an operator a word would be an operand, but no operand is followed by a name or a text. At the beginning of
 * a line that is the next statement, and the one before is not finished.
 */
function opensStatement(tokens: readonly Token[], index: number): boolean {
  const after = tokens[index + 1];
  if (after === undefined || after.type === "reserved" || CLAUSES.has(after.text)) return false;
  return after.type === "word" || after.type === "text" || after.type === "odd" || after.text === "*";
}

const CLAUSES = new Set(["host", "port", "method", "path", "query", "header", "notify", "reason", "reeval"]);

export function isStatementWord(table: BlockTable, token: Token): boolean {
  return (token.type === "word" || token.type === "deny_always") && table.statements.has(token.text);
}

const JOINS = new Set(["/", ".", "*", "@", "+", "-"]);
const OPERATORS = new Set([
  "&&",
  "||",
  "==",
  "!=",
  "<",
  "<=",
  ">",
  ">=",
  "=~",
  "!",
  "(",
  "[",
  ",",
  ".",
  ":",
  "=",
]);
const CONSTANTS = new Set(["true", "false", "nil", "null"]);

function wantsOperand(token: Token): boolean {
  if (token.type === "punctuation") return OPERATORS.has(token.text);
  return token.type === "reserved" && !CONSTANTS.has(token.text);
}
