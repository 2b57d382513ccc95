/** Lower-case hexadecimal. */

/** Writes `length` bytes as two digits each; the address behind them. */
export function writeHex(bytes: usize, length: u32, out: usize): usize {
  for (const end = bytes + length; bytes < end; bytes++, out += 2) {
    const byte: u32 = load<u8>(bytes);
    store<u8>(out, digit(byte >> 4));
    store<u8>(out, digit(byte & 15), 1);
  }
  return out;
}

/** `0` to `9`, `a` to `f`. */
// @ts-ignore: decorator
@inline
function digit(value: u32): u32 {
  return value + (value < 10 ? 0x30 : 0x57);
}
