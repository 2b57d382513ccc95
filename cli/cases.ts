import { skipSpace, skipString, skipValue } from "./calls.ts";
import { nearest } from "./errors.ts";

/**
 * Test cases of a policy, as text:
 *
 *     case "a small refund is permitted"
 *       action {"agent":"support","tool":"stripe/refund","args":{"amount":20}}
 *       facts  {"purpose":"support"}
 *       expect permit code rule_permit rule 12
 *
 * `#` starts a comment, JSON may span lines, `facts`, `code` and `rule` are optional, `rule` is LINE or FILE:LINE.
 * Everything else is refused: a case without an action or an expectation, an unknown word, a duplicate title.
 */
export interface Case {
  title: string;
  /** Line of the word `case`, from 1. */
  line: number;
  action: Uint8Array;
  facts: Uint8Array | null;
  expect: { effect: string; code: string | null; rule: { file: string | null; line: number } | null };
}

export interface CaseError {
  line: number;
  column: number;
  message: string;
  help: string;
}

const EFFECTS = ["permit", "deny", "defer"];
const PARTS = ["action", "facts", "expect", "case"];
const HASH = 0x23;
const LINE_FEED = 0x0a;

/** Reads a cases file. One error per case at most; with any error the cases must not be run. `codes` are the known verdict codes. */
export function parseCases(
  bytes: Uint8Array,
  codes: readonly string[],
): { cases: Case[]; errors: CaseError[] } {
  const reader = new Reader(bytes);
  const cases: Case[] = [];
  const errors: CaseError[] = [];
  const titles = new Map<string, number>();
  while (!reader.atEnd()) {
    try {
      const one = readCase(reader, codes);
      const earlier = titles.get(one.title);
      if (earlier !== undefined) {
        throw new Refusal(
          one.offset,
          `the title \`${one.title}\` stands twice`,
          `line ${earlier} has it too: give each case its own`,
        );
      }
      titles.set(one.title, one.line);
      cases.push(one);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      errors.push({ ...reader.place(error.offset), message: error.message, help: error.help });
      reader.toNextCase();
    }
  }
  return { cases, errors };
}

class Refusal extends Error {
  readonly offset: number;
  readonly help: string;

  constructor(offset: number, message: string, help: string) {
    super(message);
    this.offset = offset;
    this.help = help;
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    const mark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    this.#bytes = mark ? bytes.subarray(3) : bytes;
  }

  get offset(): number {
    return this.#offset;
  }

