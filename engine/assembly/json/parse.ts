/**
 * JSON text (RFC 8259, strict) to a tape, in one pass and without recursion.
 *
 * Refused: what is not UTF-8 or JSON, duplicate keys, lone surrogates, nesting over MAX_NESTING, numbers without a canonical form.
 * The first fault met while reading decides; a duplicate key is met at its object's closing brace.
 */
import {
  CODE_DUPLICATE_KEY,
  CODE_INPUT_TOO_LARGE,
  CODE_TOO_DEEP,
  MAX_INPUT_BYTES,
  MAX_NESTING,
} from "../../constants";
import { readNumber } from "../number/text";
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  COLON,
  COMMA,
  LOWER_BIT,
  LOWER_E,
  OPEN_OBJECT,
  QUOTE,
  SPACE,
  WORD_ALSE,
  WORD_FALS,
  WORD_NULL,
  WORD_TRUE,
} from "./ascii";
import { findDuplicate } from "./order";
import { faultAt, faultCode, refuse, room, setRoom, unexpected } from "./state";
import { quoteOf, readString } from "./string";
import {
  FLAG_UNESCAPED,
  KIND_FALSE,
  KIND_LIST,
  KIND_NULL,
  KIND_OBJECT,
  KIND_TRUE,
  kindOf,
  lengthOf,
  nextOf,
  NODE_BYTES,
  textOf,
} from "./tape";

/** Tape for the longest text `[1,1,…`: a node for every two bytes, and the root. */
export const TAPE_BYTES_PER_INPUT_BYTE: u32 = 8;
/** Unescaped strings, rewritten numbers (`1e20,` has 21 digits) and the sort of large objects' keys. */
export const SCRATCH_BYTES_PER_INPUT_BYTE: u32 = 8;
/** Added to either region whatever the text. */
export const FIXED_BYTES: u32 = 4096;

/** Of the last refusal, from the start of its text. */
export let errorOffset: u32 = 0;
/** First free bytes behind the last parsed text, 16-aligned: where the next text's nodes and scratch may go. */
export let tapeEnd: usize = 0;
export let scratchEnd: usize = 0;

/** On an open object: two of its keys may be equal. */
const FLAG_CROWDED: u32 = 16;
/** The white space of RFC 8259 section 2, as a set of bits. */
const WHITE_SPACE: u64 = (<u64>1 << 0x20) | (<u64>1 << 0x09) | (<u64>1 << 0x0a) | (<u64>1 << 0x0d);
/** Per open container a u64: which hashes its keys had so far, as bits. */
const seen: usize = memory.data((MAX_NESTING + 1) << 3, 8);

/**
 * Parses `length` bytes at `text`; the root is the node at `tape` (16-aligned). 0, or a CODE_* with `errorOffset` set.
 * The 16 bytes behind the text are overwritten. The tape refers to `text` and `scratch`: both must stay.
 */
export function parse(text: usize, length: u32, tape: usize, scratch: usize): u32 {
  if (length > MAX_INPUT_BYTES) {
    errorOffset = MAX_INPUT_BYTES;
    return CODE_INPUT_TOO_LARGE;
  }
  // Zeros end every scan: no JSON holds one outside of a string, and in a string it is a control.
  v128.store(text + length, i64x2.splat(0));
  setRoom(scratch);
  let end = readValue(passSpace(text), tape);
  if (end != 0) {
    end = passSpace(end);
    if (end != text + length) end = unexpected(end);
  }
  if (end == 0) {
    errorOffset = <u32>(faultAt - text);
    return faultCode;
  }
  tapeEnd = nextOf(tape);
  scratchEnd = (room + 15) & ~15;
  return 0;
}

