/** Text to syntax tree: lexer, statement splitter, nearley per statement, comments attached. */

import type { Block, Comment, Document, Expression, Statement } from "./ast.ts";
import { type BlockTable, DOCUMENT, type Form, tableOf } from "./blocks.ts";
import { compareDiagnostics, hasErrors, report } from "./diagnostics.ts";
import { type CommentToken, type Token, tokenize } from "./lexer.ts";
import { convert } from "./parse/convert.ts";
import { afterStatement, unexpected, unfinished, unknownStatement } from "./parse/expected.ts";
import { expressionOf } from "./parse/expressions.ts";
import { extentOf, isStatementWord, MAX_DEPTH, pairBraces, resumeAt, tokenSpan } from "./parse/split.ts";
import { type Leaf, type Outcome, parseStatement } from "./parse/statement.ts";
import { join } from "./parse/tree.ts";
import type { Diagnostic, SourceFile } from "./program.ts";

/** Errors of one file after which the rest is not read. */
export const MAX_ERRORS = 100;

/** Parses one file. The document is null if there is any error; every error found is reported, in order of place. */
export function parse(file: SourceFile): { document: Document | null; diagnostics: Diagnostic[] } {
  const lexed = tokenize(file);
  const diagnostics = lexed.diagnostics;
  const { tokens, partner, kept } = pairBraces(lexed.tokens, diagnostics);
  const comments = lexed.comments.map((comment) => ({ ...comment, before: kept[comment.before]! }));
  const reader = new DocumentReader(tokens, partner, comments, diagnostics);
  const { body, end } = reader.readBody(DOCUMENT, 0, tokens.length, false, 0);
  diagnostics.sort(compareDiagnostics);
  return { document: hasErrors(diagnostics) ? null : { file: file.name, body, end }, diagnostics };
}

/** Parses a condition that stands in a text, such as a delegation scope's. */
export function parseCondition(file: SourceFile): {
  condition: Expression | null;
  diagnostics: Diagnostic[];
} {
  const { tokens, diagnostics } = tokenize(file);
  const extent = extentOf({ ...DOCUMENT, statements: new Map() }, tokens, new Map(), 0, tokens.length);
  if (hasErrors(diagnostics) || tokens.length === 0 || extent.tooDeep >= 0 || extent.block >= 0) {
    return { condition: null, diagnostics };
  }
  const outcome = parseStatement("condition", tokens, 0, tokens.length);
  if (outcome.kind === "parsed")
    return { condition: expressionOf(outcome.tree, { diagnostics }), diagnostics };
  const at = tokens[outcome.next];
  diagnostics.push(
    at === undefined ? unfinished(tokens.at(-1)!, outcome.expected) : unexpected(at, outcome.expected),
  );
  return { condition: null, diagnostics };
}

interface Body {
  body: Statement[];
  end: Comment[];
}

class DocumentReader {
  readonly #tokens: readonly Token[];
  readonly #partner: ReadonlyMap<number, number>;
  readonly #comments: readonly CommentToken[];
  readonly #diagnostics: Diagnostic[];
  #comment = 0;
  #errors = 0;

  constructor(
    tokens: readonly Token[],
    partner: ReadonlyMap<number, number>,
    comments: readonly CommentToken[],
    diagnostics: Diagnostic[],
  ) {
    this.#tokens = tokens;
    this.#partner = partner;
    this.#comments = comments;
    this.#diagnostics = diagnostics;
  }

  /** Reads the statements of `tokens[start, limit)`; `line` is the line on which the body begins. */
  readBody(table: BlockTable, start: number, limit: number, insideAgent: boolean, line: number): Body {
    const output: Body = { body: [], end: [] };
    let at = start;
    let lastLine = line;
    while (at < limit) {
      if (this.#errors >= MAX_ERRORS) {
        this.#diagnostics.push(report("F014", tokenSpan(this.#tokens[at]!)));
        this.#errors = Number.NEGATIVE_INFINITY;
        break;
      }
      const previous = output.body.at(-1);
      const leading = this.#leadingComments(at, previous, lastLine);
      const first = this.#tokens[at]!;
      const beforeLine = leading.at(-1)?.span.line ?? this.#lineBefore(previous, lastLine);
      const { statement, next } = this.#readStatement(table, at, limit, insideAgent, leading);
      if (statement !== null) {
        const isFirst = previous === undefined && leading.length === 0;
        statement.blankBefore = !isFirst && first.line > beforeLine + 1;
        statement.leading = leading;
        output.body.push(statement);
      }
      at = next;
      lastLine = this.#tokens[at - 1]!.line;
    }
    output.end = this.#leadingComments(limit, output.body.at(-1), lastLine);
    return output;
  }

