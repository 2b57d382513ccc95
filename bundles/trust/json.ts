import { sameBytes, utf8 } from "./bytes.ts";
import { quote, Refused, refuse, type TrustCode } from "./errors.ts";

/** What the files of this folder may hold: no fractions, no exponents; objects as maps, so no key is special. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = Map<string, Json>;

/** Which refusals a document's own faults are reported as. */
export interface DocumentCodes {
  malformed: TrustCode;
  unknownField: TrustCode;
}

const MAX_DEPTH = 16;
const LITERALS: readonly [string, null | boolean][] = [
  ["null", null],
  ["true", true],
  ["false", false],
];
const LONE_SURROGATE = /[\ud800-\udfff]/u;

class Reader {
  readonly text: string;
  readonly malformed: TrustCode;
  at = 0;

  constructor(text: string, malformed: TrustCode) {
    this.text = text;
    this.malformed = malformed;
  }

  fail(what: string): never {
    const before = this.text.slice(0, this.at).split("\n");
    return refuse(this.malformed, `line ${before.length}, column ${before.at(-1)!.length + 1}: ${what}`);
  }

  skipSpace(): void {
    while (this.at < this.text.length && " \t\r\n".includes(this.text[this.at]!)) this.at++;
  }

  /** Takes `symbol` if it comes next after white space. */
  take(symbol: string): boolean {
    this.skipSpace();
    if (this.text[this.at] !== symbol) return false;
    this.at++;
    return true;
  }

  value(depth: number): Json {
    if (depth > MAX_DEPTH) this.fail(`nested deeper than ${MAX_DEPTH}`);
    this.skipSpace();
    const symbol = this.text[this.at];
    if (symbol === "{") return this.object(depth);
    if (symbol === "[") return this.list(depth);
    if (symbol === '"') return this.string();
    for (const [word, value] of LITERALS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.integer();
  }

  object(depth: number): JsonObject {
    const fields: JsonObject = new Map();
    this.take("{");
    if (this.take("}")) return fields;
    do {
      this.skipSpace();
      if (this.text[this.at] !== '"') this.fail("expected a field name");
      const start = this.at;
      const name = this.string();
      if (fields.has(name)) {
        this.at = start;
        this.fail(`field ${quote(name)} appears twice`);
      }
      if (!this.take(":")) this.fail("expected `:`");
      fields.set(name, this.value(depth + 1));
    } while (this.take(","));
    if (!this.take("}")) this.fail("expected `,` or `}`");
    return fields;
  }

  list(depth: number): Json[] {
    const elements: Json[] = [];
    this.take("[");
    if (this.take("]")) return elements;
    do elements.push(this.value(depth + 1));
    while (this.take(","));
    if (!this.take("]")) this.fail("expected `,` or `]`");
    return elements;
  }

  string(): string {
    let end = this.at + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === "\\" ? 2 : 1;
    if (end >= this.text.length) this.fail("a string does not end");
    let value: string;
    try {
      value = JSON.parse(this.text.slice(this.at, end + 1));
    } catch {
      this.fail("a string holds a control character or an unknown escape");
    }
    if (LONE_SURROGATE.test(value)) this.fail("a string holds half of a surrogate pair");
    this.at = end + 1;
    return value;
  }

  integer(): number {
    const digits = /-?[0-9][0-9.eE+-]*/y;
    digits.lastIndex = this.at;
    const text = digits.exec(this.text)?.[0];
    if (text === undefined) this.fail("expected a value");
    const value = Number(text);
    if (!Number.isSafeInteger(value) || String(value) !== text) {
      this.fail(`${quote(text)} is not a whole number between -(2^53 - 1) and 2^53 - 1`);
    }
    this.at += text.length;
    return value;
  }
}

/** Reads one JSON value and nothing after it. Refuses duplicate keys, invalid UTF-8, a byte order mark and inexact numbers. */
export function parseJson(bytes: Uint8Array, maxBytes: number, malformed: TrustCode): Json {
  if (bytes.length > maxBytes) refuse(malformed, `longer than ${maxBytes} bytes`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    refuse(malformed, "not valid UTF-8");
  }
  const reader = new Reader(text, malformed);
  const value = reader.value(1);
  reader.skipSpace();
  if (reader.at !== text.length) reader.fail("expected the end of the text");
  return value;
}

/** RFC 8785 for the values above: names in UTF-16 order, no white space. */
export function printCanonical(value: Json): string {
  if (value instanceof Map) {
    const names = [...value.keys()].sort((left, right) => (left < right ? -1 : 1));
    return `{${names.map((name) => `${JSON.stringify(name)}:${printCanonical(value.get(name)!)}`).join(",")}}`;
  }
  if (Array.isArray(value)) return `[${value.map(printCanonical).join(",")}]`;
  return JSON.stringify(value);
}

/** As `parseJson`, and the bytes must be the canonical ones, so that a value has exactly one encoding. */
export function parseCanonical(bytes: Uint8Array, maxBytes: number, malformed: TrustCode): Json {
  const value = parseJson(bytes, maxBytes, malformed);
  if (!sameBytes(utf8(printCanonical(value)), bytes)) {
    refuse(malformed, "not in canonical form (RFC 8785: sorted names, no white space, shortest escapes)");
  }
  return value;
}

/** One closed object of a document: each field is named, typed and read; another field is refused. */
export class Fields {
  readonly #fields: JsonObject;
  readonly #place: string;
  readonly #codes: DocumentCodes;

  /** @throws Refused when `value` is not an object or has a field not among `names`. */
  constructor(value: Json, place: string, names: readonly string[], codes: DocumentCodes) {
    if (!(value instanceof Map)) throw new Refused(codes.malformed, `${quote(place)} must be an object`);
    for (const name of value.keys()) {
      if (!names.includes(name)) refuse(codes.unknownField, `${quote(name)} in ${quote(place)}`);
    }
    this.#fields = value;
    this.#place = place;
    this.#codes = codes;
  }

  has(name: string): boolean {
    return this.#fields.has(name);
  }

  fail(name: string, expected: string): never {
    return refuse(this.#codes.malformed, `\`${name}\` in ${quote(this.#place)} must be ${expected}`);
  }

  value(name: string): Json {
    const value = this.#fields.get(name);
    if (value === undefined) refuse(this.#codes.malformed, `\`${name}\` is missing in ${quote(this.#place)}`);
    return value;
  }

  string(name: string): string {
    const value = this.value(name);
    return typeof value === "string" ? value : this.fail(name, "a string");
  }

  integer(name: string, least: number): number {
    const value = this.value(name);
    if (typeof value === "number" && value >= least) return value;
    return this.fail(name, `a whole number of at least ${least}`);
  }

  list(name: string): Json[] {
    const value = this.value(name);
    return Array.isArray(value) ? value : this.fail(name, "a list");
  }

  constant(name: string, expected: string | number): void {
    if (this.value(name) !== expected) this.fail(name, `\`${expected}\``);
  }
}
