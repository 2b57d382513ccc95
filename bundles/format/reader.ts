/** Bounded reading of one section, with errors that name the place. */

import { EFFECT_DEFER, EFFECT_DENY, NONE, SECTION_COUNT } from "../../engine/constants.ts";
import { NO_LIMIT } from "./bytes.ts";

/** Titles of the sections, by SECTION_*. */
export const SECTION_TITLES = [
  "STRINGS",
  "NUMBERS",
  "LISTS",
  "PATHS",
  "DFAS",
  "CODE",
  "RULES",
  "PATTERNS",
  "INDEX",
  "EXACT",
  "GLOBS",
  "AGENTS",
  "ITEMS",
  "SYSTEM",
  "STATE",
  "MANIFEST",
  "DEBUG",
] as const;

/** Bytes that are not a bundle, or not its one encoding. */
export class FormatError extends Error {
  /** Title of the section, or `header`. */
  readonly section: string;
  /** From the start of the bundle. */
  readonly offset: number;
  readonly expected: string;

  constructor(section: string, offset: number, expected: string) {
    super(`bundle, ${section}, byte ${offset}: expected ${expected}`);
    this.name = "FormatError";
    this.section = section;
    this.offset = offset;
    this.expected = expected;
  }
}

const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export class Reader {
  readonly title: string;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  readonly start: number;
  readonly end: number;
  at: number;

  constructor(title: string, bytes: Uint8Array, start: number, end: number) {
    this.title = title;
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.start = start;
    this.end = end;
    this.at = start;
  }

  get left(): number {
    return this.end - this.at;
  }

  fail(expected: string, at = this.at): never {
    throw new FormatError(this.title, at, expected);
  }

  private advance(count: number): number {
    if (count > this.left) this.fail(`${count} more bytes in the section`);
    const at = this.at;
    this.at += count;
    return at;
  }

  u8(): number {
    const at = this.advance(1);
    return this.bytes[at]!;
  }

  u16(): number {
    const at = this.advance(2);
    return this.view.getUint16(at, true);
  }

  u32(): number {
    const at = this.advance(4);
    return this.view.getUint32(at, true);
  }

  i32(): number {
    const at = this.advance(4);
    return this.view.getInt32(at, true);
  }

  u64(): bigint {
    const at = this.advance(8);
    return this.view.getBigUint64(at, true);
  }

  /** An unsigned number that a double holds exactly. */
  u53(): number {
    const value = this.u64();
    return value <= MAX_SAFE ? Number(value) : this.fail("a number below 2^53", this.at - 8);
  }

  /** The same, or null for all bits set. */
  u53OrNull(): number | null {
    const value = this.u64();
    if (value === NO_LIMIT) return null;
    return value <= MAX_SAFE ? Number(value) : this.fail("a number below 2^53, or none", this.at - 8);
  }

  /** Null for all bits set. */
  u64OrNull(): bigint | null {
    const value = this.u64();
    return value === NO_LIMIT ? null : value;
  }

  raw(count: number): Uint8Array {
    const at = this.advance(count);
    return this.bytes.slice(at, at + count);
  }

  text(count: number): string {
    const at = this.advance(count);
    try {
      return utf8.decode(this.bytes.subarray(at, at + count));
    } catch {
      return this.fail("valid UTF-8", at);
    }
  }

  /** A number of at most `limit`. */
  bounded(limit: number, what: string): number {
    const value = this.u32();
    return value <= limit ? value : this.fail(what, this.at - 4);
  }

  id(count: number, what: string): number {
    const value = this.u32();
    return value < count ? value : this.fail(`${what} below ${count}`, this.at - 4);
  }

  idOrNull(count: number, what: string): number | null {
    const value = this.u32();
    if (value === NONE) return null;
    return value < count ? value : this.fail(`${what} below ${count}, or none`, this.at - 4);
  }

  u32OrNull(): number | null {
    const value = this.u32();
    return value === NONE ? null : value;
  }

  /** An effect that only narrows. */
  narrowing(): number {
    const effect = this.u32();
    return effect === EFFECT_DENY || effect === EFFECT_DEFER
      ? effect
      : this.fail("deny or defer", this.at - 4);
  }

  zero(bytes: number): void {
    for (let count = 0; count < bytes; count++) {
      if (this.u8() !== 0) this.fail("zero", this.at - 1);
    }
  }

  pad(alignment: number): void {
    this.zero((alignment - ((this.at - this.start) % alignment)) % alignment);
  }

  /** The number of entries of `size` bytes that fill the rest. */
  entries(size: number): number {
    if (this.left % size !== 0) this.fail(`whole entries of ${size} bytes`);
    return this.left / size;
  }

  /** A count whose entries of `size` bytes fit into the rest. */
  count(size: number): number {
    const value = this.u32();
    return value * size <= this.left ? value : this.fail("a count that fits the section", this.at - 4);
  }

  finish(): void {
    if (this.left !== 0) this.fail("the end of the section");
  }
}

/** Header and section table; a reader per section, by SECTION_*. */
export function readSections(bytes: Uint8Array, magic: string, versions: [number, number]): Reader[] {
  const header = new Reader("header", bytes, 0, bytes.length);
  if (header.left < 4 || header.text(4) !== magic) header.fail(`\`${magic}\``, 0);
  for (const version of versions) {
    if (header.u16() !== version) header.fail(`version ${version}`, header.at - 2);
  }
  if (header.u32() !== bytes.length) header.fail(`the length ${bytes.length}`, header.at - 4);
  if (header.u32() !== SECTION_COUNT) header.fail(`${SECTION_COUNT} sections`, header.at - 4);
  let expected = header.at + SECTION_COUNT * 8;
  const readers = SECTION_TITLES.map((title) => {
    const start = header.u32();
    if (start !== expected) header.fail(`${title} to start at ${expected}`, header.at - 4);
    const length = header.u32();
    if (length > bytes.length - start) header.fail(`${title} to end within the bundle`, header.at - 4);
    expected = start + length;
    const padding = new Reader(title, bytes, expected, Math.min(bytes.length, Math.ceil(expected / 8) * 8));
    if (padding.end % 8 !== 0) header.fail("a length that is a multiple of 8", 8);
    padding.zero(padding.left);
    expected = padding.end;
    return new Reader(title, bytes, start, start + length);
  });
  if (expected !== bytes.length) header.fail(`${expected} bytes in all`, 8);
  return readers;
}
