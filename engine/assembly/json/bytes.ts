/** Short runs of bytes, without the cost of a bulk-memory call. */

/** Whether both runs hold the same bytes. Reads nothing outside them. */
export function equal(left: usize, right: usize, length: u32): bool {
  if (length >= 16) {
    const last = <usize>length - 16;
    for (let i: usize = 0; i < last; i += 16) {
      if (v128.any_true(v128.xor(v128.load(left + i), v128.load(right + i)))) return false;
    }
    return !v128.any_true(v128.xor(v128.load(left + last), v128.load(right + last)));
  }
  if (length >= 8) {
    const last = <usize>length - 8;
    return ((load<u64>(left) ^ load<u64>(right)) | (load<u64>(left + last) ^ load<u64>(right + last))) == 0;
  }
  if (length >= 4) {
    const last = <usize>length - 4;
    return ((load<u32>(left) ^ load<u32>(right)) | (load<u32>(left + last) ^ load<u32>(right + last))) == 0;
  }
  for (let i: usize = 0; i < length; i++) {
    if (load<u8>(left + i) != load<u8>(right + i)) return false;
  }
  return true;
}

/**
 * Copies forward in steps of 16 bytes: up to 15 bytes past both ends are read and written, so `to` needs SLACK_BYTES behind it
 * and must be filled in ascending order. The runs do not overlap.
 */
// @ts-ignore: decorator
@inline
export function copy(to: usize, from: usize, length: u32): void {
  if (length > 512) {
    memory.copy(to, from, length);
    return;
  }
  const end = from + length;
  while (from < end) {
    v128.store(to, v128.load(from));
    from += 16;
    to += 16;
  }
}

/** What every text and output region must have behind its last byte. */
export const SLACK_BYTES: u32 = 64;
