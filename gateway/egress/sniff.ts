/** What a program speaks, by its first bytes. */
import { latin1 } from "./bytes.ts";
import { HANDSHAKE_RECORD } from "./client-hello.ts";
import { SOCKS_VERSION } from "./socks5.ts";

export type Spoken = "tls" | "http" | "http2" | "other";

/** Behind the longest method that is known and a space comes how a target begins. */
const HTTP_START = /^[A-Z]{1,32} (?:\/|\*|[Hh][Tt][Tt][Pp])/;
const MAYBE_HTTP = /^[A-Z]{0,32}(?:[A-Z]? (?:[Hh](?:[Tt]{0,2}))?)?$/;
/** RFC 9113 section 3.4. */
const HTTP2_START = "PRI * HTTP/2.0";
const SNIFFED_BYTES = 48;

/** To a captured connection. Null: the next bytes will tell. */
export function sniff(bytes: Uint8Array): Spoken | null {
  if (bytes.length === 0) return null;
  if (bytes[0] === HANDSHAKE_RECORD) return "tls";
  const start = latin1(bytes, 0, Math.min(bytes.length, SNIFFED_BYTES));
  if (start.startsWith(HTTP2_START)) return "http2";
  if (HTTP2_START.startsWith(start)) return null;
  if (HTTP_START.test(start)) return "http";
  return MAYBE_HTTP.test(start) ? null : "other";
}

/** To the proxy itself: SOCKS5, or HTTP/1.1 and nothing else. */
export function sniffProxy(first: number): "socks5" | "http" {
  return first === SOCKS_VERSION ? "socks5" : "http";
}
