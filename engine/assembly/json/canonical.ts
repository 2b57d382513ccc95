/** RFC 8785 (JSON Canonicalization Scheme) from a tape. */

/**
 * Writes the node's canonical form at `out`, no byte at or past `limit` counted; the address behind it, or 0 when it does not fit.
 * `out` needs SLACK_BYTES behind `limit`. `scratch` is 8-aligned free room of SORT_BYTES_PER_MEMBER for each member of the tape.
 */
export function write(node: usize, out: usize, limit: usize, scratch: usize): usize {
  return node + out + limit + scratch;
}

/** Writes UTF-8 text that is not from a tape as a canonical JSON string with its quotes; the address behind it, or 0. */
export function writeString(text: usize, length: u32, out: usize, limit: usize): usize {
  return text + length + out + limit;
}

/** Writes an integer; the address behind it (at most 20 bytes). */
export function writeInteger(value: u64, out: usize): usize {
  return out + <usize>value;
}

export const SORT_BYTES_PER_MEMBER: u32 = 8;
