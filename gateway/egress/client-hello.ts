/** The ClientHello: RFC 8446 sections 4.1.2 and 5.1, RFC 6066 section 3. Only read, and forwarded as it came. */
import { readU16 } from "./bytes.ts";
import { fault, type Parsed, parsed } from "./faults.ts";
import { type Host, parseHostBytes } from "./host.ts";
import { MAX_HELLO_BYTES } from "./limits.ts";

export interface ClientHello {
  /** Null when it names none. */
  readonly serverName: Host | null;
  /** Whether it has an encrypted one within, or looks so: the name is the outer one then. */
  readonly encrypted: boolean;
}

export const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const RECORD_HEAD = 5;
const MAX_RECORD_BYTES = 16_384;
/** Where the last record may begin. */
const MAX_RECORDS_BYTES = 2 * MAX_HELLO_BYTES;
/** Type and length of a handshake message. */
const MESSAGE_HEAD = 4;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

/** Fatal `access_denied`, RFC 8446 section 6. */
export const ACCESS_DENIED = Uint8Array.of(21, 3, 3, 0, 2, 2, 49);

interface Joined {
  /** The handshake's bytes so far. */
  readonly message: Uint8Array;
  /** A record is none of a handshake, or there are too many. */
  readonly broken: boolean;
  /** The last record is all there. */
  readonly whole: boolean;
}

function joinRecords(bytes: Uint8Array): Joined {
  const parts: Uint8Array[] = [];
  let at = 0;
  let total = 0;
  let wanted = Number.POSITIVE_INFINITY;
  const result = (broken: boolean): Joined => ({
    message: joined(parts, total),
    broken,
    whole: at <= bytes.length,
  });
  while (at < bytes.length && total < wanted) {
    if (bytes[at] !== HANDSHAKE_RECORD || at > MAX_RECORDS_BYTES) return result(true);
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return result(true);
    if (bytes.length - at < RECORD_HEAD) break;
    const length = readU16(bytes, at + 3);
    if (length === 0 || length > MAX_RECORD_BYTES) return result(true);
    const part = bytes.subarray(at + RECORD_HEAD, at + RECORD_HEAD + length);
    parts.push(part);
    total += part.length;
    at += RECORD_HEAD + length;
    if (wanted === Number.POSITIVE_INFINITY && total >= MESSAGE_HEAD) {
      const head = joined(parts, total);
      wanted = MESSAGE_HEAD + ((head[1]! << 16) | readU16(head, 2));
    }
  }
  return result(false);
}

function joined(parts: readonly Uint8Array[], total: number): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A field behind its length of `size` bytes: where it begins and ends, or null when it does not fit. */
function field(bytes: Uint8Array, at: number, size: 1 | 2): { start: number; end: number } | null {
  if (at + size > bytes.length) return null;
  const start = at + size;
  const end = start + (size === 1 ? bytes[at]! : readU16(bytes, at));
  return end > bytes.length ? null : { start, end };
}

/** Null: more bytes are needed. */
export function parseClientHello(bytes: Uint8Array): Parsed<ClientHello> | null {
  const { message, broken, whole } = joinRecords(bytes);
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return fault("hello_invalid");
  const length = message.length < MESSAGE_HEAD ? 0 : (message[1]! << 16) | readU16(message, 2);
  if (length > MAX_HELLO_BYTES) return fault("hello_invalid");
  if (message.length < MESSAGE_HEAD || message.length < MESSAGE_HEAD + length)
    return broken ? fault("hello_invalid") : null;
  // Another message in the same record would be read by the server as part of the handshake.
  if (message.length > MESSAGE_HEAD + length) return fault("hello_invalid");
  return whole ? parseBody(message.subarray(MESSAGE_HEAD)) : null;
}

function parseBody(body: Uint8Array): Parsed<ClientHello> {
  const session = field(body, 34, 1);
  const suites = session === null ? null : field(body, session.end, 2);
  const compression = suites === null ? null : field(body, suites.end, 1);
  if (compression === null) return fault("hello_invalid");
  if (compression.end === body.length) return parsed({ serverName: null, encrypted: false });
  const extensions = field(body, compression.end, 2);
  if (extensions === null || extensions.end !== body.length) return fault("hello_invalid");
  return parseExtensions(body.subarray(extensions.start));
}

function parseExtensions(bytes: Uint8Array): Parsed<ClientHello> {
  const seen = new Set<number>();
  let serverName: Host | null = null;
  for (let at = 0; at < bytes.length; ) {
    const extension = at + 2 > bytes.length ? null : field(bytes, at + 2, 2);
    if (extension === null) return fault("hello_invalid");
    const type = readU16(bytes, at);
    // RFC 8446 section 4.2: at most one of a type.
    if (seen.has(type)) return fault("hello_invalid");
    seen.add(type);
    if (type === SERVER_NAME) {
      const name = parseServerName(bytes.subarray(extension.start, extension.end));
      if (!name.ok) return name;
      serverName = name.value;
    }
    at = extension.end;
  }
  return parsed({ serverName, encrypted: seen.has(ENCRYPTED_CLIENT_HELLO) });
}

/** Just one name, and of the only kind there is. */
function parseServerName(bytes: Uint8Array): Parsed<Host> {
  const list = field(bytes, 0, 2);
  if (list === null || list.end !== bytes.length || bytes[2] !== HOST_NAME) return fault("hello_invalid");
  const name = field(bytes, 3, 2);
  if (name === null || name.end !== bytes.length) return fault("hello_invalid");
  return parseHostBytes(bytes.subarray(name.start, name.end));
}
