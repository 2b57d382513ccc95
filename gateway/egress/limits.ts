/** Every bound of the policy proxy: sizes in bytes, times in milliseconds. */

/** Request and response heads, with all their lines. */
export const MAX_HEAD_BYTES = 65_536;
/** Any line of a head, without its CRLF. */
export const MAX_LINE_BYTES = 16_384;
export const MAX_FIELDS = 128;
/** Hexadecimal digits of a chunk's size: below 4 GiB. */
export const MAX_CHUNK_DIGITS = 8;
/** All of a chunked body's trailer, which is read and left out. */
export const MAX_TRAILER_BYTES = 8_192;
/** RFC 1035 section 2.3.4, as text without the dot at the end. */
export const MAX_NAME_BYTES = 253;
export const MAX_LABEL_BYTES = 63;
/** The PROXY protocol, version 1: its line with CRLF. */
export const MAX_PROXY_HEADER_BYTES = 107;
/** A ClientHello over all its records. */
export const MAX_HELLO_BYTES = 65_536;
/** A query of DNS; an answer is never longer than it and one record. */
export const MAX_QUERY_BYTES = 512;
/** Names that have an address at one time. */
export const MAX_NAMES = 65_536;
/** An address is given to another name only when nobody was told of it for so long. */
export const NAME_LIVES_MS = 600_000;
/** What a resolver may keep an answer for, in seconds. */
export const ANSWER_TTL_SECONDS = 60;

/** From the first byte of a head, a handshake or a PROXY header to its last. */
export const HEAD_MS = 10_000;
/** A captured connection whose program says nothing is one where the server speaks first. */
export const SILENCE_MS = 300;
/** Resolving a name, and connecting to one address. */
export const DIAL_MS = 10_000;
/** Between two requests of one connection. */
export const KEEP_ALIVE_MS = 75_000;
/** Without a byte either way. */
export const IDLE_MS = 300_000;
/** What a refused program may still send before its connection is ended. */
export const LINGER_MS = 1_000;
export const MAX_CONNECTIONS = 512;
