/** UTF-8 well-formedness, Unicode 16, table 3-7: no overlong form, no surrogate, nothing above U+10FFFF. */

/** Address behind the well-formed sequence that begins at `at` with a byte of 0x80 or above; 0 when it is malformed. */
export function sequenceEnd(at: usize): usize {
  const lead: u32 = load<u8>(at);
  const second: u32 = load<u8>(at, 1);
  if (lead < 0xe0) {
    return lead >= 0xc2 && (second & 0xc0) == 0x80 ? at + 2 : 0;
  }
  if (lead < 0xf0) {
    if ((load<u16>(at, 1) & 0xc0c0) != 0x8080) return 0;
    if (lead == 0xe0 ? second < 0xa0 : lead == 0xed && second > 0x9f) return 0;
    return at + 3;
  }
  if (lead > 0xf4 || (load<u32>(at) & 0xc0c0c000) != 0x80808000) return 0;
  if (lead == 0xf0 ? second < 0x90 : lead == 0xf4 && second > 0x8f) return 0;
  return at + 4;
}

/** Writes a scalar value; the address behind it. */
export function encode(scalar: u32, out: usize): usize {
  if (scalar < 0x80) {
    store<u8>(out, scalar);
    return out + 1;
  }
  if (scalar < 0x800) {
    store<u8>(out, 0xc0 | (scalar >> 6));
    store<u8>(out, 0x80 | (scalar & 0x3f), 1);
    return out + 2;
  }
  if (scalar < 0x10000) {
    store<u8>(out, 0xe0 | (scalar >> 12));
    store<u8>(out, 0x80 | ((scalar >> 6) & 0x3f), 1);
    store<u8>(out, 0x80 | (scalar & 0x3f), 2);
    return out + 3;
  }
  store<u8>(out, 0xf0 | (scalar >> 18));
  store<u8>(out, 0x80 | ((scalar >> 12) & 0x3f), 1);
  store<u8>(out, 0x80 | ((scalar >> 6) & 0x3f), 2);
  store<u8>(out, 0x80 | (scalar & 0x3f), 3);
  return out + 4;
}
