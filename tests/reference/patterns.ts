/**
 * RE2-style patterns (LANGUAGE section 4) as JavaScript's, construct by construct. What is not known to mean the same in
 * both throws, so that no vector or generated policy is judged by a pattern that the two read differently.
 */

const CLASSES: Record<string, string> = { d: "0-9", w: "0-9A-Za-z_", s: "\\t\\n\\f\\r " };
const POSIX: Record<string, string> = {
  alnum: "0-9A-Za-z",
  alpha: "A-Za-z",
  digit: "0-9",
  lower: "a-z",
  upper: "A-Z",
  space: "\\t\\n\\v\\f\\r ",
  word: "0-9A-Za-z_",
  xdigit: "0-9A-Fa-f",
};
const CONTROLS: Record<string, number> = { a: 7, t: 9, n: 10, v: 11, f: 12, r: 13 };
const CATEGORY = /^(?:C[cfo]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;

const cache = new Map<string, RegExp>();

/** Whether the pattern is found anywhere in the text. */
export function patternFound(pattern: string, text: string): boolean {
  let compiled = cache.get(pattern);
  if (compiled === undefined) {
    compiled = new Translation(pattern).compile();
    cache.set(pattern, compiled);
  }
  return compiled.test(text);
}

const literal = (character: string): string => `\\u{${character.codePointAt(0)!.toString(16)}}`;

class Translation {
  private rest: string;
  private ignoreCase = false;
  private dotAll = false;

  constructor(pattern: string) {
    const flags = /^\(\?([is]+)\)/.exec(pattern);
    this.ignoreCase = flags?.[1]?.includes("i") ?? false;
    this.dotAll = flags?.[1]?.includes("s") ?? false;
    this.rest = pattern.slice(flags?.[0].length ?? 0);
  }

  compile(): RegExp {
    let out = "";
    while (this.rest !== "") out += this.atom();
    return new RegExp(out, this.ignoreCase ? "iu" : "u");
  }

  private take(expression: RegExp): string | null {
    const found = expression.exec(this.rest);
    if (found === null || found.index !== 0) return null;
    this.rest = this.rest.slice(found[0].length);
    return found[0];
  }

  private unknown(): never {
    throw new Error(`the reference does not translate \`${this.rest}\``);
  }

  private atom(): string {
    const group = this.take(/^\((?:\?P?<\w+>|\?:)?/);
    if (group !== null) return this.rest.startsWith("?") ? this.unknown() : "(?:";
    const kept = this.take(/^(?:[)|^$]|[*+?]\??|\{\d+(?:,\d*)?\}\??)/);
    if (kept !== null) return kept;
    if (this.take(/^\./) !== null) return this.dotAll ? "[^]" : "[^\\n]";
    if (this.take(/^\[\^/) !== null) return `[^${this.members()}]`;
    if (this.take(/^\[/) !== null) return `[${this.members()}]`;
    if (this.rest.startsWith("\\")) return this.escape(false);
    return literal(this.take(/^./su)!);
  }

  /** The members of a class up to its closing bracket. */
  private members(): string {
    let out = this.take(/^\]/) === null ? "" : literal("]");
    while (this.take(/^\]/) === null) {
      if (this.rest === "") this.unknown();
      const posix = this.take(/^\[:\w+:\]/);
      if (posix !== null) out += POSIX[posix.slice(2, -2)] ?? this.unknown();
      else if (this.rest.startsWith("\\")) out += this.escape(true);
      else if (this.take(/^-(?!\])/) !== null) out += "-";
      else out += literal(this.take(/^./su)!);
    }
    return out;
  }

  private escape(inClass: boolean): string {
    const before = this.rest;
    const property = this.take(/^\\[pP](?:\{\w+\}|[A-Z])/);
    if (property !== null) {
      const name = property.slice(2).replace(/[{}]/g, "");
      return `\\${property[1]}{${CATEGORY.test(name) ? name : `Script=${name}`}}`;
    }
    const hexadecimal = this.take(/^\\x(?:\{[0-9A-Fa-f]+\}|[0-9A-Fa-f]{2})/);
    if (hexadecimal !== null) return `\\u{${hexadecimal.slice(2).replace(/[{}]/g, "")}}`;
    const letter = this.take(/^\\[A-Za-z]/)?.[1];
    if (letter === undefined) {
      const punctuation = this.take(/^\\[^0-9]/);
      return punctuation === null ? this.unknown() : literal(punctuation[1]!);
    }
    const members = CLASSES[letter];
    if (members !== undefined) return inClass ? members : `[${members}]`;
    const negated = CLASSES[letter.toLowerCase()];
    if (negated !== undefined && !inClass) return `[^${negated}]`;
    const control = CONTROLS[letter];
    if (control !== undefined) return literal(String.fromCharCode(control));
    if (letter === "A" && !inClass) return "^";
    if (letter === "z" && !inClass) return "$";
    if (letter === "b" && !inClass && !this.ignoreCase) return "\\b";
    this.rest = before;
    return this.unknown();
  }
}
