/** Colours for an editor that reads a line from left to right, such as CodeMirror's stream language. */

import { type HighlightClass, RULES, type Rule, TEXT } from "./rules.ts";

/** The part of CodeMirror's `StringStream` that is read. */
export interface LineStream {
  sol(): boolean;
  /** The line, and the place in it. */
  string: string;
  pos: number;
}

export interface StreamState {
  inText: boolean;
  /** What a match of several parts still has to give. */
  pending: { length: number; name: HighlightClass | null }[];
}

const sticky = (pattern: string): RegExp => new RegExp(pattern, "y");
const COMPILED = RULES.map((rule) => ({ rule, expression: sticky(rule.pattern) }));
const ESCAPE = sticky(TEXT.escape);
const CHUNK = sticky(TEXT.chunk);
const SPACE = sticky("\\s+");

export function startState(): StreamState {
  return { inText: false, pending: [] };
}

export function copyState({ inText, pending }: StreamState): StreamState {
  return { inText, pending: [...pending] };
}

/** Moves over one token, at least one character, and names its class; null for blanks and strays. */
export function token(stream: LineStream, state: StreamState): HighlightClass | null {
  if (stream.sol()) {
    state.inText = false;
    state.pending = [];
  }
  const part = state.pending.shift();
  if (part !== undefined) {
    stream.pos += part.length;
    return part.name;
  }
  if (state.inText) return insideText(stream, state);
  if (stream.string[stream.pos] === TEXT.quote) {
    stream.pos++;
    state.inText = true;
    return "text";
  }
  if (take(stream, SPACE) !== null) return null;
  for (const { rule, expression } of COMPILED) {
    const match = take(stream, expression);
    if (match !== null) return split(stream, state, rule, match);
  }
  stream.pos++;
  return null;
}

function insideText(stream: LineStream, state: StreamState): HighlightClass | null {
  if (stream.string[stream.pos] === TEXT.quote) {
    stream.pos++;
    state.inText = false;
    return "text";
  }
  if (take(stream, ESCAPE) !== null) return "escape";
  if (take(stream, CHUNK) === null) stream.pos++;
  return "text";
}

/** Matched against the whole line, so that an expression may look behind; CodeMirror's own `match` sees the rest of it only. */
function take(stream: LineStream, expression: RegExp): RegExpExecArray | null {
  expression.lastIndex = stream.pos;
  const match = expression.exec(stream.string);
  if (match === null || match[0].length === 0) return null;
  stream.pos += match[0].length;
  return match;
}

function split(stream: LineStream, state: StreamState, rule: Rule, match: RegExpExecArray) {
  const [first = null, ...rest] = rule.classes;
  if (rest.length === 0) return first;
  state.pending = rest.map((name, index) => ({ name, length: match[index + 2]!.length }));
  stream.pos -= match[0].length - match[1]!.length;
  return first;
}
