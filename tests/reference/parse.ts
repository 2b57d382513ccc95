import { equal, exactOf, isInteger } from "./decimal.ts";
import { type Json, Refusal } from "./json.ts";

export const MAX_INPUT_BYTES = 1048576;
export const MAX_NESTING = 64;

/** Parses the whole text. Throws Refusal for the first fault met; the detail is its offset but for `input_too_large`. */
export function parse(bytes: Uint8Array): Json {
  if (bytes.length > MAX_INPUT_BYTES) throw new Refusal("input_too_large", null);
  const reader = new Reader(bytes);
  const value = reader.value(0);
  reader.space();
  if (!reader.atEnd()) reader.unexpected();
  return value;
}

class Reader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  refuse(code: string, offset = this.at): never {
    throw new Refusal(code, { offset });
  }

  atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  /** The ASCII character here, `�` for any other byte, nothing at the end. */
  private peek(): string {
    const byte = this.bytes[this.at];
    if (byte === undefined) return "";
    return byte < 0x80 ? String.fromCharCode(byte) : "�";
  }

  space(): void {
    while (/^[ \t\n\r]$/.test(this.peek())) this.at++;
  }

  /** Refuses the byte here, which cannot stand here. */
  unexpected(): never {
    if (this.peek() === "�" && this.sequence() === null) this.refuse("invalid_utf8");
    return this.refuse("invalid_json");
  }

  private expect(wanted: string): void {
    if (this.peek() !== wanted) this.unexpected();
    this.at++;
  }

  /** `depth`: how many lists and objects are open around this value. */
  value(depth: number): Json {
    this.space();
    const first = this.peek();
    if (first === "{") return this.object(depth + 1);
    if (first === "[") return this.list(depth + 1);
    if (first === '"') return { kind: "string", value: this.string() };
    if (/^[-0-9]$/.test(first)) return { kind: "number", text: this.number() };
    if (first === "t") return this.word("true", { kind: "boolean", value: true });
    if (first === "f") return this.word("false", { kind: "boolean", value: false });
    if (first === "n") return this.word("null", { kind: "null" });
    return this.unexpected();
  }

  private word(text: string, value: Json): Json {
    const start = this.at;
    for (const letter of text) {
      if (this.peek() !== letter) this.refuse("invalid_json", start);
      this.at++;
    }
    return value;
  }

  private list(depth: number): Json {
    if (depth > MAX_NESTING) this.refuse("too_deep");
    this.expect("[");
    const items: Json[] = [];
    this.space();
    if (this.peek() !== "]") {
      items.push(this.value(depth));
      this.space();
      while (this.peek() === ",") {
        this.expect(",");
        items.push(this.value(depth));
        this.space();
      }
    }
    this.expect("]");
    return { kind: "list", items };
  }

  /** A key that was there before is refused when the object has been read. */
  private object(depth: number): Json {
    if (depth > MAX_NESTING) this.refuse("too_deep");
    this.expect("{");
    const members: { key: string; offset: number; value: Json }[] = [];
    this.space();
    if (this.peek() !== "}") {
      members.push(this.member(depth));
      while (this.peek() === ",") {
        this.expect(",");
        this.space();
        members.push(this.member(depth));
      }
    }
    this.expect("}");
    const entries = new Map<string, Json>();
    for (const { key, offset, value } of members) {
      if (entries.has(key)) this.refuse("duplicate_key", offset);
      entries.set(key, value);
    }
    return { kind: "object", entries };
  }

  private member(depth: number): { key: string; offset: number; value: Json } {
    const offset = this.at;
    const key = this.string();
    this.space();
    this.expect(":");
    const value = this.value(depth);
    this.space();
    return { key, offset, value };
  }

  private string(): string {
    this.expect('"');
    let value = "";
    while (this.peek() !== '"') {
      const here = this.peek();
      if (here < " ") this.refuse("invalid_json");
      if (here === "\\") value += this.escape();
      else if (here !== "�") {
        value += here;
        this.at++;
      } else {
        const character = this.sequence() ?? this.refuse("invalid_utf8");
        value += character;
        this.at += Buffer.byteLength(character);
      }
    }
    this.expect('"');
    return value;
  }

  /** The character of the well-formed UTF-8 sequence here (Unicode, table 3-7), or null. */
  private sequence(): string | null {
    const lead = this.bytes[this.at]!;
    const length = lead < 0xc0 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    const bytes = Buffer.from(this.bytes.subarray(this.at, this.at + length));
    const text = bytes.toString("utf8");
    return [...text].length === 1 && Buffer.from(text).equals(bytes) ? text : null;
  }

  private escape(): string {
    const start = this.at;
    const letter = this.following();
    const short = { '"': '"', "\\": "\\", "/": "/", b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }[letter];
    if (short !== undefined) {
      this.at += 2;
      return short;
    }
    const unit = this.hexadecimal();
    if (unit < 0xd800 || unit > 0xdfff) return String.fromCharCode(unit);
    const paired = this.peek() === "\\" && this.following() === "u";
    if (unit > 0xdbff || !paired) this.refuse("lone_surrogate", start);
    const second = this.hexadecimal();
    if (second < 0xdc00 || second > 0xdfff) this.refuse("lone_surrogate", start);
    return String.fromCharCode(unit, second);
  }

  /** The character after the one here. */
  private following(): string {
    return String.fromCharCode(this.bytes[this.at + 1] ?? 0);
  }

  /** `\u` and four hexadecimal digits. */
  private hexadecimal(): number {
    const digits = Buffer.from(this.bytes.subarray(this.at, this.at + 6)).toString("latin1");
    if (!/^\\u[0-9a-fA-F]{4}$/.test(digits)) this.refuse("invalid_json");
    this.at += 6;
    return Number.parseInt(digits.slice(2), 16);
  }

  private digits(): void {
    if (!/^[0-9]$/.test(this.peek())) this.unexpected();
    while (/^[0-9]$/.test(this.peek())) this.at++;
  }

  /** The canonical text of the number here. */
  private number(): string {
    const start = this.at;
    if (this.peek() === "-") this.at++;
    if (this.peek() === "0") this.at++;
    else this.digits();
    if (this.peek() === ".") {
      this.at++;
      this.digits();
    }
    if (/^[eE]$/.test(this.peek())) {
      this.at++;
      if (/^[+-]$/.test(this.peek())) this.at++;
      this.digits();
    }
    const written = new TextDecoder().decode(this.bytes.subarray(start, this.at));
    if (!Number.isFinite(Number(written))) this.refuse("number_out_of_range", start);
    const canonical = String(Number(written) + 0);
    const value = exactOf(written);
    if (isInteger(value) && !equal(value, exactOf(canonical))) this.refuse("integer_inexact", start);
    return canonical;
  }
}
