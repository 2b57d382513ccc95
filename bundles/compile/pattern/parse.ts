/**
 * Reads RE2 syntax (https://github.com/google/re2/wiki/Syntax). Refused, unlike there: `\C`, octal escapes but `\0`,
 * and `{,n}`, which other dialects read as a repetition and RE2 as text. Throws PatternError.
 */

import { backReference, Cursor, type Flags } from "./cursor.ts";
import { parseClass } from "./parse-class.ts";
import { parseEscape } from "./parse-escape.ts";
import { ALL, type CodePoints, foldCase, NOT_NEWLINE } from "./sets.ts";
import { type Node, PatternError } from "./syntax.ts";

const MAX_GROUPS_NESTED = 200;
/** Of `{n,m}`, as RE2. */
const MAX_REPETITION = 1000;

function setNode(set: CodePoints, flags: Flags): Node {
  return { kind: "set", set: flags.ignoreCase ? foldCase(set) : set };
}

export function parsePattern(pattern: string): Node {
  const parser = new Parser(pattern);
  return parser.parse();
}

class Parser {
  private readonly cursor: Cursor;
  private readonly names = new Set<string>();
  private depth = 0;

  constructor(pattern: string) {
    this.cursor = new Cursor(pattern);
  }

  parse(): Node {
    const node = this.alternation({ ignoreCase: false, multiline: false, dotAll: false });
    if (this.cursor.peek() === ")")
      throw new PatternError("syntax", "`)` without `(`", "a literal one is `\\)`");
    return node;
  }

  /** `flags` is this group's own: `(?i)` changes it up to the group's end. */
  private alternation(flags: Flags): Node {
    const branches: Node[] = [];
    let terms: Node[] = [];
    for (;;) {
      const char = this.cursor.peek();
      if (char === undefined || char === ")") break;
      if (char === "|") {
        this.cursor.next();
        branches.push({ kind: "concat", terms });
        terms = [];
        continue;
      }
      const atom = this.atom(flags);
      if (atom === null) continue;
      // `\Q..\E` gives several characters; a repetition takes the last.
      const last = atom.pop();
      for (const term of atom) terms.push(term);
      if (last !== undefined) terms.push(this.repetition(last));
    }
    if (branches.length === 0) return { kind: "concat", terms };
    branches.push({ kind: "concat", terms });
    return { kind: "alternate", terms: branches };
  }

  /** Null for what stands for nothing (a flag group). */
  private atom(flags: Flags): Node[] | null {
    const char = this.cursor.next()!;
    switch (char) {
      case "(":
        return this.group(flags);
      case "[":
        return [{ kind: "set", set: parseClass(this.cursor, flags) }];
      case ".":
        return [{ kind: "set", set: flags.dotAll ? ALL : NOT_NEWLINE }];
      case "^":
        return [{ kind: "assert", assertion: flags.multiline ? "lineStart" : "textStart" }];
      case "$":
        return [{ kind: "assert", assertion: flags.multiline ? "lineEnd" : "textEnd" }];
      case "\\":
        return this.escape(flags);
      case "*":
      case "+":
      case "?":
        throw new PatternError(
          "syntax",
          `\`${char}\` has nothing to repeat`,
          `a literal one is \`\\${char}\``,
        );
      case "{":
        this.cursor.at--;
        if (this.bounds() !== null)
          throw new PatternError("syntax", "`{` has nothing to repeat", "a literal one is `\\{`");
        this.cursor.next();
        break;
    }
    const point = char.codePointAt(0)!;
    return [setNode([point, point], flags)];
  }

  private escape(flags: Flags): Node[] {
    if (this.cursor.peek() === "Q") {
      this.cursor.next();
      return this.quoted(flags);
    }
    const escaped = parseEscape(this.cursor);
    if ("assertion" in escaped) return [{ kind: "assert", assertion: escaped.assertion }];
    // A negated class is folded before it is negated, as in a bracket.
    return [{ kind: "set", set: escaped.resolve(flags.ignoreCase) }];
  }

  private quoted(flags: Flags): Node[] {
    const terms: Node[] = [];
    while (this.cursor.peek() !== undefined) {
      if (this.cursor.startsWith("\\E")) {
        this.cursor.at += 2;
        break;
      }
      const point = this.cursor.next()!.codePointAt(0)!;
      terms.push(setNode([point, point], flags));
    }
    return terms;
  }

