/** Bare tool names: which adjacent tokens make one. */

import { type Token, tokenize } from "../lexer.ts";

const GLUE = new Set([".", ":", "@", "+", "-", "*", "/"]);

/** Whether the token can be part of a bare tool name. */
export function gluable(token: Token): boolean {
  switch (token.type) {
    case "word":
    case "reserved":
    case "number":
    case "duration":
    case "size":
      return true;
    case "odd":
      return !token.text.includes("$");
    case "punctuation":
      return GLUE.has(token.text);
    default:
      return false;
  }
}

/** Whether the run can only be a tool name, where a path or a value could stand as well. */
export function isLoose(tokens: readonly Token[], first: number, last: number): boolean {
  for (let index = first; index <= last; index++) {
    const { type, text } = tokens[index]!;
    if (type === "odd" || (type === "punctuation" && text !== ".")) return true;
  }
  return false;
}

/** Whether the text, written bare among arguments, reads as one tool name. */
export function readsAsToolName(text: string): boolean {
  const { tokens, comments, diagnostics } = tokenize({ name: "", text });
  if (diagnostics.length > 0 || comments.length > 0 || tokens.length === 0) return false;
  const [first, last] = [tokens[0]!, tokens.at(-1)!];
  if (first.offset !== 0 || last.offset + last.length !== text.length) return false;
  if (tokens.length === 1 && first.type !== "odd" && first.text !== "*") return false;
  if (first.text === ":" || last.text === ":") return false;
  const isRun = tokens.every((token, index) => gluable(token) && (index === 0 || token.adjacent));
  return isRun && isLoose(tokens, 0, tokens.length - 1);
}
