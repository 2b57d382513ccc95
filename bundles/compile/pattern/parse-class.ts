/** A bracketed class. */

import type { Cursor, Flags } from "./cursor.ts";
import { parseEscape } from "./parse-escape.ts";
import { type CodePoints, complement, foldCase, normalize, POSIX } from "./sets.ts";
import { PatternError } from "./syntax.ts";

/** The cursor stands after the `[`. Folding comes before negation: `(?i)[^a]` excludes `A`. */
export function parseClass(cursor: Cursor, flags: Flags): CodePoints {
  const negated = cursor.peek() === "^";
  if (negated) cursor.next();
  const ranges: number[] = [];
  for (let first = true; first || cursor.peek() !== "]"; first = false) {
    const posix = posixClass(cursor);
    if (posix !== null) {
      ranges.push(...posix);
      continue;
    }
    const low = member(cursor, flags);
    if (low.point === null) {
      ranges.push(...low.set);
      if (cursor.peek() === "-" && cursor.peek(1) !== "]" && cursor.peek(1) !== undefined) {
        throw new PatternError(
          "syntax",
          "a class cannot start a range",
          "a literal `-` stands last, or as `\\-`",
        );
      }
      continue;
    }
    // A `-` before the closing bracket stands for itself.
    if (cursor.peek() !== "-" || cursor.peek(1) === "]" || cursor.peek(1) === undefined) {
      ranges.push(low.point, low.point);
      continue;
    }
    cursor.next();
    const high = member(cursor, flags);
    if (high.point === null) {
      throw new PatternError(
        "syntax",
        "a class cannot end a range",
        "a literal `-` stands last, or as `\\-`",
      );
    }
    if (high.point < low.point) {
      const text = `${String.fromCodePoint(low.point)}-${String.fromCodePoint(high.point)}`;
      throw new PatternError("syntax", `the range \`${text}\` is in the wrong order`);
    }
    ranges.push(low.point, high.point);
  }
  cursor.next();
  const set = normalize(ranges);
  const folded = flags.ignoreCase ? foldCase(set) : set;
  return negated ? complement(folded) : folded;
}

function member(cursor: Cursor, flags: Flags): { point: number } | { point: null; set: CodePoints } {
  const char = cursor.next();
  if (char === undefined) throw new PatternError("syntax", "`[` without `]`", "a literal one is `\\[`");
  if (char !== "\\") return { point: char.codePointAt(0)! };
  const letter = cursor.peek();
  const escaped = parseEscape(cursor);
  if ("assertion" in escaped) throw new PatternError("syntax", `\`\\${letter}\` has no meaning in a class`);
  if (escaped.point !== null) return { point: escaped.point };
  return { point: null, set: escaped.resolve(flags.ignoreCase) };
}

/** `[:name:]` or `[:^name:]` at the cursor, consumed. */
function posixClass(cursor: Cursor): CodePoints | null {
  if (!cursor.startsWith("[:")) return null;
  let name = "";
  let ahead = 2;
  for (; cursor.peek(ahead) !== undefined && /[A-Za-z^]/.test(cursor.peek(ahead)!); ahead++)
    name += cursor.peek(ahead);
  if (cursor.peek(ahead) !== ":" || cursor.peek(ahead + 1) !== "]") return null;
  const negated = name.startsWith("^");
  const set = POSIX.get(negated ? name.slice(1) : name);
  if (set === undefined) throw new PatternError("syntax", `no class \`[:${name}:]\``);
  cursor.at += ahead + 2;
  return negated ? complement(set) : set;
}
