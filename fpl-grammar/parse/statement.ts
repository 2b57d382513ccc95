/** One statement through nearley: a run of tokens to a concrete syntax tree, or to where and on what it failed. */

import nearley from "nearley";
import type { Form } from "../blocks.ts";
import compiled from "../generated/grammar.js";
import type { Token } from "../lexer.ts";
import { gluable, isLoose } from "./glue.ts";

/** What the grammar's actions build. */
export interface Tree {
  rule: string;
  children: Leaf[];
}
export type Leaf = Tree | Token | null;

export type StartSymbol = Form["form"] | "condition";

/** What could have stood at the place of an error: words and signs as written, and token types. */
export interface Expected {
  literals: string[];
  types: string[];
}

export type Outcome =
  | { kind: "parsed"; tree: Leaf; next: number }
  /** `next` is the index of the token at fault, `end` when the statement stops short. */
  | { kind: "failed"; next: number; complete: Leaf | undefined; expected: Expected };

/** A terminal of the grammar: one word or sign, one type of token, or a set of both. */
interface GrammarSymbol {
  literal?: string;
  type?: string;
  literals?: string[];
  types?: string[];
}

/** The parts of nearley's parser state that are read here. */
interface ParserState {
  dot: number;
  reference: number;
  data: unknown;
  rule: { name: string; symbols: (string | GrammarSymbol)[] };
}
interface ParserColumn {
  states: ParserState[];
  scannable: ParserState[];
}

/** nearley's parser without its error text, which shows the insides of the grammar and is slow to make. */
class Parser extends nearley.Parser {
  declare readonly table: ParserColumn[];

  reportError(): string {
    return "";
  }

  column(): ParserColumn {
    return this.table[this.current]!;
  }
}

const rules = nearley.Grammar.fromCompiled(compiled).rules;
const grammars = new Map<StartSymbol, nearley.Grammar>();

function grammarFrom(start: StartSymbol): nearley.Grammar {
  let grammar = grammars.get(start);
  if (grammar === undefined) {
    const Grammar = nearley.Grammar as unknown as new (all: nearley.Rule[], start: string) => nearley.Grammar;
    grammar = new Grammar(rules, start);
    grammars.set(start, grammar);
  }
  return grammar;
}

/** Hands tokens to nearley one by one, gluing those that make a tool name where one is expected. */
class TokenFeed implements nearley.Lexer {
  parser: Parser | null = null;
  /** Index of the token handed out last. */
  current: number;
  #next: number;
  #runEnd = -1;
  readonly #tokens: readonly Token[];
  readonly #end: number;

  constructor(tokens: readonly Token[], start: number, end: number) {
    this.#tokens = tokens;
    this.#next = start;
    this.#end = end;
    this.current = start;
  }

  next(): Token | undefined {
    this.current = this.#next;
    if (this.#next >= this.#end) return undefined;
    const token = this.#tokens[this.#next]!;
    if (token.text === "{" && token.type === "punctuation") {
      this.#next = this.#end;
      return { ...token, type: "block" };
    }
    const last = gluable(token) ? this.#glueEnd(token) : this.#next;
    if (last === this.#next && token.type !== "word" && token.type !== "odd" && token.text !== "*") {
      this.#next++;
      return token;
    }
    const type = wanted(this.parser!.column(), this.#tokens, this.#next, last);
    if (type === null) {
      this.#next++;
      return token;
    }
    const first = this.#next;
    this.#next = last + 1;
    return glue(this.#tokens, first, last, type);
  }

  #glueEnd(first: Token): number {
    // Within a run that was measured already: measuring again from each of its tokens would be quadratic.
    if (this.#next <= this.#runEnd) return this.#runEnd;
    let last = this.#next;
    while (last + 1 < this.#end) {
      const token = this.#tokens[last + 1]!;
      if (!token.adjacent || !gluable(token)) break;
      last++;
    }
    while (last > this.#next && this.#tokens[last]!.text === ":") last--;
    this.#runEnd = first.text === ":" ? this.#next : last;
    return this.#runEnd;
  }

  reset(): void {}

  save(): nearley.LexerState {
    return {};
  }

  formatError(): string {
    return "";
  }
}

/** The type under which the run is to be glued here, null to leave it. */
function wanted(
  column: ParserColumn,
  tokens: readonly Token[],
  first: number,
  last: number,
): "tool_pattern" | "loose_pattern" | null {
  let loose = false;
  let word: string | null = null;
  for (const state of column.scannable) {
    const symbol = state.rule.symbols[state.dot];
    if (typeof symbol !== "object") continue;
    if (symbol.literal !== undefined && symbol.literal === tokens[first]!.text) word = symbol.literal;
    if (symbol.type === "tool_pattern") return word === null || last > first ? "tool_pattern" : null;
    if (symbol.type === "loose_pattern" || symbol.types?.includes("loose_pattern")) loose = true;
  }
  return loose && isLoose(tokens, first, last) ? "loose_pattern" : null;
}

function glue(tokens: readonly Token[], first: number, last: number, type: Token["type"]): Token {
  const token = tokens[first]!;
  if (first === last) return { ...token, type };
  let text = "";
  for (let index = first; index <= last; index++) text += tokens[index]!.text;
  return { ...token, type, text, value: text, length: text.length };
}

/** Parses `tokens[start, end)` as one statement of the given form. A `{` stands for its whole block and ends the run. */
export function parseStatement(
  form: StartSymbol,
  tokens: readonly Token[],
  start: number,
  end: number,
): Outcome {
  const feed = new TokenFeed(tokens, start, end);
  const parser = new Parser(grammarFrom(form), { lexer: feed });
  feed.parser = parser;
  try {
    parser.feed("");
  } catch (failure) {
    // nearley throws on a token that fits nowhere, and marks that error with its offset; anything else is a defect.
    if (!(failure instanceof Error) || !("offset" in failure)) throw failure;
    const column = parser.column();
    return {
      kind: "failed",
      next: feed.current,
      complete: finished(column, form),
      expected: expectedIn(column),
    };
  }
  const tree = parser.results[0] as Leaf | undefined;
  if (tree !== undefined) return { kind: "parsed", tree, next: end };
  return { kind: "failed", next: end, complete: undefined, expected: expectedIn(parser.column()) };
}

function finished(column: ParserColumn, form: StartSymbol): Leaf | undefined {
  const state = column.states.find(
    ({ rule, dot, reference }) => rule.name === form && dot === rule.symbols.length && reference === 0,
  );
  return state?.data as Leaf | undefined;
}

function expectedIn(column: ParserColumn): Expected {
  const literals = new Set<string>();
  const types = new Set<string>();
  for (const state of column.scannable) {
    const symbol = state.rule.symbols[state.dot];
    if (typeof symbol !== "object") continue;
    if (symbol.literal !== undefined) literals.add(symbol.literal);
    if (symbol.type !== undefined) types.add(symbol.type);
    for (const literal of symbol.literals ?? []) literals.add(literal);
    for (const type of symbol.types ?? []) types.add(type);
  }
  return { literals: [...literals].sort(), types: [...types].sort() };
}