  /** The line that the text before a statement ends on, its trailing comment included. */
  #lineBefore(previous: Statement | undefined, lastLine: number): number {
    return previous?.trailing?.span.line ?? lastLine;
  }

  /** Comments before token `at`. The first, if on the last line of the statement before, becomes its trailing one. */
  #leadingComments(at: number, previous: Statement | undefined, lastLine: number): Comment[] {
    const output: Comment[] = [];
    let line = lastLine;
    while (this.#comment < this.#comments.length && this.#comments[this.#comment]!.before <= at) {
      const { text, span } = this.#comments[this.#comment++]!;
      const isFirst = output.length === 0 && previous === undefined;
      const comment: Comment = { text, blankBefore: !isFirst && span.line > line + 1, span };
      line = span.line;
      if (
        output.length === 0 &&
        previous !== undefined &&
        previous.trailing === null &&
        span.line === lastLine
      ) {
        comment.blankBefore = false;
        previous.trailing = comment;
      } else {
        output.push(comment);
      }
    }
    return output;
  }

  /** Comments between the tokens of a statement's head move before it. */
  #innerComments(head: number, leading: Comment[]): void {
    while (this.#comment < this.#comments.length && this.#comments[this.#comment]!.before < head) {
      const { text, span } = this.#comments[this.#comment++]!;
      leading.push({ text, blankBefore: false, span });
    }
  }

  #readStatement(
    table: BlockTable,
    at: number,
    limit: number,
    insideAgent: boolean,
    leading: Comment[],
  ): { statement: Statement | null; next: number } {
    const first = this.#tokens[at]!;
    const extent = extentOf(table, this.#tokens, this.#partner, at, limit);
    const form = isStatementWord(table, first) ? table.statements.get(first.text)! : otherForm(table, first);
    if (form === null) {
      return this.#skip(unknownStatement(table, first), resumeAt(this.#tokens, at, extent.end));
    }
    if (extent.tooDeep >= 0) {
      const span = tokenSpan(this.#tokens[extent.tooDeep]!);
      return this.#skip(report("F006", span, { limit: MAX_DEPTH }), extent.end);
    }
    const headEnd = extent.block < 0 ? extent.end : extent.block + 1;
    const outcome = parseStatement(form.form, this.#tokens, at, headEnd);
    const parsed = this.#accept(table, outcome, at);
    if (parsed === null) {
      this.#fail(table, form, outcome as Outcome & { kind: "failed" }, at, headEnd);
      if (form.form === "block" && extent.block >= 0) {
        // The head is wrong, but its keyword says what the body holds.
        this.#innerComments(extent.block, []);
        this.#readBlock(form.block, extent.block, insideAgent);
      }
      return this.#skip(null, resumeAt(this.#tokens, Math.max(at, outcome.next), extent.end));
    }
    const next = outcome.kind === "parsed" ? extent.end : outcome.next;
    const span = join(tokenSpan(first), tokenSpan(this.#tokens[next - 1]!));
    const statement = convert(form, parsed, span, { diagnostics: this.#diagnostics });
    this.#innerComments(outcome.kind === "parsed" ? headEnd : next, leading);
    if (statement.kind === "block" && form.form === "block") {
      this.#checkLabel(statement, form, first);
      Object.assign(statement, this.#readBlock(form.block, extent.block, insideAgent));
    }
    return { statement, next };
  }

  #readBlock(name: Block["name"], open: number, insideAgent: boolean): Body {
    const inside = insideAgent || name === "agent";
    const line = this.#tokens[open]!.line;
    return this.readBody(tableOf(name, insideAgent), open + 1, this.#partner.get(open)!, inside, line);
  }

  /** The tree, if the statement parsed, or if it was complete where the next one of a free-named block begins. */
  #accept(table: BlockTable, outcome: Outcome, at: number): Leaf | null {
    if (outcome.kind === "parsed") return outcome.tree;
    const token = this.#tokens[outcome.next];
    if (table.other === null || outcome.complete === undefined || token === undefined) return null;
    return outcome.next > at && (token.type === "word" || token.type === "text") ? outcome.complete : null;
  }

  #fail(table: BlockTable, form: Form, outcome: Outcome & { kind: "failed" }, at: number, end: number): void {
    this.#errors++;
    const { expected, next } = outcome;
    const token = next < end ? this.#tokens[next] : undefined;
    if (token === undefined) this.#diagnostics.push(unfinished(this.#tokens[end - 1]!, expected));
    else if (outcome.complete !== undefined && next > at) {
      this.#diagnostics.push(afterStatement(table, form.form === "rule", token, expected));
    } else this.#diagnostics.push(unexpected(token, expected));
  }

  #checkLabel(block: Block, form: Form & { form: "block" }, first: Token): void {
    const span = tokenSpan(first);
    if (form.label === "required" && (block.label === null || block.label.text === "")) {
      const what = form.block === "tool" ? "a tool pattern" : "a name";
      this.#diagnostics.push(report("F015", span, { name: form.block, what }));
    }
    if (form.label === "none" && block.label !== null) {
      this.#diagnostics.push(report("F016", block.label.span, { name: form.block }));
    }
  }

  #skip(diagnostic: Diagnostic | null, next: number): { statement: null; next: number } {
    if (diagnostic !== null) {
      this.#diagnostics.push(diagnostic);
      this.#errors++;
    }
    // Comments inside what is skipped belong to nothing.
    while (this.#comment < this.#comments.length && this.#comments[this.#comment]!.before < next)
      this.#comment++;
    return { statement: null, next };
  }
}

function otherForm(table: BlockTable, first: Token): Form | null {
  if (first.type === "word" || (first.type === "text" && table.other?.form === "argument"))
    return table.other;
  return null;
}
