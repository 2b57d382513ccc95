/** Tool names: segments of `[A-Za-z0-9._:@+-]` joined by `/`. LANGUAGE section 3. */
import { MAX_TOOL_NAME_BYTES } from "../../constants";

const SLASH: u32 = 0x2f;
/** Bit per ASCII character that a segment may hold: `+ - .`, digits and `:`; `@`, letters and `_`. */
const LOW: u64 = 0x07ff680000000000;
const HIGH: u64 = 0x07fffffe87ffffff;

export function isToolName(text: usize, length: u32): bool {
  if (length - 1 >= MAX_TOOL_NAME_BYTES) return false;
  let previous = SLASH;
  for (const end = text + length; text < end; text++) {
    const byte = <u32>load<u8>(text);
    if (byte == SLASH) {
      if (previous == SLASH) return false;
    } else {
      const bits = byte < 64 ? LOW : byte < 128 ? HIGH : 0;
      if (((bits >> (byte & 63)) & 1) == 0) return false;
    }
    previous = byte;
  }
  return previous != SLASH;
}
