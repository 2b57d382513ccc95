/**
 * Text to tokens with moo. Comments are kept aside, with the index of the token they precede; what is not a token is reported
 * and left out. White space and newlines only separate.
 */

import moo from "moo";
import { report } from "./diagnostics.ts";
import { RESERVED } from "./parse/literals.ts";
import type { Diagnostic, SourceFile, Span } from "./program.ts";

/** Characters, UTF-16. */
export const MAX_SOURCE_LENGTH = 16 * 1024 * 1024;
export const MAX_LEXICAL_ERRORS = 50;

export type TokenType =
  | "word"
  /** An operator or constant that is spelled as a word and cannot be a bare name. */
  | "reserved"
  | "deny_always"
  /** A string of which all escapes are known. */
  | "text"
  /** A string with other escapes: only a pattern may be written so. */
  | "pattern_text"
  | "number"
  | "money"
  | "duration"
  | "size"
  /** Begins like a number or with `_`: only part of a tool name. */
  | "odd"
  | "punctuation"
  /** `{ … }` folded by the statement splitter. */
  | "block"
  /** Tool names glued by the statement parser. */
  | "tool_pattern"
  | "loose_pattern";

export interface Token {
  type: TokenType;
  /** As written. */
  text: string;
  /** Decoded, for strings. */
  value: string;
  file: string;
  offset: number;
  line: number;
  /** In code points, from 1. */
  column: number;
  length: number;
  /** No white space between the token before and this one. */
  adjacent: boolean;
  firstOnLine: boolean;
}

export interface CommentToken {
  text: string;
  /** Index of the next token. */
  before: number;
  span: Span;
}

export interface Tokens {
  tokens: Token[];
  comments: CommentToken[];
  diagnostics: Diagnostic[];
}

/** How tokens are written that have no other's beginning, in the order in which they are tried. What colours a policy reads them too. */
export const FORMS = {
  comment: /#[^\n]*/,
  money: /-?\$[0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_$])/,
  duration: /[0-9]+(?:ms|[smhdw])(?![A-Za-z0-9_])/,
  size: /[0-9]+[kmg]?b(?![A-Za-z0-9_])/,
  number: /-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_])/,
  odd: /-?\$?[0-9_][A-Za-z0-9_-]*/,
  deny_always: /deny!(?!=)/,
  word: /[A-Za-z][A-Za-z0-9_-]*/,
  chunk: /[^"\\\r\n]{1,4096}/,
  escape: /\\[^\r\n]/,
} as const;

/** Signs that compare or join, and those that only divide. */
export const OPERATOR_SIGNS = ["&&", "||", "==", "!=", "<=", ">=", "=~", "<", ">", "!"] as const;
const DIVIDING_SIGNS = [..."=:.,()[]{}/*@+-"];

const lexer = moo.states({
  main: {
    space: { match: /[ \t\r\n]+/, lineBreaks: true },
    comment: FORMS.comment,
    quote: { match: '"', push: "string" },
    money: FORMS.money,
    duration: FORMS.duration,
    size: FORMS.size,
    number: FORMS.number,
    odd: FORMS.odd,
    deny_always: FORMS.deny_always,
    word: { match: FORMS.word, type: moo.keywords({ reserved: [...RESERVED] }) },
    punctuation: [...OPERATOR_SIGNS, ...DIVIDING_SIGNS],
    junk: /[^\n]/,
  },
  string: {
    chunk: FORMS.chunk,
    escape: FORMS.escape,
    close: { match: '"', pop: 1 },
    // A backslash or a carriage return at the end of the line ends the text as its newline would.
    broken: { match: /\\?\r?\n|[\\\r]/, lineBreaks: true, pop: 1 },
  },
});

/** Never allowed, also in comments and texts: control characters, lone surrogates, U+FFFD, byte order marks, bidirectional controls. */
const FORBIDDEN =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\u0080-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffd]|\r(?!\n)|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Turns offsets into lines and columns of one text. */
export class Places {
  readonly #file: string;
  readonly #lineStarts: number[] = [0];
  /** Offsets of the second halves of surrogate pairs, ascending. */
  readonly #pairs: number[] = [];

  constructor(source: SourceFile) {
    this.#file = source.name;
    for (let at = source.text.indexOf("\n"); at !== -1; at = source.text.indexOf("\n", at + 1)) {
      this.#lineStarts.push(at + 1);
    }
    if (/[\udc00-\udfff]/.test(source.text)) {
      for (const match of source.text.matchAll(/[\ud800-\udbff][\udc00-\udfff]/g))
        this.#pairs.push(match.index + 1);
    }
  }

