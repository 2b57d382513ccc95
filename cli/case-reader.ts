/** The words, strings and JSON objects of a cases file, with the place of each. */
import { skipSpace, skipString, skipValue } from "./calls.ts";
import { nearest } from "./errors.ts";

const HASH = 0x23;
const LINE_FEED = 0x0a;

/** What is wrong at an offset; ends the case. */
export class Refusal extends Error {
  readonly offset: number;
  readonly help: string;

  constructor(offset: number, message: string, help: string) {
    super(message);
    this.offset = offset;
    this.help = help;
  }
}

export function unknownWord(offset: number, word: string, known: readonly string[], help: string): Refusal {
  const near = nearest(word, known);
  if (word === "") return new Refusal(offset, "the file ends here", help);
  return new Refusal(offset, `unknown word \`${word}\``, near === null ? help : `did you mean \`${near}\`?`);
}

export class CaseReader {
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

  /** Whether a string follows. */
  atString(): boolean {
    return !this.atEnd() && this.#bytes[this.#offset] === 0x22;
  }

  /** Whether an object follows. */
  atObject(): boolean {
    return !this.atEnd() && this.#bytes[this.#offset] === 0x7b;
  }

  string(what: string, help: string): string {
    if (!this.atString()) throw new Refusal(this.#offset, `expected ${what}`, help);
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
    if (!this.atObject()) throw new Refusal(this.#offset, "expected a JSON object", help);
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
