/** The hash table of exact names: tools of each scope, and agents. Layout: engine/constants.ts, EXACT. */
import { HASH_MIX, HASH_OFFSET, HASH_PRIME, NONE } from "../constants";
import { capacity, SLOT_BYTES, slots, stringLength, stringText } from "./bundle";
import { equal } from "./json/bytes";

export const SLOT_SCOPE: usize = 4;
export const SLOT_STRING: usize = 8;
export const SLOT_TARGET: usize = 12;

/** How many tools the system names: most policies none, and then it is not asked. */
export let systemNames: u32 = 0;

export function setSystemNames(count: u32): void {
  systemNames = count;
}

/** FNV-1a over the scope's bytes and the name's, mixed. */
export function hashName(scope: u32, name: usize, length: u32): u32 {
  let hash = HASH_OFFSET;
  for (let i = 0; i < 4; i++, scope >>= 8) hash = (hash ^ (scope & 0xff)) * HASH_PRIME;
  const end = name + length;
  for (; name < end; name++) hash = (hash ^ load<u8>(name)) * HASH_PRIME;
  hash ^= hash >> 15;
  hash *= HASH_MIX;
  return hash ^ (hash >> 13);
}

/** What the name stands for in that scope, or NONE. */
export function find(scope: u32, name: usize, length: u32): u32 {
  const hash = hashName(scope, name, length);
  const mask = capacity - 1;
  let at = slots + <usize>(hash & mask) * SLOT_BYTES;
  const end = slots + <usize>capacity * SLOT_BYTES;
  let target = load<u32>(at, SLOT_TARGET);
  while (target != NONE) {
    if (load<u32>(at) == hash && load<u32>(at, SLOT_SCOPE) == scope) {
      const string = load<u32>(at, SLOT_STRING);
      if (stringLength(string) == length && equal(stringText(string), name, length)) return target;
    }
    at += SLOT_BYTES;
    if (at == end) at = slots;
    target = load<u32>(at, SLOT_TARGET);
  }
  return NONE;
}