  private group(flags: Flags): Node[] | null {
    let inner = { ...flags };
    if (this.cursor.peek() === "?") {
      this.cursor.next();
      const opened = this.groupHead(flags);
      if (opened === null) return null;
      inner = opened;
    }
    if (++this.depth > MAX_GROUPS_NESTED) {
      throw new PatternError("tooLarge", `groups are nested deeper than ${MAX_GROUPS_NESTED}`);
    }
    const node = this.alternation(inner);
    if (this.cursor.next() !== ")")
      throw new PatternError("syntax", "`(` without `)`", "a literal one is `\\(`");
    this.depth--;
    return [node];
  }

  /** After `(?`. The flags inside; null for `(?flags)`, which has changed `flags`. */
  private groupHead(flags: Flags): Flags | null {
    const { cursor } = this;
    for (const look of ["=", "!", "<=", "<!"]) {
      if (cursor.startsWith(look)) {
        throw new PatternError(
          "notRegular",
          `look-around \`(?${look}\` is not part of the pattern language`,
          "write a second condition, joined by `and` or `and not`",
        );
      }
    }
    if (cursor.startsWith("P=")) throw backReference("(?P=");
    if (cursor.startsWith("P<") || cursor.startsWith("<")) {
      cursor.at += cursor.peek() === "P" ? 2 : 1;
      const name = cursor.until(">");
      if (name === null || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        throw new PatternError("syntax", "a group's name is letters, digits and `_`, closed by `>`");
      }
      if (this.names.has(name)) throw new PatternError("syntax", `two groups are named \`${name}\``);
      this.names.add(name);
      return { ...flags };
    }
    return this.groupFlags(flags);
  }

  private groupFlags(flags: Flags): Flags | null {
    const changed = { ...flags };
    let value = true;
    let letters = 0;
    for (;;) {
      const char = this.cursor.next();
      if (char === "i") changed.ignoreCase = value;
      else if (char === "m") changed.multiline = value;
      else if (char === "s") changed.dotAll = value;
      // `U` swaps greedy and lazy, which does not change what matches.
      else if (char !== "U") {
        if (char === "-" && value) {
          value = false;
          letters = 0;
          continue;
        }
        if ((char === ")" || char === ":") && (letters > 0 || (char === ":" && value))) {
          if (char === ":") return changed;
          Object.assign(flags, changed);
          return null;
        }
        throw new PatternError(
          "syntax",
          `\`(?${char ?? ""}\` opens no group of the pattern language`,
          "`(?:`, `(?P<name>` and `(?` with the flags `imsU`",
        );
      }
      letters++;
    }
  }

  private repetition(term: Node): Node {
    const char = this.cursor.peek();
    let bounds: { min: number; max: number | null } | null = null;
    if (char === "*" || char === "+" || char === "?") {
      this.cursor.next();
      bounds = { min: char === "+" ? 1 : 0, max: char === "?" ? 1 : null };
    } else if (char === "{") {
      bounds = this.bounds();
    }
    if (bounds === null) return term;
    if (this.cursor.peek() === "?") this.cursor.next();
    const again = this.cursor.peek();
    if (again === "*" || again === "+" || again === "?" || (again === "{" && this.bounds() !== null)) {
      throw new PatternError("syntax", `\`${again}\` repeats a repetition`, "put the first in `(?:` and `)`");
    }
    return { kind: "repeat", term, ...bounds };
  }

  /** `{n}`, `{n,}`, `{n,m}` at the cursor, consumed; null for anything else, where `{` is text. */
  private bounds(): { min: number; max: number | null } | null {
    const { cursor } = this;
    let text = "";
    let ahead = 1;
    for (; cursor.peek(ahead) !== undefined && /[0-9,]/.test(cursor.peek(ahead)!); ahead++)
      text += cursor.peek(ahead);
    if (cursor.peek(ahead) !== "}") return null;
    if (/^,[0-9]+$/.test(text)) {
      throw new PatternError("syntax", `\`{${text}}\` has no lower bound`, `write \`{0${text}}\``);
    }
    const match = /^([0-9]+)(,([0-9]*))?$/.exec(text);
    if (match === null) return null;
    cursor.at += ahead + 1;
    const min = Number(match[1]);
    const max = match[2] === undefined ? min : match[3] === "" ? null : Number(match[3]);
    if (min > MAX_REPETITION || (max ?? 0) > MAX_REPETITION) {
      throw new PatternError("tooLarge", `\`{${text}}\` repeats more than ${MAX_REPETITION} times`);
    }
    if (max !== null && max < min)
      throw new PatternError("syntax", `\`{${text}}\` has its bounds in the wrong order`);
    return { min, max };
  }
}
