/** Substrings in linear time: an agent chooses the text, and with `args.a contains args.b` both. */
import { equal } from "../json/bytes";
import { WORK } from "../memory";

/** Up to this length every place is tried; longer needles get a table (Knuth, Morris, Pratt), 4 bytes an entry in WORK. */
const MAX_TRIED: u32 = 16;

/** Whether the text holds the needle. Both have at most MAX_INPUT_BYTES. */
export function contains(text: usize, length: u32, needle: usize, needleLength: u32): bool {
  if (needleLength > length) return false;
  if (needleLength == 0) return true;
  return needleLength <= MAX_TRIED
    ? isFoundByTrying(text, length, needle, needleLength)
    : isFoundByTable(text, length, needle, needleLength);
}

function isFoundByTrying(text: usize, length: u32, needle: usize, needleLength: u32): bool {
  const first = load<u8>(needle);
  const last = text + length - needleLength;
  for (; text <= last; text++) {
    if (load<u8>(text) == first && equal(text, needle, needleLength)) return true;
  }
  return false;
}

function isFoundByTable(text: usize, length: u32, needle: usize, needleLength: u32): bool {
  fillTable(needle, needleLength);
  let fit: u32 = 0;
  for (const end = text + length; text < end; text++) {
    const byte = load<u8>(text);
    while (fit > 0 && load<u8>(needle + fit) != byte) fit = entry(fit - 1);
    if (load<u8>(needle + fit) == byte) fit++;
    if (fit == needleLength) return true;
  }
  return false;
}

/** Entry i: the longest proper prefix of the needle that ends at its byte i. */
function fillTable(needle: usize, length: u32): void {
  store<u32>(WORK, 0);
  let fit: u32 = 0;
  for (let i: u32 = 1; i < length; i++) {
    const byte = load<u8>(needle + i);
    while (fit > 0 && load<u8>(needle + fit) != byte) fit = entry(fit - 1);
    if (load<u8>(needle + fit) == byte) fit++;
    store<u32>(WORK + 4 * <usize>i, fit);
  }
}

function entry(i: u32): u32 {
  return load<u32>(WORK + 4 * <usize>i);
}
