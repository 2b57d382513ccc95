/** Order and encoding of the bundle's texts. */
import { LOAD_BAD_SECTION, LOAD_BAD_STRING, LOAD_OK, LOAD_TOO_LARGE, MAX_INPUT_BYTES } from "../../constants";

const CONTINUATION_MASK: u32 = 0xc0;
const CONTINUATION: u32 = 0x80;

/** -1, 0 or 1: the order of two runs of bytes. */
export function compareBytes(left: usize, leftLength: u32, right: usize, rightLength: u32): i32 {
  const shared = <usize>min(leftLength, rightLength);
  let i: usize = 0;
  while (i + 8 <= shared && load<u64>(left + i) == load<u64>(right + i)) i += 8;
  for (; i < shared; i++) {
    const difference = <i32>load<u8>(left + i) - <i32>load<u8>(right + i);
    if (difference != 0) return difference < 0 ? -1 : 1;
  }
  return leftLength == rightLength ? 0 : leftLength < rightLength ? -1 : 1;
}

/** Bytes of the well-formed sequence at `text` (Unicode table 3-7), or 0. `lead` is its first byte, not ASCII. */
function sequenceBytes(text: usize, room: usize, lead: u32): usize {
  const count: usize = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead < 0xc2 || lead > 0xf4 || count > room) return 0;
  const second = <u32>load<u8>(text, 1);
  const lowest: u32 = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const highest: u32 = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (second < lowest || second > highest) return 0;
  for (let i: usize = 2; i < count; i++) {
    if ((load<u8>(text + i) & CONTINUATION_MASK) != CONTINUATION) return 0;
  }
  return count;
}

function isUtf8(text: usize, length: u32): bool {
  const end = text + length;
  while (text < end) {
    if (text + 16 <= end && i8x16.bitmask(v128.load(text)) == 0) {
      text += 16;
      continue;
    }
    const lead = <u32>load<u8>(text);
    if (lead < 0x80) {
      text++;
      continue;
    }
    const count = sequenceBytes(text, end - text, lead);
    if (count == 0) return false;
    text += count;
  }
  return true;
}

/**
 * A string table `u32 count · u32 start[count + 1] · bytes` inside `room` bytes: unique, ascending, UTF-8.
 * The bytes after the last string are not looked at.
 */
export function checkStrings(table: usize, room: u32): u32 {
  if (room < 8) return LOAD_BAD_SECTION;
  const count = load<u32>(table);
  const head = 8 + 4 * <u64>count;
  if (head > <u64>room) return LOAD_BAD_SECTION;
  const starts = table + 4;
  const bytes = table + <usize>head;
  const available = room - <u32>head;
  if (load<u32>(starts) != 0) return LOAD_BAD_STRING;
  let previous: usize = bytes;
  let previousLength: u32 = 0;
  for (let id: u32 = 0; id < count; id++) {
    const start = load<u32>(starts + 4 * <usize>id);
    const end = load<u32>(starts + 4 * <usize>id, 4);
    if (end < start || end > available) return LOAD_BAD_STRING;
    const length = end - start;
    if (length > MAX_INPUT_BYTES) return LOAD_TOO_LARGE;
    if (id > 0 && compareBytes(previous, previousLength, bytes + start, length) >= 0) return LOAD_BAD_STRING;
    // Within text that is well-formed as a whole (below), a string is so if it begins where a character does.
    if (length > 0 && (load<u8>(bytes + start) & CONTINUATION_MASK) == CONTINUATION) return LOAD_BAD_STRING;
    previous = bytes + start;
    previousLength = length;
  }
  const end = load<u32>(starts + 4 * <usize>count);
  return isUtf8(bytes, end) ? LOAD_OK : LOAD_BAD_STRING;
}
