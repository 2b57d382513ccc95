/** ASCII literals: static UTF-16 data of the module, compared with and written as bytes. */

/** Whether the bytes spell the literal. */
export function is(text: usize, length: u32, literal: string): bool {
  if (length != <u32>literal.length) return false;
  const units = changetype<usize>(literal);
  for (let i: usize = 0; i < length; i++) {
    if (load<u8>(text + i) != <u8>load<u16>(units + 2 * i)) return false;
  }
  return true;
}

/** Writes the literal in steps of 8 bytes, so up to 7 bytes behind it are overwritten; the address behind it. */
export function writeLiteral(literal: string, out: usize): usize {
  const length = <usize>literal.length;
  const units = changetype<usize>(literal);
  for (let i: usize = 0; i < length; i += 8) {
    const chunk = v128.load(units + 2 * i);
    store<u64>(out + i, v128.extract_lane<u64>(v128.narrow<u16>(chunk, chunk), 0));
  }
  return out + length;
}