/** Reads the value at `at`, and all it holds, into nodes from `node`. The address behind it, or 0 after a fault. */
function readValue(at: usize, node: usize): usize {
  // While a container is open its `next` holds the container around it, 0 for none.
  let container: usize = 0;
  let isObject: bool = false;
  let seenBits = seen;
  while (true) {
    const byte: u32 = load<u8>(at);
    if (byte == QUOTE) {
      at = readString(at, node);
    } else if ((byte | LOWER_BIT) == OPEN_OBJECT) {
      const inner = passSpace(at + 1);
      if (seenBits == seen + (MAX_NESTING << 3)) return refuse(CODE_TOO_DEEP, at);
      const innerIsObject = byte == OPEN_OBJECT;
      store<u32>(node, innerIsObject ? KIND_OBJECT : KIND_LIST);
      store<u32>(node, 0, 8);
      if (load<u8>(inner) != (innerIsObject ? CLOSE_OBJECT : CLOSE_LIST)) {
        store<u32>(node, <u32>container, 12);
        container = node;
        isObject = innerIsObject;
        seenBits += 8;
        store<u64>(seenBits, 0);
        node += NODE_BYTES;
        at = inner;
        if (isObject) {
          at = readKey(at, node, container, seenBits);
          if (at == 0) return 0;
          node += NODE_BYTES;
        }
        continue;
      }
      store<u32>(node, <u32>(node + NODE_BYTES), 12);
      at = inner + 1;
    } else if (byte <= 0x39) {
      at = readNumber(at, node);
    } else {
      at = readLiteral(at, node);
    }
    if (at == 0) return 0;
    node += NODE_BYTES;
    // A value has ended at `at`.
    while (container != 0) {
      store<u32>(container, lengthOf(container) + 1, 8);
      at = passSpace(at);
      const separator: u32 = load<u8>(at);
      if (separator == COMMA) {
        at = passSpace(at + 1);
        if (isObject) {
          at = readKey(at, node, container, seenBits);
          if (at == 0) return 0;
          node += NODE_BYTES;
        }
        break;
      }
      if (separator != (isObject ? CLOSE_OBJECT : CLOSE_LIST)) return unexpected(at);
      at++;
      const outer = nextOf(container);
      store<u32>(container, <u32>node, 12);
      if (load<u32>(container) & FLAG_CROWDED && !checkKeys(container)) return 0;
      container = outer;
      seenBits -= 8;
      isObject = outer != 0 && kindOf(outer) == KIND_OBJECT;
    }
    if (container == 0) break;
  }
  return at;
}

/** Reads the key at `at` and its colon; the address of the value, or 0. */
function readKey(at: usize, node: usize, object: usize, seenBits: usize): usize {
  if (load<u8>(at) != QUOTE) return unexpected(at);
  at = readString(at, node);
  if (at == 0) return 0;
  const bit = <u64>1 << (hashKey(textOf(node), lengthOf(node)) >> 58);
  const bits = load<u64>(seenBits);
  if (bits & bit) store<u32>(object, KIND_OBJECT | FLAG_CROWDED);
  store<u64>(seenBits, bits | bit);
  at = passSpace(at);
  if (load<u8>(at) != COLON) return unexpected(at);
  return passSpace(at + 1);
}

/** A hash of the length and of the first and last eight bytes. Reads up to 7 bytes past the key. */
// @ts-ignore: decorator
@inline
function hashKey(text: usize, length: u32): u64 {
  let word = load<u64>(text);
  if (length < 8) word &= (<u64>1 << (length << 3)) - 1;
  else word ^= rotl<u64>(load<u64>(text + length - 8), 29);
  return (word + length) * 0x9e3779b97f4a7c15;
}

/** Whether the closed object's keys differ; takes its mark away. */
function checkKeys(object: usize): bool {
  store<u32>(object, KIND_OBJECT);
  const key = findDuplicate(object);
  if (key == 0) return true;
  refuse(CODE_DUPLICATE_KEY, quoteOf(textOf(key), (load<u32>(key) & FLAG_UNESCAPED) != 0));
  return false;
}

/** `null`, `true` or `false`. */
function readLiteral(at: usize, node: usize): usize {
  const word = load<u32>(at);
  let kind = KIND_NULL;
  let end = at + 4;
  if (word == WORD_TRUE) {
    kind = KIND_TRUE;
  } else if (word == WORD_FALS && load<u8>(end) == LOWER_E) {
    kind = KIND_FALSE;
    end++;
  } else if (word != WORD_NULL) {
    return unexpected(at);
  }
  store<u32>(node, kind);
  store<u32>(node, 0, 8);
  store<u32>(node, <u32>(node + NODE_BYTES), 12);
  return end;
}

/** Address of the first byte at or behind `at` that is not white space. */
// @ts-ignore: decorator
@inline
function passSpace(at: usize): usize {
  return load<u8>(at) > SPACE ? at : passLongSpace(at);
}

function passLongSpace(at: usize): usize {
  while (true) {
    const byte: u32 = load<u8>(at);
    if (byte > SPACE || ((WHITE_SPACE >> byte) & 1) == 0) return at;
    at++;
  }
}