  line(offset: number): number {
    return countUpTo(this.#lineStarts, offset);
  }

  column(offset: number, line: number): number {
    const start = this.#lineStarts[line - 1]!;
    const plain = offset - start + 1;
    if (this.#pairs.length === 0) return plain;
    return plain - (countUpTo(this.#pairs, offset) - countUpTo(this.#pairs, start));
  }

  span(offset: number, length: number): Span {
    const line = this.line(offset);
    return { file: this.#file, line, column: this.column(offset, line), offset, length };
  }
}

/** How many of the ascending numbers are at most `limit`. */
function countUpTo(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function tokenize(source: SourceFile): Tokens {
  const places = new Places(source);
  if (source.text.length > MAX_SOURCE_LENGTH) {
    return {
      tokens: [],
      comments: [],
      diagnostics: [report("F011", places.span(0, 0), { limit: MAX_SOURCE_LENGTH })],
    };
  }
  const output: Tokens = { tokens: [], comments: [], diagnostics: forbidden(source.text, places) };
  lexer.reset(source.text);
  let adjacent = false;
  let lastLine = 0;
  let raw = lexer.next();
  while (raw !== undefined) {
    const { offset } = raw;
    const type = raw.type as string;
    if (type === "space") {
      adjacent = false;
    } else if (type === "comment") {
      output.comments.push({
        text: raw.text.slice(1).trimEnd(),
        before: output.tokens.length,
        span: places.span(offset, raw.text.trimEnd().length),
      });
    } else if (type === "junk") {
      junk(raw.text, offset, places, output.diagnostics);
      adjacent = false;
    } else {
      const line = places.line(offset);
      const token: Token = {
        type: type as TokenType,
        text: raw.text,
        value: raw.text,
        file: source.name,
        offset,
        line,
        column: places.column(offset, line),
        length: raw.text.length,
        adjacent,
        firstOnLine: line !== lastLine,
      };
      if (type === "quote") readText(source.text, token, places, output.diagnostics);
      output.tokens.push(token);
      adjacent = true;
      lastLine = line;
    }
    raw = lexer.next();
  }
  return output;
}

function forbidden(text: string, places: Places): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const match of text.matchAll(FORBIDDEN)) {
    const character = `U+${match[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    const help = match[0] === "\ufffd" ? "the file is not valid UTF-8; save it as UTF-8" : undefined;
    found.push(report("F001", places.span(match.index, 1), { character }, help));
    if (found.length >= MAX_LEXICAL_ERRORS) break;
  }
  return found;
}

/** Reports a stray character; a run of them once. Forbidden ones are reported already. */
function junk(text: string, offset: number, places: Places, diagnostics: Diagnostic[]): void {
  const last = diagnostics.at(-1);
  if (last !== undefined && last.code === "F001" && last.span.offset + last.span.length >= offset) {
    if (last.span.offset + last.span.length === offset) last.span.length += text.length;
    return;
  }
  if (diagnostics.length >= 2 * MAX_LEXICAL_ERRORS || new RegExp(FORBIDDEN.source).test(text)) return;
  diagnostics.push(report("F001", places.span(offset, text.length), { character: `\`${text}\`` }));
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const ESCAPES: Record<string, string> = { '"': '"', "\\": "\\", n: "\n", t: "\t", r: "\r" };

/** Consumes the tokens of one string up to its quote and completes `token` with them. */
function readText(source: string, token: Token, places: Places, diagnostics: Diagnostic[]): void {
  let end = token.offset + 1;
  let close = end;
  for (;;) {
    const raw = lexer.next();
    if (raw === undefined || raw.type === "broken") {
      diagnostics.push(report("F002", places.span(token.offset, end - token.offset)));
      close = end;
      break;
    }
    close = raw.offset;
    end = raw.offset + raw.text.length;
    if (raw.type === "close") break;
  }
  token.text = source.slice(token.offset, end);
  token.length = end - token.offset;
  decode(source.slice(token.offset + 1, close), token, places, diagnostics);
}

/** Sets the type and value of a string token from what stands between its quotes. Unknown escapes stay as written. */
function decode(body: string, token: Token, places: Places, diagnostics: Diagnostic[]): void {
  token.type = "text";
  token.value = body;
  if (!body.includes("\\")) return;
  token.value = body.replace(
    /\\(?:u([0-9a-fA-F]{4})|([\s\S]))/g,
    (whole, digits: string | undefined, character, at) => {
      if (digits !== undefined) return String.fromCharCode(Number.parseInt(digits, 16));
      if (character === "u") {
        diagnostics.push(report("F003", places.span(token.offset + 1 + at, whole.length), { escape: whole }));
        return "";
      }
      const known = ESCAPES[character as string];
      if (known === undefined) token.type = "pattern_text";
      return known ?? whole;
    },
  );
  if (token.value.match(LONE_SURROGATE) !== null) {
    diagnostics.push(
      report(
        "F003",
        places.span(token.offset, token.length),
        { escape: "\\u" },
        "a surrogate needs its other half",
      ),
    );
    token.value = token.value.replace(LONE_SURROGATE, "");
  }
}
