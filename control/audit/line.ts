/**
 * One line of a record log, in exactly one encoding, and the check that it continues the chain.
 *
 *   {"hash":"<64 hex digits>","record":<canonical record, engine/ABI.md>}\n
 *
 * hash = SHA-256("faramesh/record/v1" padded with zeros to 32 bytes || previous hash || canonical record).
 * The hash and the canonical form (RFC 8785) are computed here anew, so a log is checked without the core that wrote it.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";

/** Where a chain goes on: what `decideRecorded` takes for the next record. */
export interface ChainTip {
  /** Sequence number of the next record. */
  sequence: number;
  /** Hash of the last record, 32 bytes; zeros before the first. */
  previous: Uint8Array;
}

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

/** The decision record's fields, version 1, in canonical order. */
const FIELDS =
  "action action_digest agent bundle code detail effect engine inputs inputs_digest obligations previous reason rule sequence signed state_after state_before time type version";
/** A record holds an action and facts of at most 1 MiB each, and obligations; this is above what the core can write. */
export const MAX_LINE_BYTES = 33_554_432;
const MAX_DEPTH = 80;
const LONE_SURROGATE = /[\ud800-\udfff]/u;

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const TAG = new Uint8Array(32);
TAG.set(encoder.encode("faramesh/record/v1"));
const HEAD = encoder.encode('{"hash":"');
const MIDDLE = encoder.encode('","record":');
const RECORD_START = HEAD.length + 64 + MIDDLE.length;
const CLOSING_BRACE = 0x7d;

/** The tip of an empty chain. */
export function genesis(): ChainTip {
  return { sequence: 0, previous: new Uint8Array(32) };
}

/** @param previous 32 bytes. @param record canonical record. @returns 32 bytes. */
export function chainHash(previous: Uint8Array, record: Uint8Array): Uint8Array {
  return sha256.create().update(TAG).update(previous).update(record).digest();
}

/** The line for a record, its line break included. */
export function formatLine(hash: Uint8Array, record: Uint8Array): Uint8Array {
  const line = new Uint8Array(RECORD_START + record.length + 2);
  line.set(HEAD);
  line.set(encoder.encode(bytesToHex(hash)), HEAD.length);
  line.set(MIDDLE, HEAD.length + 64);
  line.set(record, RECORD_START);
  line.set([CLOSING_BRACE, 0x0a], RECORD_START + record.length);
  return line;
}

function startsWith(bytes: Uint8Array, part: Uint8Array, at: number): boolean {
  return part.every((byte, index) => bytes[at + index] === byte);
}

/** RFC 8785 of a value that `JSON.parse` gave. @throws RangeError for what a record cannot hold. */
function canonicalText(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new RangeError("nested too deep");
  if (typeof value === "string" && LONE_SURROGATE.test(value)) throw new RangeError("lone surrogate");
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((element) => canonicalText(element, depth + 1)).join(",")}]`;
  const fields = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  const texts = fields.map(
    ([name, field]) => `${canonicalText(name, depth)}:${canonicalText(field, depth + 1)}`,
  );
  return `{${texts.join(",")}}`;
}

function isCanonical(value: unknown, text: string): boolean {
  try {
    return canonicalText(value, 0) === text;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

/** Null for what is not a JSON object in UTF-8. */
function readRecord(bytes: Uint8Array): { value: Record<string, unknown>; canonical: boolean } | null {
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return { value: value as Record<string, unknown>, canonical: isCanonical(value, text) };
}

const ALTERED = "the log was altered or damaged here; compare it with a copy";

function fault(code: LogFaultCode, message: string, help = ALTERED): LineFault {
  return { code, message, help };
}

export type LineResult = { ok: true; tip: ChainTip; hash: Uint8Array } | { ok: false; fault: LineFault };

/**
 * Checks one line, without its line break, against the tip before it.
 * @param tip null: take sequence and previous hash from the record itself, for a log that is read from its middle.
 */
export function checkLine(line: Uint8Array, tip: ChainTip | null): LineResult {
  const hashText = String.fromCharCode(...line.subarray(HEAD.length, HEAD.length + 64));
  const framed =
    startsWith(line, HEAD, 0) &&
    /^[0-9a-f]{64}$/.test(hashText) &&
    startsWith(line, MIDDLE, HEAD.length + 64) &&
    line.length > RECORD_START + 1 &&
    line.at(-1) === CLOSING_BRACE;
  if (!framed) {
    return { ok: false, fault: fault("line_malformed", 'not a line of the form {"hash":"…","record":{…}}') };
  }
  const bytes = line.subarray(RECORD_START, -1);
  const record = readRecord(bytes);
  if (record === null)
    return { ok: false, fault: fault("record_malformed", "the record is not a JSON object") };
  if (!record.canonical) {
    return {
      ok: false,
      fault: fault("record_not_canonical", "the record is not in canonical form (RFC 8785)"),
    };
  }
  return checkRecord(record.value, bytes, hexToBytes(hashText), tip);
}

function checkRecord(
  value: Record<string, unknown>,
  bytes: Uint8Array,
  hash: Uint8Array,
  tip: ChainTip | null,
): LineResult {
  const { sequence, previous } = value;
  const typed =
    Object.keys(value).join(" ") === FIELDS &&
    value.version === 1 &&
    value.type === "decision" &&
    Number.isSafeInteger(sequence) &&
    typeof previous === "string" &&
    /^[0-9a-f]{64}$/.test(previous);
  if (!typed) {
    return {
      ok: false,
      fault: fault("record_malformed", "the record is not a decision record of version 1"),
    };
  }
  if (tip !== null && sequence !== tip.sequence) {
    const message = `the record has sequence ${sequence}, expected ${tip.sequence}`;
    return {
      ok: false,
      fault: fault("sequence_mismatch", `${message}: records were dropped, inserted or moved`),
    };
  }
  if (tip !== null && previous !== bytesToHex(tip.previous)) {
    return { ok: false, fault: fault("previous_mismatch", "the record does not follow the one before it") };
  }
  const expected = chainHash(hexToBytes(previous as string), bytes);
  if (bytesToHex(expected) !== bytesToHex(hash)) {
    return {
      ok: false,
      fault: fault("hash_mismatch", "the record's bytes do not have the hash that the line states"),
    };
  }
  return { ok: true, tip: { sequence: (sequence as number) + 1, previous: hash }, hash };
}
