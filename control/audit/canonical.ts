/**
 * Whether bytes are JSON in canonical form (RFC 8785), in one pass and without building the value. `slowlyCanonical` says the
 * same by way of `JSON.parse`; a test holds the two against each other.
 */
const MAX_DEPTH = 80;
const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LONE_SURROGATE = /[\ud800-\udfff]/u;
/** Longest decimal integer of which every spelling without a leading zero is the shortest one. */
const PLAIN_DIGITS = 15;

/** 1 for the bytes that stand for themselves in a string. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x20 && byte < 0x80 && byte !== QUOTE && byte !== BACKSLASH ? 1 : 0,
);

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const TRUE = encode("true");
const FALSE = encode("false");
const NULL = encode("null");

export function startsWith(bytes: Uint8Array, part: Uint8Array, at: number): boolean {
  for (let index = 0; index < part.length; index++) if (bytes[at + index] !== part[index]) return false;
  return true;
}

/** Escapes that RFC 8785 section 3.2.2.2 writes: `\" \\ \b \f \n \r \t`, and `\u00XX` for the other controls. -1 for any other. */
function skipEscape(bytes: Uint8Array, at: number): number {
  const kind = bytes[at + 1];
  if (kind === QUOTE || kind === BACKSLASH) return at + 2;
  if (kind === 0x62 || kind === 0x66 || kind === 0x6e || kind === 0x72 || kind === 0x74) return at + 2;
  if (kind !== 0x75 || bytes[at + 2] !== 0x30 || bytes[at + 3] !== 0x30) return -1;
  const high = bytes[at + 4];
  const low = bytes[at + 5]!;
  const digit = (low >= 0x30 && low <= 0x39) || (low >= 0x61 && low <= 0x66);
  if (!digit || (high !== 0x30 && high !== 0x31)) return -1;
  const short =
    high === 0x30 && (low === 0x38 || low === 0x39 || low === 0x61 || low === 0x63 || low === 0x64);
  return short ? -1 : at + 6;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

/** RFC 3629 section 4: well-formed, so neither overlong nor a surrogate. -1 for any other. */
function skipCharacter(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  const second = bytes[at + 1]!;
  if (lead < 0xc2 || !isContinuation(second)) return -1;
  if (lead < 0xe0) return at + 2;
  if (!isContinuation(bytes[at + 2])) return -1;
  if (lead < 0xf0) {
    return (lead === 0xe0 && second < 0xa0) || (lead === 0xed && second > 0x9f) ? -1 : at + 3;
  }
  if (lead > 0xf4 || !isContinuation(bytes[at + 3])) return -1;
  return (lead === 0xf0 && second < 0x90) || (lead === 0xf4 && second > 0x8f) ? -1 : at + 4;
}

/** @returns behind the closing quote, or -1. `at` is the opening one. */
function skipString(bytes: Uint8Array, start: number): number {
  let at = start + 1;
  while (at >= 0) {
    while (PLAIN[bytes[at]!] === 1) at++;
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) at = skipEscape(bytes, at);
    else if (byte !== undefined && byte >= 0x80) at = skipCharacter(bytes, at);
    else return -1;
  }
  return -1;
}

/** Section 3.2.2.3: as ECMAScript prints the nearest double. */
function skipNumber(bytes: Uint8Array, start: number): number {
  let at = start;
  if (bytes[at] === 0x2d) at++;
  const first = at;
  while (bytes[at]! >= 0x30 && bytes[at]! <= 0x39) at++;
  const digits = at - first;
  const next = bytes[at];
  const whole = next !== 0x2e && next !== 0x65;
  if (whole && digits > 0 && digits <= PLAIN_DIGITS) {
    return bytes[first] !== 0x30 || (digits === 1 && first === start) ? at : -1;
  }
  while (at < bytes.length && isNumberByte(bytes[at]!)) at++;
  const text = decoder.decode(bytes.subarray(start, at));
  return /^-?[0-9]/.test(text) && String(Number(text)) === text ? at : -1;
}

function isNumberByte(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x65 || byte === 0x2b || byte === 0x2d;
}

/** Whether one key, quotes included, stands before another in the order of UTF-16 code units (section 3.2.3). */
function isBefore(
  bytes: Uint8Array,
  left: number,
  leftEnd: number,
  right: number,
  rightEnd: number,
): boolean {
  const length = Math.min(leftEnd - left, rightEnd - right);
  for (let index = 1; index < length; index++) {
    const one = bytes[left + index]!;
    const other = bytes[right + index]!;
    // Bytes tell the order of ASCII; elsewhere UTF-16 and UTF-8 differ, and an escape stands for another byte.
    if (one >= 0x80 || other >= 0x80 || one === BACKSLASH || other === BACKSLASH) break;
    if (one === other) continue;
    if (one === QUOTE || other === QUOTE) return one === QUOTE;
    return one < other;
  }
  const key = (from: number, to: number) => JSON.parse(decoder.decode(bytes.subarray(from, to))) as string;
  return key(left, leftEnd) < key(right, rightEnd);
}

function skipObject(bytes: Uint8Array, start: number, depth: number): number {
  let at = start + 1;
  if (bytes[at] === CLOSE_BRACE) return at + 1;
  let key = -1;
  let keyEnd = -1;
  for (;;) {
    if (bytes[at] !== QUOTE) return -1;
    const end = skipString(bytes, at);
    if (end < 0 || bytes[end] !== COLON) return -1;
    if (key >= 0 && !isBefore(bytes, key, keyEnd, at, end)) return -1;
    key = at;
    keyEnd = end;
    at = skipCanonical(bytes, end + 1, depth + 1);
    if (at < 0) return -1;
    if (bytes[at] === CLOSE_BRACE) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at++;
  }
}

function skipList(bytes: Uint8Array, start: number, depth: number): number {
  let at = start + 1;
  if (bytes[at] === CLOSE_BRACKET) return at + 1;
  for (;;) {
    at = skipCanonical(bytes, at, depth + 1);
    if (at < 0) return -1;
    if (bytes[at] === CLOSE_BRACKET) return at + 1;
    if (bytes[at] !== COMMA) return -1;
    at++;
  }
}

/** @returns the index behind the canonical JSON value that begins at `at`, or -1 when none does. */
export function skipCanonical(bytes: Uint8Array, at: number, depth: number): number {
  if (depth > MAX_DEPTH) return -1;
  const first = bytes[at];
  if (first === QUOTE) return skipString(bytes, at);
  if (first === OPEN_BRACE) return skipObject(bytes, at, depth);
  if (first === OPEN_BRACKET) return skipList(bytes, at, depth);
  if (first === NULL[0]) return startsWith(bytes, NULL, at) ? at + 4 : -1;
  if (first === TRUE[0]) return startsWith(bytes, TRUE, at) ? at + 4 : -1;
  if (first === FALSE[0]) return startsWith(bytes, FALSE, at) ? at + 5 : -1;
  return skipNumber(bytes, at);
}

/** RFC 8785 of a value that `JSON.parse` gave. @throws RangeError for what has no canonical form here. */
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

/** What the bytes hold, by way of `JSON.parse`; null when they are no JSON in UTF-8. */
export function slowlyCanonical(bytes: Uint8Array): { value: unknown; canonical: boolean } | null {
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return null;
  }
  try {
    return { value, canonical: canonicalText(value, 0) === text };
  } catch (error) {
    if (error instanceof RangeError) return { value, canonical: false };
    throw error;
  }
}
