/** What control/ports.ts asks of keys, values and records, checked alike by every store. Whoever breaks it gets a TypeError or RangeError. */
import type { ChainTip, LedgerOutcome, LedgerView, SealedRecord, StateWrite } from "../ports.ts";

export const MAX_KEY_BYTES = 1024;
export const MAX_VALUE_BYTES = 1_048_576;
export const HASH_BYTES = 32;

const SURROGATE = /\p{Surrogate}/u;
const encoder = new TextEncoder();

/** UTF-8 of a text. @throws RangeError for a lone surrogate, which has no UTF-8. */
export function encodeText(name: string, text: string): Uint8Array {
  if (typeof text !== "string") throw new TypeError(`${name}: a string, not ${typeof text}`);
  if (SURROGATE.test(text)) throw new RangeError(`${name}: well-formed Unicode, not a lone surrogate`);
  return encoder.encode(text);
}

/** UTF-8 of a key. */
export function encodeKey(key: string): Uint8Array {
  const bytes = encodeText("key", key);
  if (bytes.length === 0 || bytes.length > MAX_KEY_BYTES) {
    throw new RangeError(`key: 1 to ${MAX_KEY_BYTES} bytes of UTF-8, not ${bytes.length}`);
  }
  return bytes;
}

export function checkValue(bytes: Uint8Array | null): void {
  if (bytes === null) return;
  if (!(bytes instanceof Uint8Array)) throw new TypeError("bytes: a Uint8Array or null");
  if (bytes.length > MAX_VALUE_BYTES) {
    throw new RangeError(`bytes: at most ${MAX_VALUE_BYTES}, not ${bytes.length}`);
  }
}

export function checkWrites(writes: readonly StateWrite[]): void {
  const seen = new Set<string>();
  for (const { key, expected, bytes } of writes) {
    encodeKey(key);
    checkValue(bytes);
    if (!Number.isSafeInteger(expected) || expected < 0) {
      throw new RangeError(`expected: a version from 0, not ${expected}`);
    }
    if (seen.has(key)) throw new RangeError(`writes: every key once, not ${key} twice`);
    seen.add(key);
  }
}

export function checkListing(prefix: string, after: string | null, limit: number): void {
  encodeText("prefix", prefix);
  if (after !== null) encodeText("after", after);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new RangeError(`limit: an integer from 1, not ${limit}`);
}

/** The first of all texts' UTF-8 that is behind every text with that prefix. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  // No byte of UTF-8 is above 0xf4.
  if (prefix.length === 0) return Uint8Array.of(0xff);
  const end = prefix.slice();
  end[end.length - 1]! += 1;
  return end;
}

export function checkSequence(from: number): void {
  if (!Number.isSafeInteger(from) || from < 0) throw new RangeError(`from: a sequence from 0, not ${from}`);
}

/** @returns the tip behind the records. */
export function checkRecords(tip: ChainTip, records: readonly SealedRecord[]): ChainTip {
  let { sequence, previous } = tip;
  for (const one of records) {
    if (one.sequence !== sequence) throw new RangeError(`records: sequence ${sequence}, not ${one.sequence}`);
    if (!(one.record instanceof Uint8Array)) throw new TypeError("record: a Uint8Array");
    if (!(one.hash instanceof Uint8Array) || one.hash.length !== HASH_BYTES) {
      throw new RangeError(`hash: ${HASH_BYTES} bytes`);
    }
    sequence++;
    previous = one.hash;
  }
  return { sequence, previous };
}

export function sameTip(left: ChainTip, right: ChainTip): boolean {
  if (left.sequence !== right.sequence || left.previous.length !== right.previous.length) return false;
  return left.previous.every((byte, index) => byte === right.previous[index]);
}

/** `work` that sees and writes no key but those asked for, writes only beside a record, and whose records follow the view's tip. */
export function checkedWork<Value>(
  keys: readonly string[],
  work: (view: LedgerView) => LedgerOutcome<Value>,
): (view: LedgerView) => LedgerOutcome<Value> {
  for (const key of keys) encodeKey(key);
  const asked = new Set(keys);
  return (view) => {
    const outcome = work({
      tip: view.tip,
      get(key) {
        if (!asked.has(key)) throw new RangeError(`key: one of those asked for, not ${key}`);
        return view.get(key);
      },
    });
    checkRecords(view.tip, outcome.records);
    for (const [key, bytes] of outcome.writes) {
      if (!asked.has(key)) throw new RangeError(`writes: only keys asked for, not ${key}`);
      checkValue(bytes);
    }
    if (outcome.records.length === 0 && outcome.writes.size > 0)
      throw new TypeError("writes: only with a record");
    return outcome;
  };
}

/** Order of the UTF-8 of two well-formed texts. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const [a, b] = [left.charCodeAt(index), right.charCodeAt(index)];
    if (a === b) continue;
    // Surrogates stand for code points above all others, though their code units are not the highest.
    return rank(a) - rank(b);
  }
  return left.length - right.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
