/**
 * How a policy is coloured: an ordered list of expressions, tried at each place until one matches. An editor's mode and the TextMate
 * grammar are both made from it. Colouring looks at one line at a time and reads no statements, so it is an approximation of
 * the parser; of the lexer's tokens it tells texts, comments, numbers and words apart exactly.
 */

import { FORMS, OPERATOR_SIGNS } from "../lexer.ts";
import {
  BLOCK_WORDS,
  CONSTANT_WORDS,
  CONTROL_WORDS,
  EFFECTS,
  FUNCTION_NAMES,
  OPERATOR_WORDS,
  ROOTS,
  SETTING_WORDS,
} from "./words.ts";

export const CLASSES = [
  "comment",
  "text",
  "escape",
  "money",
  "duration",
  "size",
  "number",
  "odd",
  "effect",
  "block",
  "label",
  "tool",
  "function",
  "root",
  "member",
  "control",
  "operator",
  "constant",
  "setting",
  "name",
  "sign",
] as const;

export type HighlightClass = (typeof CLASSES)[number];

/** An expression of the syntax that JavaScript and Oniguruma share. `classes`: of the match, or of its groups, which make up the match. */
export interface Rule {
  pattern: string;
  classes: readonly (HighlightClass | null)[];
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
/** The longest first: an expression takes the first alternative that matches. */
const oneOf = (words: readonly string[]): string =>
  [...words]
    .sort((left, right) => right.length - left.length || (left < right ? -1 : 1))
    .map(escaped)
    .join("|");

const END = "(?![A-Za-z0-9_-])";
const word = (words: readonly string[]): string => `(?:${oneOf(words)})${END}`;
const one = (name: HighlightClass, pattern: string): Rule => ({ pattern, classes: [name] });

/** Longer tool names are coloured as words: without a bound, a long line would take quadratic time. */
const BOUND = "{0,255}";
const TOOL = `[A-Za-z0-9_.:@+*/-]${BOUND}[A-Za-z0-9_.@+*/-]`;
const LABEL = `(?!${word([...CONTROL_WORDS, ...OPERATOR_WORDS])})${FORMS.word.source}`;

/** A text is not among them: it begins and ends with `"`, or ends with its line, and holds `FORMS.escape`. */
export const RULES: readonly Rule[] = [
  one("comment", FORMS.comment.source),
  { pattern: `(${FORMS.deny_always.source})([ \\t]+)(${TOOL})`, classes: ["effect", null, "tool"] },
  one("effect", FORMS.deny_always.source),
  {
    pattern: `(${oneOf(EFFECTS)})([ \\t]+)((?!${word([...CONTROL_WORDS, ...OPERATOR_WORDS])})${TOOL})`,
    classes: ["effect", null, "tool"],
  },
  { pattern: `(${oneOf(BLOCK_WORDS)})([ \\t]+)(${TOOL})(?=[ \\t]*\\{)`, classes: ["block", null, "label"] },
  // Of names without quotes only tools hold these signs.
  one("tool", `[A-Za-z0-9_.:@+-]${BOUND}[*/][A-Za-z0-9_.:@+*/-]${BOUND}(?<!:)`),
  one("money", FORMS.money.source),
  one("duration", FORMS.duration.source),
  one("size", FORMS.size.source),
  one("number", FORMS.number.source),
  one("odd", FORMS.odd.source),
  one("member", `(?<=[A-Za-z0-9_\\]-]\\.)${FORMS.word.source}`),
  one("function", `(?:${oneOf(FUNCTION_NAMES)})(?=[ \\t]*\\()`),
  one("block", `(?:${oneOf(BLOCK_WORDS)})(?=[ \\t]*\\{|[ \\t]+"|[ \\t]+${LABEL}[ \\t]*$)`),
  one("root", word(ROOTS)),
  one("effect", word(EFFECTS)),
  one("control", word(CONTROL_WORDS)),
  one("operator", word(OPERATOR_WORDS)),
  one("constant", word(CONSTANT_WORDS)),
  one("setting", word(SETTING_WORDS)),
  one("name", FORMS.word.source),
  one("operator", oneOf(OPERATOR_SIGNS)),
  one("sign", "[=:.,()\\[\\]{}/*@+-]"),
];

export const TEXT = { quote: '"', escape: FORMS.escape.source, chunk: FORMS.chunk.source } as const;
