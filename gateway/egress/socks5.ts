/** SOCKS5, RFC 1928: CONNECT alone; without authentication, or with the user and password of RFC 1929. */

import { addressText, parseIpv6 } from "./address.ts";
import { readU16 } from "./bytes.ts";
import { fault, type Parsed, parsed } from "./faults.ts";
import { hostOf, parseHostBytes } from "./host.ts";
import type { Destination } from "./proxy-header.ts";

export const SOCKS_VERSION = 5;
const PASSWORD_VERSION = 1;
const CONNECT = 1;
const IPV4 = 1;
const NAME = 3;
const IPV6 = 4;

export const METHOD_NONE = 0;
export const METHOD_PASSWORD = 2;
export const METHOD_UNACCEPTABLE = 0xff;

export type SocksReply = "granted" | "failed" | "denied" | "unreachable" | "refused" | "command" | "address";
/** RFC 1928 section 6. */
const REPLIES: Record<SocksReply, number> = {
  granted: 0,
  failed: 1,
  denied: 2,
  unreachable: 4,
  refused: 5,
  command: 7,
  address: 8,
};

export interface Taken<T> {
  readonly taken: T;
  /** Bytes that it takes. */
  readonly length: number;
}

/** The methods offered. Null: more bytes are needed. */
export function parseGreeting(bytes: Uint8Array): Parsed<Taken<readonly number[]>> | null {
  if (bytes.length > 0 && bytes[0] !== SOCKS_VERSION) return fault("socks_invalid");
  if (bytes.length < 2) return null;
  const length = 2 + bytes[1]!;
  if (length === 2) return fault("socks_invalid");
  return bytes.length < length ? null : parsed({ taken: [...bytes.subarray(2, length)], length });
}

export interface Password {
  readonly user: Uint8Array;
  readonly password: Uint8Array;
}

/** RFC 1929 section 2. Null: more bytes are needed. */
export function parsePassword(bytes: Uint8Array): Parsed<Taken<Password>> | null {
  if (bytes.length > 0 && bytes[0] !== PASSWORD_VERSION) return fault("socks_invalid");
  if (bytes.length < 2) return null;
  const userEnd = 2 + bytes[1]!;
  if (bytes.length <= userEnd) return null;
  const length = userEnd + 1 + bytes[userEnd]!;
  if (bytes.length < length) return null;
  return parsed({
    taken: { user: bytes.slice(2, userEnd), password: bytes.slice(userEnd + 1, length) },
    length,
  });
}

/** A request whose form is right and whose reply says why it is not granted. */
export type SocksRequest = Destination | { readonly reply: "command" | "address" };

/** Null: more bytes are needed. */
export function parseSocksRequest(bytes: Uint8Array): Parsed<Taken<SocksRequest>> | null {
  if (bytes.length > 0 && bytes[0] !== SOCKS_VERSION) return fault("socks_invalid");
  if (bytes.length > 2 && bytes[2] !== 0) return fault("socks_invalid");
  if (bytes.length < 5) return null;
  const kind = bytes[3]!;
  const start = kind === NAME ? 5 : 4;
  const size = kind === IPV4 ? 4 : kind === IPV6 ? 16 : kind === NAME ? bytes[4]! : -1;
  if (size === -1) return parsed({ taken: { reply: "address" }, length: bytes.length });
  const length = start + size + 2;
  if (bytes.length < length) return null;
  if (bytes[1] !== CONNECT) return parsed({ taken: { reply: "command" }, length });
  const host = hostAt(kind, bytes.slice(start, start + size));
  if (!host.ok) return host;
  const port = readU16(bytes, start + size);
  return port === 0 ? fault("port_invalid") : parsed({ taken: { host: host.value, port }, length });
}

function hostAt(kind: number, bytes: Uint8Array) {
  if (kind === IPV4) return parsed(hostOf(bytes));
  // Once more through text, where an address that stands for an IPv4 one becomes that.
  if (kind === IPV6) return parsed(hostOf(parseIpv6(addressText(bytes))!));
  const host = parseHostBytes(bytes);
  // A name in brackets is no name: this field has no syntax of URLs.
  return host.ok && bytes[0] === 0x5b ? fault("host_invalid") : host;
}

/** With the address 0.0.0.0:0, since what was dialled is none of the program's business. */
export function socksReply(reply: SocksReply): Uint8Array {
  return Uint8Array.of(SOCKS_VERSION, REPLIES[reply], 0, IPV4, 0, 0, 0, 0, 0, 0);
}

export function methodReply(method: number): Uint8Array {
  return Uint8Array.of(SOCKS_VERSION, method);
}

export function passwordReply(accepted: boolean): Uint8Array {
  return Uint8Array.of(PASSWORD_VERSION, accepted ? 0 : 1);
}
