/** Finds the fields of a record of version 2 in its bytes, and checks the form of those that a log relies on. */
import { skipCanonical, startsWith } from "./canonical.ts";

/** In canonical order (engine/ABI.md, "The record"). */
export const RECORD_FIELDS = [
  "action",
  "action_digest",
  "agent",
  "bundle",
  "code",
  "detail",
  "effect",
  "engine",
  "inputs",
  "inputs_digest",
  "obligations",
  "previous",
  "reason",
  "rule",
  "sequence",
  "signed",
  "state",
  "state_after",
  "state_before",
  "time",
  "type",
  "version",
] as const;

/** What a record is about: a decision, or one of the events of engine/ABI.md. */
export const RECORD_TYPES = [
  "decision",
  "session_open",
  "session_phase",
  "session_close",
  "settle",
  "refund",
  "approve",
  "reject",
  "freeze",
  "unfreeze",
  "child_exit",
  "delegation_grant",
  "delegation_revoke",
  "incident",
  "event",
] as const;

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const NAMES = RECORD_FIELDS.map((name, index) => encode(`${index === 0 ? "{" : ","}"${name}":`));
const index = (name: (typeof RECORD_FIELDS)[number]): number => RECORD_FIELDS.indexOf(name);
const PREVIOUS = index("previous");
const SEQUENCE = index("sequence");
const STATE = index("state");
const STATE_AFTER = index("state_after");
const STATE_BEFORE = index("state_before");
const TYPE = index("type");
const VERSION = index("version");
const TYPES = RECORD_TYPES.map((name) => encode(`"${name}"`));
const NULL = encode("null");
const QUOTE = 0x22;
const CLOSE_BRACE = 0x7d;
const VALUE = /^(?:0|[1-9a-f][0-9a-f]{0,15})$/;

/** Where each field's value begins and ends, reused from record to record. */
const starts = new Int32Array(RECORD_FIELDS.length);
const ends = new Int32Array(RECORD_FIELDS.length);

function isHash(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at !== 66) return false;
  for (let place = at + 1; place < end - 1; place++) {
    const byte = bytes[place]!;
    if (!((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66))) return false;
  }
  return bytes[at] === QUOTE && bytes[end - 1] === QUOTE;
}

function isText(bytes: Uint8Array, field: number, text: Uint8Array): boolean {
  return ends[field]! - starts[field]! === text.length && startsWith(bytes, text, starts[field]!);
}

function isSafeNatural(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** `[[blob, slots after, slot, value, …], …]`, blobs and slots ascending, values in hexadecimal without leading zeros. */
export function isStateChange(changes: unknown): boolean {
  if (!Array.isArray(changes)) return false;
  let blobBefore = -1;
  for (const change of changes as unknown[]) {
    if (!Array.isArray(change) || change.length < 2 || change.length % 2 !== 0) return false;
    const [blob, slots, ...pairs] = change as unknown[];
    if (!isSafeNatural(blob) || !isSafeNatural(slots) || blob <= blobBefore) return false;
    blobBefore = blob;
    let slotBefore = -1;
    for (let at = 0; at < pairs.length; at += 2) {
      const [slot, value] = [pairs[at], pairs[at + 1]];
      if (!isSafeNatural(slot) || slot <= slotBefore || slot >= slots) return false;
      if (typeof value !== "string" || !VALUE.test(value)) return false;
      slotBefore = slot;
    }
  }
  return true;
}

/** The changes and the digest of the state after are null together; that before may be there without them. */
function isStateForm(bytes: Uint8Array): boolean {
  const none = isText(bytes, STATE, NULL);
  if (isText(bytes, STATE_AFTER, NULL) !== none) return false;
  const isBefore = isHash(bytes, starts[STATE_BEFORE]!, ends[STATE_BEFORE]!);
  if (none) return isBefore || isText(bytes, STATE_BEFORE, NULL);
  if (!isBefore || !isHash(bytes, starts[STATE_AFTER]!, ends[STATE_AFTER]!)) return false;
  const length = ends[STATE]! - starts[STATE]!;
  if (length === 2) return bytes[starts[STATE]!] === 0x5b;
  return isStateChange(JSON.parse(new TextDecoder().decode(bytes.subarray(starts[STATE]!, ends[STATE]!))));
}

function readInteger(bytes: Uint8Array, field: number): number {
  let value = 0;
  for (let at = starts[field]!; at < ends[field]!; at++) {
    const digit = bytes[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return Number.isSafeInteger(value) ? value : -1;
}

/** The place of a record in its chain, as it states it itself. */
export interface Place {
  sequence: number;
  /** Index of the first of the 64 hexadecimal digits of `previous`. */
  previousAt: number;
}

/**
 * Reads the record in `bytes[start, end)` into `place`. False unless it is canonical JSON with exactly the fields of version 2 and
 * sequence, previous, type, version and state are of their form; `explainRecord` then says what is wrong.
 */
export function readPlace(bytes: Uint8Array, start: number, end: number, place: Place): boolean {
  let at = start;
  for (let field = 0; field < NAMES.length; field++) {
    const name = NAMES[field]!;
    if (!startsWith(bytes, name, at)) return false;
    at += name.length;
    starts[field] = at;
    at = skipCanonical(bytes, at, 1);
    if (at < 0) return false;
    ends[field] = at;
  }
  if (bytes[at] !== CLOSE_BRACE || at + 1 !== end) return false;
  place.sequence = readInteger(bytes, SEQUENCE);
  place.previousAt = starts[PREVIOUS]! + 1;
  return (
    place.sequence >= 0 &&
    isHash(bytes, starts[PREVIOUS]!, ends[PREVIOUS]!) &&
    ends[VERSION]! - starts[VERSION]! === 1 &&
    bytes[starts[VERSION]!] === 0x32 &&
    TYPES.some((type) => isText(bytes, TYPE, type)) &&
    isStateForm(bytes)
  );
}
