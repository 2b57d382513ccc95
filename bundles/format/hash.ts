/** The hash of the EXACT section: FNV-1a over the scope and the name, mixed; engine/constants.ts, HASH_*. */

import { HASH_MIX, HASH_OFFSET, HASH_PRIME } from "../../engine/constants.ts";

export function hashName(scope: number, name: Uint8Array): number {
  let hash = HASH_OFFSET;
  for (let shift = 0; shift < 32; shift += 8) {
    hash = Math.imul(hash ^ ((scope >>> shift) & 0xff), HASH_PRIME);
  }
  for (const byte of name) hash = Math.imul(hash ^ byte, HASH_PRIME);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, HASH_MIX);
  hash ^= hash >>> 13;
  return hash >>> 0;
}
