/**
 * One line of a record log, in exactly one encoding, and the check that it continues the chain.
 *
 *   {"hash":"<64 hex digits>","record":<canonical record, engine/ABI.md>}\n
 *
 * hash = SHA-256("faramesh/record/v2" padded with zeros to 32 bytes || previous hash || canonical record).
 * The hash and the canonical form (RFC 8785) are computed here anew, so a log is checked without the core that wrote it.
 */
import { hexToBytes } from "@noble/hashes/utils.js";
import type { ChainTip } from "../ports.ts";
import { slowlyCanonical, startsWith } from "./canonical.ts";
import { type Place, RECORD_FIELDS, readPlace } from "./fields.ts";
import { PORTABLE_SHA256, type Sha256 } from "./hash.ts";

export type { ChainTip } from "../ports.ts";

export type LogFaultCode =
  | "line_torn"
  | "line_too_long"
  | "line_malformed"
  | "record_malformed"
  | "record_not_canonical"
  | "sequence_mismatch"
  | "previous_mismatch"
  | "hash_mismatch"
  | "head_mismatch"
  | "head_missing";

export interface LineFault {
  code: LogFaultCode;
  message: string;
  help: string;
}

/** A record holds an action and facts of at most 1 MiB each, obligations and state changes; this is above what the core can write. */
export const MAX_LINE_BYTES = 33_554_432;

const encoder = new TextEncoder();
const TAG = new Uint8Array(32);
TAG.set(encoder.encode("faramesh/record/v2"));
export const LINE_HEAD = encoder.encode('{"hash":"');
export const LINE_MIDDLE = encoder.encode('","record":');
const HASH_AT = LINE_HEAD.length;
const MIDDLE_AT = HASH_AT + 64;
/** Where the record begins in its line. */
export const RECORD_AT = MIDDLE_AT + LINE_MIDDLE.length;
/** Bytes of a line beside its record, the line break included. */
export const LINE_FRAME_BYTES = RECORD_AT + 2;
const CLOSING_BRACE = 0x7d;
const LINE_BREAK = 0x0a;

/** The tip of an empty chain. */
export function genesis(): ChainTip {
  return { sequence: 0, previous: new Uint8Array(32) };
}

/** @param previous 32 bytes. @param record canonical record. @returns 32 bytes. */
export function chainHash(
  previous: Uint8Array,
  record: Uint8Array,
  sha256: Sha256 = PORTABLE_SHA256,
): Uint8Array {
  const message = new Uint8Array(64 + record.length);
  message.set(TAG);
  message.set(previous, 32);
  message.set(record, 64);
  return sha256.bytes(message);
}

const HEX = encoder.encode("0123456789abcdef");

/** Writes the bytes as lower-case hexadecimal digits. */
export function writeHex(target: Uint8Array, at: number, bytes: Uint8Array): void {
  let place = at;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    target[place++] = HEX[byte >>> 4]!;
    target[place++] = HEX[byte & 15]!;
  }
}

/** The 32 bytes whose lower-case hexadecimal digits stand at `at`. */
export function readHash(bytes: Uint8Array, at: number): Uint8Array {
  const hash = new Uint8Array(32);
  for (let index = 0; index < 32; index++) {
    hash[index] = (digitOf(bytes[at + 2 * index]!) << 4) | digitOf(bytes[at + 2 * index + 1]!);
  }
  return hash;
}

/** Writes the line for a record at `at`, its line break included. @returns the index behind it. */
export function writeLine(target: Uint8Array, at: number, hash: Uint8Array, record: Uint8Array): number {
  target.set(LINE_HEAD, at);
  writeHex(target, at + HASH_AT, hash);
  target.set(LINE_MIDDLE, at + MIDDLE_AT);
  target.set(record, at + RECORD_AT);
  const end = at + RECORD_AT + record.length;
  target[end] = CLOSING_BRACE;
  target[end + 1] = LINE_BREAK;
  return end + 2;
}

/** The line for a record, its line break included. */
export function formatLine(hash: Uint8Array, record: Uint8Array): Uint8Array {
  const line = new Uint8Array(LINE_FRAME_BYTES + record.length);
  writeLine(line, 0, hash, record);
  return line;
}

/** Whether `bytes[start, end)`, without its line break, has the frame of a line; of hash and record nothing is checked. */
export function isFramed(bytes: Uint8Array, start: number, end: number): boolean {
  return (
    end - start > RECORD_AT + 1 &&
    startsWith(bytes, LINE_HEAD, start) &&
    startsWith(bytes, LINE_MIDDLE, start + MIDDLE_AT) &&
    bytes[end - 1] === CLOSING_BRACE
  );
}

/** 1 for the lower-case hexadecimal digits. */
const DIGIT = Uint8Array.from({ length: 256 }, (_, byte) => (HEX.includes(byte) ? 1 : 0));

/** Whether 64 lower-case hexadecimal digits stand at `at`. */
function isHashText(bytes: Uint8Array, at: number): boolean {
  for (let index = at; index < at + 64; index++) if (DIGIT[bytes[index]!] !== 1) return false;
  return true;
}