  /** Skips blanks and comments. */
  atEnd(): boolean {
    for (;;) {
      this.#offset = skipSpace(this.#bytes, this.#offset);
      if (this.#bytes[this.#offset] !== HASH) return this.#offset >= this.#bytes.length;
      const end = this.#bytes.indexOf(LINE_FEED, this.#offset);
      this.#offset = end < 0 ? this.#bytes.length : end;
    }
  }

  /** The next word, not consumed; empty when there is none. */
  peek(): string {
    if (this.atEnd()) return "";
    let end = this.#offset;
    while (end < this.#bytes.length && !/[\s"{[#]/.test(String.fromCharCode(this.#bytes[end]!))) end++;
    return decode(this.#bytes.subarray(this.#offset, Math.max(end, this.#offset + 1)));
  }

  word(): string {
    const word = this.peek();
    this.#offset += new TextEncoder().encode(word).length;
    return word;
  }

  string(what: string, help: string): string {
    if (this.atEnd() || this.#bytes[this.#offset] !== 0x22)
      throw new Refusal(this.#offset, `expected ${what}`, help);
    const end = skipString(this.#bytes, this.#offset);
    try {
      const value = JSON.parse(
        decode(this.#bytes.subarray(this.#offset, end < 0 ? this.#bytes.length : end)),
      ) as string;
      this.#offset = end;
      return value;
    } catch {
      throw new Refusal(this.#offset, `${what} is not a JSON string on one line`, help);
    }
  }

  object(what: string): Uint8Array {
    const help = `write a JSON object after \`${what}\`, as \`${what} {…}\``;
    if (this.atEnd() || this.#bytes[this.#offset] !== 0x7b)
      throw new Refusal(this.#offset, "expected a JSON object", help);
    const end = skipValue(this.#bytes, this.#offset);
    if (end < 0)
      throw new Refusal(
        this.#offset,
        `the JSON object after \`${what}\` does not close`,
        'look for a missing `}`, `]` or `"`',
      );
    const value = this.#bytes.subarray(this.#offset, end);
    this.#offset = end;
    return value;
  }

  /** After an error: the next line that starts with the word `case`. */
  toNextCase(): void {
    for (;;) {
      const end = this.#bytes.indexOf(LINE_FEED, this.#offset);
      if (end < 0) {
        this.#offset = this.#bytes.length;
        return;
      }
      this.#offset = end + 1;
      if (/^[ \t]*case[ \t"]/.test(decode(this.#bytes.subarray(this.#offset, this.#offset + 200)))) return;
    }
  }

  place(offset: number): { line: number; column: number } {
    const before = this.#bytes.subarray(0, offset);
    let line = 1;
    for (const byte of before) if (byte === LINE_FEED) line++;
    return { line, column: [...decode(before.subarray(before.lastIndexOf(LINE_FEED) + 1))].length + 1 };
  }
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

function readCase(reader: Reader, codes: readonly string[]): Case & { offset: number } {
  reader.atEnd();
  const offset = reader.offset;
  const first = reader.peek();
  if (first !== "case") throw unknownWord(offset, first, ["case"], 'each case starts as `case "TITLE"`');
  reader.word();
  const title = reader.string(
    "the case's title",
    'write it in quotes, as `case "a small refund is permitted"`',
  );
  let action: Uint8Array | null = null;
  let facts: Uint8Array | null = null;
  let expect: Case["expect"] | null = null;
  while (!reader.atEnd() && reader.peek() !== "case") {
    const at = reader.offset;
    const word = reader.word();
    if (word === "action" && action === null) action = reader.object(word);
    else if (word === "facts" && facts === null) facts = reader.object(word);
    else if (word === "expect" && expect === null) expect = readExpectation(reader, codes);
    else if (PARTS.includes(word)) throw new Refusal(at, `\`${word}\` stands twice in one case`, "keep one");
    else throw unknownWord(at, word, PARTS, "a case has `action`, `facts` and `expect`");
  }
  if (action === null) throw new Refusal(offset, `the case \`${title}\` has no action`, "add `action {…}`");
  if (expect === null) {
    throw new Refusal(
      offset,
      `the case \`${title}\` expects nothing`,
      "add `expect permit`, `expect deny` or `expect defer`",
    );
  }
  return { title, line: reader.place(offset).line, action, facts, expect, offset };
}

function readExpectation(reader: Reader, codes: readonly string[]): Case["expect"] {
  reader.atEnd();
  const at = reader.offset;
  const effect = reader.word();
  if (!EFFECTS.includes(effect)) throw unknownWord(at, effect, EFFECTS, "expect permit, deny or defer");
  let code: string | null = null;
  let rule: Case["expect"]["rule"] = null;
  for (;;) {
    const word = reader.peek();
    if (word === "code" && code === null) {
      reader.word();
      reader.atEnd();
      const codeAt = reader.offset;
      code = reader.word();
      if (!codes.includes(code)) throw unknownWord(codeAt, code, codes, "`faramesh codes` lists the codes");
    } else if (word === "rule" && rule === null) {
      reader.word();
      reader.atEnd();
      const ruleAt = reader.offset;
      const text = reader.word();
      const match = /^(?:(.+):)?([1-9][0-9]{0,8})$/.exec(text);
      if (match === null)
        throw new Refusal(
          ruleAt,
          `\`${text}\` is not the place of a rule`,
          "write `rule LINE` or `rule FILE:LINE`",
        );
      rule = { file: match[1] ?? null, line: Number(match[2]) };
    } else {
      return { effect, code, rule };
    }
  }
}

function unknownWord(offset: number, word: string, known: readonly string[], help: string): Refusal {
  const near = nearest(word, known);
  if (word === "") return new Refusal(offset, "the file ends here", help);
  return new Refusal(offset, `unknown word \`${word}\``, near === null ? help : `did you mean \`${near}\`?`);
}
