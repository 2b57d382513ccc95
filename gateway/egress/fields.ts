/** Header fields of HTTP/1.1, RFC 9110 section 5 and RFC 9112: their lines, and what they say about a connection and a body. */
import { latin1 } from "./bytes.ts";
import { fault, type Parsed, parsed } from "./faults.ts";
import { MAX_FIELDS, MAX_HEAD_BYTES, MAX_LINE_BYTES } from "./limits.ts";

export interface Field {
  /** As it was written. */
  readonly name: string;
  readonly lower: string;
  /** Without the spaces around it. */
  readonly value: string;
}

/** How a body ends. `close`: with the connection, only of a response. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** A request's value. What is beyond ASCII has no one meaning. */
const VALUE = /^[\x20-\x7e]*$/;
/** A response's value, RFC 9110 section 5.5. */
const RESPONSE_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Fields of this connection alone, RFC 9110 section 7.6.1; those of proxies go by their first word. */
const HOP_BY_HOP = new Set([
  "connection",
  "http2-settings",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Refused when they stand twice. */
const SINGLE = new Set([
  "authorization",
  "content-length",
  "content-range",
  "content-type",
  "expect",
  "host",
  "proxy-authorization",
  "range",
  "transfer-encoding",
  "upgrade",
]);

/** What a `connection` may not name, nor another spelling stand for: how a request is read depends on it. */
const ESSENTIAL = new Set([
  "authorization",
  "content-length",
  "content-type",
  "cookie",
  "host",
  "transfer-encoding",
]);

/** Where a head ends: behind its empty line. Null: more bytes are needed. `from`: where a line begins before which there was no fault. */
export function findHeadEnd(bytes: Uint8Array, from = 0): Parsed<{ end: number; next: number }> {
  let at = from;
  for (;;) {
    const found = bytes.indexOf(LINE_FEED, at);
    const lineEnd = found === -1 ? bytes.length : found;
    if (lineEnd - at > MAX_LINE_BYTES + 1) return fault("line_too_long");
    if (lineEnd >= MAX_HEAD_BYTES) return fault("head_too_large");
    const bare = bytes.subarray(at, lineEnd).indexOf(RETURN);
    if (bare !== -1 && at + bare < lineEnd - 1) return fault("line_end_invalid");
    if (found === -1) return parsed({ end: -1, next: at });
    if (bare === -1) return fault("line_end_invalid");
    if (found - at === 1) return parsed({ end: found + 1, next: found + 1 });
    at = found + 1;
  }
}

/** @param head up to and with its empty line, as `findHeadEnd` found it. */
export function headLines(head: Uint8Array): string[] {
  return latin1(head, 0, head.length - 4).split("\r\n");
}

function parseField(line: string, values: RegExp): Field | null {
  const colon = line.indexOf(":");
  if (colon < 1) return null;
  const name = line.slice(0, colon);
  // Only these are spaces here: `trim` takes others too.
  const value = line.slice(colon + 1).replace(/^[ \t]+/, "");
  let end = value.length;
  while (end > 0 && (value[end - 1] === " " || value[end - 1] === "\t")) end -= 1;
  const trimmed = value.slice(0, end);
  return NAME.test(name) && values.test(trimmed) ? { name, lower: name.toLowerCase(), value: trimmed } : null;
}

function parseAll(
  lines: readonly string[],
  values: RegExp,
  single: (lower: string) => boolean,
): Parsed<Field[]> {
  if (lines.length > MAX_FIELDS) return fault("head_too_large");
  const fields: Field[] = [];
  const seen = new Set<string>();
  for (const line of lines) {
    const field = parseField(line, values);
    if (field === null) return fault("line_invalid");
    // Servers behind CGI take `_` for `-`.
    if (field.lower.includes("_") && ESSENTIAL.has(field.lower.replaceAll("_", "-")))
      return fault("line_invalid");
    if (seen.has(field.lower) && single(field.lower)) return fault("field_repeated");
    seen.add(field.lower);
    fields.push(field);
  }
  return parsed(fields);
}

export function parseRequestFields(lines: readonly string[]): Parsed<Field[]> {
  return parseAll(lines, VALUE, (lower) => SINGLE.has(lower));
}

export function parseResponseFields(lines: readonly string[]): Parsed<Field[]> {
  const single = (lower: string) => lower === "content-length" || lower === "transfer-encoding";
  return parseAll(lines, RESPONSE_VALUE, single);
}

/** The value of a field that stands once, or the first. */
export function fieldValue(fields: readonly Field[], lower: string): string | null {
  return fields.find((field) => field.lower === lower)?.value ?? null;
}

/** Words of a list, such as `connection`'s, in small letters. */
export function listOf(fields: readonly Field[], lower: string): string[] {
  return fields
    .filter((field) => field.lower === lower)
    .flatMap((field) => field.value.split(","))
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== "");
}

/** Without those of one connection, those that `connection` names, and those for proxies. */
export function endToEnd(fields: readonly Field[]): Parsed<Field[]> {
  const named = new Set(listOf(fields, "connection"));
  if ([...named].some((name) => ESSENTIAL.has(name))) return fault("line_invalid");
  return parsed(
    fields.filter(
      ({ lower }) =>
        !HOP_BY_HOP.has(lower) &&
        !named.has(lower) &&
        !lower.startsWith("proxy-") &&
        lower !== "content-length",
    ),
  );
}

/** RFC 9112 section 6, without what it lets a recipient repair. `otherwise`: when neither field says anything. */
export function framingOf(
  fields: readonly Field[],
  minor: number,
  otherwise: "none" | "close",
): Parsed<Framing> {
  const length = fieldValue(fields, "content-length");
  const encoding = fieldValue(fields, "transfer-encoding");
  if (encoding !== null) {
    if (length !== null || minor === 0 || encoding.toLowerCase() !== "chunked") return fault("framing_mixed");
    return parsed({ kind: "chunked" });
  }
  if (length === null) return parsed({ kind: otherwise });
  if (!/^(?:0|[1-9]\d{0,14})$/.test(length)) return fault("framing_mixed");
  return parsed({ kind: "length", bytes: Number(length) });
}
