/** What follows a `\`. */

import { backReference, type Cursor } from "./cursor.ts";
import {
  type CodePoints,
  complement,
  DIGITS,
  foldCase,
  MAX_CODE_POINT,
  SPACES,
  unicodeClass,
  WORDS,
} from "./sets.ts";
import { type Assertion, PatternError } from "./syntax.ts";

export type Escape =
  | { assertion: Assertion }
  /** `point` is null for a class. */
  | { point: number | null; resolve: (ignoreCase: boolean) => CodePoints };

const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
const CLASSES: Readonly<Record<string, CodePoints>> = { d: DIGITS, s: SPACES, w: WORDS };
const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: "textStart",
  z: "textEnd",
  b: "wordBoundary",
  B: "notWordBoundary",
};

/** The cursor stands after the `\`. */
export function parseEscape(cursor: Cursor): Escape {
  const char = cursor.next();
  if (char === undefined)
    throw new PatternError("syntax", "the pattern ends in `\\`", "a literal one is `\\\\`");
  if (Object.hasOwn(ASSERTIONS, char)) return { assertion: ASSERTIONS[char]! };
  if (Object.hasOwn(CONTROLS, char)) return point(CONTROLS[char]!);
  const lower = char.toLowerCase();
  if (Object.hasOwn(CLASSES, lower)) return classEscape(CLASSES[lower]!, char !== lower);
  if (char === "p" || char === "P") return unicodeEscape(cursor, char === "P");
  if (char === "x") return point(hexadecimal(cursor));
  if (char === "0") return point(octal(cursor));
  if (/[1-9k]/.test(char)) throw backReference(`\\${char}`);
  // Punctuation stands for itself; a letter without meaning is a mistake, not itself.
  if (char.charCodeAt(0) < 0x80 && !/[A-Za-z0-9]/.test(char)) return point(char.charCodeAt(0));
  throw new PatternError("syntax", `unknown escape \`\\${char}\``, escapeHelp(char));
}

function escapeHelp(char: string): string | null {
  if (char === "Z") return "the end of the text is `\\z` or `$`";
  if (char === "u") return "a code point is `\\x{1F600}`";
  return char === "E" ? "`\\E` ends what `\\Q` began" : null;
}

function point(value: number): Escape {
  const set = [value, value];
  return { point: value, resolve: (ignoreCase) => (ignoreCase ? foldCase(set) : set) };
}

function classEscape(set: CodePoints, negated: boolean): Escape {
  return {
    point: null,
    resolve: (ignoreCase) => {
      const folded = ignoreCase ? foldCase(set) : set;
      return negated ? complement(folded) : folded;
    },
  };
}

function unicodeEscape(cursor: Cursor, negatedLetter: boolean): Escape {
  let negated = negatedLetter;
  let name = cursor.next() ?? "";
  if (name === "{") {
    const braced = cursor.until("}");
    if (braced === null) throw new PatternError("syntax", "`\\p{` without `}`");
    name = braced;
  }
  if (name.startsWith("^")) {
    negated = !negated;
    name = name.slice(1);
  }
  const set = unicodeClass(name);
  if (set === null) {
    throw new PatternError(
      "syntax",
      `no Unicode class \`${name}\``,
      "a general category such as `L` or `Lu`, or a script such as `Greek`",
    );
  }
  return classEscape(set, negated);
}

function hexadecimal(cursor: Cursor): number {
  let digits: string | null;
  if (cursor.peek() === "{") {
    cursor.next();
    digits = cursor.until("}");
  } else {
    digits = (cursor.next() ?? "") + (cursor.next() ?? "");
    if (digits.length !== 2) digits = null;
  }
  if (digits === null || !/^[0-9A-Fa-f]{1,8}$/.test(digits)) {
    throw new PatternError("syntax", "`\\x` wants two hexadecimal digits, or some in braces");
  }
  const value = Number.parseInt(digits, 16);
  if (value > MAX_CODE_POINT) throw new PatternError("syntax", `\`\\x{${digits}}\` is not a code point`);
  return value;
}

/** `\0` and at most two more digits. */
function octal(cursor: Cursor): number {
  let value = 0;
  for (let count = 0; count < 2 && /^[0-7]$/.test(cursor.peek() ?? ""); count++) {
    value = value * 8 + Number(cursor.next());
  }
  return value;
}
