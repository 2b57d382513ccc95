/** Strings of a JSON text, RFC 8259 section 7: in place where they hold no escape, else unescaped into the scratch. */
import { CODE_INVALID_JSON, CODE_INVALID_UTF8, CODE_LONE_SURROGATE } from "../../constants";
import { BACKSLASH, LOWER_BIT, LOWER_U, QUOTE, SLASH, ZERO } from "./ascii";
import { copy } from "./bytes";
import { refuse, room, setRoom } from "./state";
import { FLAG_UNESCAPED, KIND_STRING, NODE_BYTES } from "./tape";
import { encode, sequenceEnd } from "./utf8";

/** Bytes before an unescaped content that hold the address of its opening quote. */
const ORIGIN_BYTES: usize = 4;
const NOT_HEX: u32 = 0xffffffff;

/** Bit i: byte i from `at` is a quote, a backslash, a control or not ASCII. */
// @ts-ignore: decorator
@inline
function specials(at: usize): u32 {
  const bytes = v128.load(at);
  return i8x16.bitmask(
    v128.or(
      v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
      i8x16.lt_s(bytes, i8x16.splat(0x20)),
    ),
  );
}

// @ts-ignore: decorator
@inline
function finishNode(node: usize, kind: u32, text: usize, end: usize): void {
  store<u32>(node, kind);
  store<u32>(node, <u32>text, 4);
  store<u32>(node, <u32>(end - text), 8);
  store<u32>(node, <u32>(node + NODE_BYTES), 12);
}

/**
 * Reads the string whose opening quote is at `quote` into the node. The address behind its closing quote, or 0 after a fault.
 * The byte behind the text is zero, so every scan ends.
 */
// @ts-ignore: decorator
@inline
export function readString(quote: usize, node: usize): usize {
  // Most strings end within the first sixteen bytes.
  const mask = specials(quote + 1);
  const end = quote + 1 + ctz(mask);
  if (mask == 0 || load<u8>(end) != QUOTE) return readLongString(quote, node);
  finishNode(node, KIND_STRING, quote + 1, end);
  return end + 1;
}

function readLongString(quote: usize, node: usize): usize {
  let at = quote + 1;
  while (true) {
    const mask = specials(at);
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    const byte: u32 = load<u8>(at);
    if (byte == QUOTE) {
      finishNode(node, KIND_STRING, quote + 1, at);
      return at + 1;
    }
    if (byte == BACKSLASH) return readEscaped(quote, at, node);
    at = skipBeyondAscii(at);
    if (at == 0) return 0;
  }
}

/** Passes the non-ASCII characters at `at`; a control is a fault. */
function skipBeyondAscii(at: usize): usize {
  if (load<u8>(at) < 0x80) return refuse(CODE_INVALID_JSON, at);
  do {
    const end = sequenceEnd(at);
    if (end == 0) return refuse(CODE_INVALID_UTF8, at);
    at = end;
  } while (load<u8>(at) >= 0x80);
  return at;
}

/** Continues at the first backslash: unescapes the whole string into the scratch. */
function readEscaped(quote: usize, at: usize, node: usize): usize {
  const content = room + ORIGIN_BYTES;
  store<u32>(room, <u32>quote);
  let plain = quote + 1;
  let out = content;
  while (true) {
    const mask = specials(at);
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += ctz(mask);
    const byte: u32 = load<u8>(at);
    if (byte != QUOTE && byte != BACKSLASH) {
      at = skipBeyondAscii(at);
      if (at == 0) return 0;
      continue;
    }
    copy(out, plain, <u32>(at - plain));
    out += at - plain;
    if (byte == QUOTE) break;
    at = load<u8>(at, 1) == LOWER_U ? readCodeUnits(at, out) : readShortEscape(at, out);
    if (at == 0) return 0;
    out = escapeOut;
    plain = at;
  }
  finishNode(node, KIND_STRING | FLAG_UNESCAPED, content, out);
  setRoom(out);
  return at + 1;
}

/** Address of the opening quote of a string node. */
export function quoteOf(text: usize, unescaped: bool): usize {
  return unescaped ? <usize>load<u32>(text - ORIGIN_BYTES) : text - 1;
}

/** Where the last escape's character ended in the scratch. */
let escapeOut: usize = 0;

/** `\"` `\\` `\/` `\b` `\f` `\n` `\r` `\t`; the address behind it, or 0. */
function readShortEscape(backslash: usize, out: usize): usize {
  const letter: u32 = load<u8>(backslash, 1);
  let byte: u32 = 0;
  if (letter == QUOTE || letter == BACKSLASH || letter == SLASH) byte = letter;
  else if (letter == 0x62) byte = 0x08;
  else if (letter == 0x66) byte = 0x0c;
  else if (letter == 0x6e) byte = 0x0a;
  else if (letter == 0x72) byte = 0x0d;
  else if (letter == 0x74) byte = 0x09;
  else return refuse(CODE_INVALID_JSON, backslash);
  store<u8>(out, byte);
  escapeOut = out + 1;
  return backslash + 2;
}

/** `\uXXXX`, or two of them for a surrogate pair; the address behind, or 0. A surrogate without its other half is a fault. */
function readCodeUnits(backslash: usize, out: usize): usize {
  let scalar = readHex(backslash + 2);
  let end = backslash + 6;
  if (scalar == NOT_HEX) return refuse(CODE_INVALID_JSON, backslash);
  if (scalar - 0xd800 < 0x800) {
    if (scalar >= 0xdc00 || load<u8>(end) != BACKSLASH || load<u8>(end, 1) != LOWER_U) {
      return refuse(CODE_LONE_SURROGATE, backslash);
    }
    const low = readHex(end + 2);
    if (low == NOT_HEX) return refuse(CODE_INVALID_JSON, end);
    if (low - 0xdc00 >= 0x400) return refuse(CODE_LONE_SURROGATE, backslash);
    scalar = 0x10000 + ((scalar - 0xd800) << 10) + (low - 0xdc00);
    end += 6;
  }
  escapeOut = encode(scalar, out);
  return end;
}

/** Value of four hexadecimal digits, or NOT_HEX. */
function readHex(at: usize): u32 {
  let value: u32 = 0;
  for (const end = at + 4; at < end; at++) {
    const byte: u32 = load<u8>(at);
    let digit = byte - ZERO;
    if (digit > 9) {
      digit = (byte | LOWER_BIT) - 0x61;
      if (digit > 5) return NOT_HEX;
      digit += 10;
    }
    value = (value << 4) | digit;
  }
  return value;
}
