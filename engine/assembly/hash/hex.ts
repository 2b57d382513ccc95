/** Lower-case hexadecimal. */

/** Writes `length` bytes, a multiple of 16, as two digits each; the address behind them. */
export function writeHex(bytes: usize, length: u32, out: usize): usize {
  const digits = i8x16(
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66,
  );
  for (const end = bytes + length; bytes < end; bytes += 16, out += 32) {
    const chunk = v128.load(bytes);
    const high = i8x16.swizzle(digits, i8x16.shr_u(chunk, 4));
    const low = i8x16.swizzle(digits, v128.and(chunk, i8x16.splat(15)));
    v128.store(out, i8x16.shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
    v128.store(out, i8x16.shuffle(high, low, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16);
  }
  return out;
}
