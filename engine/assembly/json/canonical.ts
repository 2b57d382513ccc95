/** RFC 8785 (JSON Canonicalization Scheme) from a tape. */
import { MAX_NESTING } from "../../constants";
import {
  BACKSLASH,
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  LOWER_E,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
  SPACE,
  WORD_FALS,
  WORD_NULL,
  WORD_TRUE,
  ZERO,
} from "./ascii";
import { copy } from "./bytes";
import { SLOT_BYTES, sortKeys } from "./order";
import {
  firstOf,
  FLAG_UNESCAPED,
  KIND_CANONICAL,
  KIND_FALSE,
  KIND_LIST,
  KIND_MASK,
  KIND_NULL,
  KIND_NUMBER,
  KIND_OBJECT,
  KIND_STRING,
  lengthOf,
  nextOf,
  textOf,
  valueOf,
} from "./tape";

/** Scratch that `write` needs for each member of the tape: a slot, and one to sort with. */
export const SORT_BYTES_PER_MEMBER: u32 = 8;

/** Per open container: 0 u32 next child (node of a list, sorted slot of an object), 4 u32 end of these, 8 u32 kind, 12 u32 the scratch before it. */
const frames: usize = memory.data((MAX_NESTING + 1) << 4, 16);

const FRAME_BYTES: usize = 16;
/** Per control its escape's letter: `b` `t` `n` `f` `r`, or 0. */
const SHORT_ESCAPES: usize = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0x62, 0x74, 0x6e, 0, 0x66, 0x72, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);
/** `[]`, `{}` and `u00`, little-endian. */
const EMPTY_LIST: u32 = 0x5d5b;
const EMPTY_OBJECT: u32 = 0x7d7b;
const U_ZERO_ZERO: u32 = 0x303075;

/**
 * Writes the node's canonical form at `out`; the address behind it, or 0 when it would pass `limit`. `out` needs SLACK_BYTES behind
 * `limit`, which are overwritten. `scratch` is 8-aligned free room of SORT_BYTES_PER_MEMBER for each member of the tape.
 */
export function write(node: usize, out: usize, limit: usize, scratch: usize): usize {
  let frame = frames;
  while (true) {
    const kind = load<u32>(node) & KIND_MASK;
    if ((kind == KIND_LIST || kind == KIND_OBJECT) && lengthOf(node) != 0) {
      if (out > limit) return 0;
      frame += FRAME_BYTES;
      store<u8>(out++, kind == KIND_LIST ? OPEN_LIST : OPEN_OBJECT);
      scratch = openFrame(frame, node, kind, scratch);
    } else {
      out = writeLeaf(node, kind, out, limit);
      if (out == 0) return 0;
      store<u8>(out++, COMMA);
    }
    // A value and a comma, or an opening bracket, are written: close what ends here, go on with what comes next.
    while (frame > frames && load<u32>(frame) == load<u32>(frame, 4)) {
      store<u8>(out - 1, load<u32>(frame, 8) == KIND_LIST ? CLOSE_LIST : CLOSE_OBJECT);
      store<u8>(out++, COMMA);
      scratch = load<u32>(frame, 12);
      frame -= FRAME_BYTES;
    }
    if (frame == frames) return out - 1 <= limit ? out - 1 : 0;
    const next: usize = load<u32>(frame);
    if (load<u32>(frame, 8) == KIND_LIST) {
      node = next;
      store<u32>(frame, <u32>nextOf(next));
      continue;
    }
    const key: usize = load<u32>(next);
    node = valueOf(key);
    store<u32>(frame, <u32>(next + SLOT_BYTES));
    out = writeLeaf(key, KIND_STRING, out, limit);
    if (out == 0) return 0;
    store<u8>(out++, COLON);
  }
}

/** Begins a container that has children; the scratch behind what it needs. */
function openFrame(frame: usize, node: usize, kind: u32, scratch: usize): usize {
  store<u32>(frame, <u32>scratch, 12);
  store<u32>(frame, kind, 8);
  if (kind == KIND_OBJECT) {
    sortKeys(node, scratch);
    const end = scratch + <usize>lengthOf(node) * SLOT_BYTES;
    store<u32>(frame, <u32>scratch);
    store<u32>(frame, <u32>end, 4);
    return (end + 7) & ~7;
  }
  store<u32>(frame, <u32>firstOf(node));
  store<u32>(frame, <u32>nextOf(node), 4);
  return scratch;
}

/** A value without children; the address behind it, or 0. */
function writeLeaf(node: usize, kind: u32, out: usize, limit: usize): usize {
  const length = lengthOf(node);
  if (kind == KIND_STRING) {
    if ((load<u32>(node) & FLAG_UNESCAPED) != 0) return writeString(textOf(node), length, out, limit);
    if (out + length + 2 > limit) return 0;
    store<u8>(out, QUOTE);
    copy(out + 1, textOf(node), length);
    store<u8>(out + 1 + length, QUOTE);
    return out + 2 + length;
  }
  if (kind == KIND_NUMBER || kind == KIND_CANONICAL) {
    if (out + length > limit) return 0;
    copy(out, textOf(node), length);
    return out + length;
  }
  const end = writeWord(kind, out);
  return end <= limit ? end : 0;
}

/** A literal or an empty container, at most 5 bytes. */
function writeWord(kind: u32, out: usize): usize {
  if (kind == KIND_LIST || kind == KIND_OBJECT) {
    store<u16>(out, kind == KIND_LIST ? EMPTY_LIST : EMPTY_OBJECT);
    return out + 2;
  }
  if (kind == KIND_FALSE) {
    store<u32>(out, WORD_FALS);
    store<u8>(out, LOWER_E, 4);
    return out + 5;
  }
  store<u32>(out, kind == KIND_NULL ? WORD_NULL : WORD_TRUE);
  return out + 4;
}

/** Writes UTF-8 text as a canonical JSON string with its quotes (RFC 8785 section 3.2.2.2); the address behind it, or 0. */
export function writeString(text: usize, length: u32, out: usize, limit: usize): usize {
  const end = text + length;
  if (out + length + 2 > limit) return 0;
  store<u8>(out++, QUOTE);
  while (true) {
    const bytes = v128.load(text);
    v128.store(out, bytes);
    const mask = i8x16.bitmask(
      v128.or(
        v128.or(i8x16.eq(bytes, i8x16.splat(0x22)), i8x16.eq(bytes, i8x16.splat(0x5c))),
        i8x16.lt_u(bytes, i8x16.splat(0x20)),
      ),
    );
    const plain = min(<usize>(mask == 0 ? 16 : ctz(mask)), end - text);
    text += plain;
    out += plain;
    if (out > limit) return 0;
    if (text == end) break;
    if (plain < 16) out = writeEscape(load<u8>(text++), out);
  }
  store<u8>(out++, QUOTE);
  return out <= limit ? out : 0;
}

/** The escape of a quote, a backslash or a control. */
function writeEscape(byte: u32, out: usize): usize {
  store<u8>(out, BACKSLASH);
  let letter: u32 = byte;
  if (byte < SPACE) letter = load<u8>(SHORT_ESCAPES + byte);
  if (letter != 0) {
    store<u8>(out, letter, 1);
    return out + 2;
  }
  store<u32>(out, U_ZERO_ZERO, 1);
  store<u8>(out, ZERO + (byte >> 4), 4);
  const low = byte & 15;
  store<u8>(out, low < 10 ? ZERO + low : 0x57 + low, 5);
  return out + 6;
}

export { writeInteger } from "../number/text";