function isText(bytes: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

const ALTERED = "the log was altered or damaged here; compare it with a copy";

export function lineFault(code: LogFaultCode, message: string, help = ALTERED): LineFault {
  return { code, message, help };
}

function malformed(): LineFault {
  return lineFault("line_malformed", 'not a line of the form {"hash":"…","record":{…}}');
}

/** Says what is wrong with a record that `readPlace` does not accept. */
function explainRecord(bytes: Uint8Array): LineFault {
  const slowly = slowlyCanonical(bytes);
  const value = slowly?.value ?? null;
  if (slowly === null || typeof value !== "object" || value === null || Array.isArray(value)) {
    return lineFault("record_malformed", "the record is not a JSON object");
  }
  if (!slowly.canonical) {
    return lineFault("record_not_canonical", "the record is not in canonical form (RFC 8785)");
  }
  const fields = Object.keys(value).join(" ") === RECORD_FIELDS.join(" ");
  const what = fields ? "its sequence, previous, state, type or version is not" : "its fields are not those";
  return lineFault("record_malformed", `the record is not one of version 2: ${what} of the format`);
}

export interface CheckerOptions {
  sha256?: Sha256;
}

/** Follows a chain line by line. */
export class ChainChecker {
  readonly #sha256: Sha256;
  /** tag || previous || record. */
  #message = new Uint8Array(4_096);
  readonly #place: Place = { sequence: 0, previousAt: 0 };
  /** Null: taken from the first record, for a log that is read from its middle. */
  #sequence: number | null;
  /** As 64 hexadecimal digits. */
  readonly #previous = new Uint8Array(64);

  constructor(tip: ChainTip | null, { sha256 = PORTABLE_SHA256 }: CheckerOptions = {}) {
    this.#sha256 = sha256;
    this.#sequence = tip === null ? null : tip.sequence;
    if (tip !== null) writeHex(this.#previous, 0, tip.previous);
    this.#message.set(TAG);
  }

  /** Sequence of the next record; null before the first of a log that is read from its middle. */
  get sequence(): number | null {
    return this.#sequence;
  }

  /** Hash of the last record, 64 hexadecimal digits. */
  get previous(): string {
    return String.fromCharCode(...this.#previous);
  }

  /** Where the chain goes on; null before the first record of a log that is read from its middle. */
  tip(): ChainTip | null {
    return this.#sequence === null ? null : { sequence: this.#sequence, previous: hexToBytes(this.previous) };
  }

  /** Checks the line `bytes[start, end)`, its line break left out, and moves on; with a fault it stays where it is. */
  check(bytes: Uint8Array, start: number, end: number): LineFault | null {
    if (!isFramed(bytes, start, end)) return malformed();
    const statedAt = start + HASH_AT;
    if (!isHashText(bytes, statedAt)) return malformed();
    const [from, to] = [start + RECORD_AT, end - 1];
    const place = this.#place;
    if (!readPlace(bytes, from, to, place)) return explainRecord(bytes.subarray(from, to));
    if (this.#sequence !== null && place.sequence !== this.#sequence) {
      const message = `the record has sequence ${place.sequence}, expected ${this.#sequence}`;
      return lineFault("sequence_mismatch", `${message}: records were dropped, inserted or moved`);
    }
    if (this.#sequence !== null && !startsWith(bytes, this.#previous, place.previousAt)) {
      return lineFault("previous_mismatch", "the record does not follow the one before it");
    }
    if (!isText(bytes, statedAt, this.#hash(bytes, from, to, place.previousAt))) {
      return lineFault("hash_mismatch", "the record's bytes do not have the hash that the line states");
    }
    this.#sequence = place.sequence + 1;
    for (let index = 0; index < 64; index++) this.#previous[index] = bytes[statedAt + index]!;
    return null;
  }

  #hash(bytes: Uint8Array, from: number, to: number, previousAt: number): string {
    const length = 64 + to - from;
    if (this.#message.length < length) {
      this.#message = new Uint8Array(2 * length);
      this.#message.set(TAG);
    }
    for (let index = 0; index < 32; index++) {
      this.#message[32 + index] =
        (digitOf(bytes[previousAt + 2 * index]!) << 4) | digitOf(bytes[previousAt + 2 * index + 1]!);
    }
    this.#message.set(bytes.subarray(from, to), 64);
    return this.#sha256.hex(this.#message.subarray(0, length));
  }
}

/** Of a lower-case hexadecimal digit. */
function digitOf(byte: number): number {
  return byte < 0x3a ? byte - 0x30 : byte - 0x57;
}

export type LineResult = { ok: true; tip: ChainTip; hash: Uint8Array } | { ok: false; fault: LineFault };

/**
 * Checks one line, without its line break, against the tip before it.
 * @param tip null: take sequence and previous hash from the record itself, for a log that is read from its middle.
 */
export function checkLine(
  line: Uint8Array,
  tip: ChainTip | null,
  sha256: Sha256 = PORTABLE_SHA256,
): LineResult {
  const checker = new ChainChecker(tip, { sha256 });
  const fault = checker.check(line, 0, line.length);
  if (fault !== null) return { ok: false, fault };
  const next = checker.tip()!;
  return { ok: true, tip: next, hash: next.previous };
}
