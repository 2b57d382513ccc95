/** A caller's arguments into the core's regions, as engine/binding/instance.ts does it. */
import { MAX_INPUT_BYTES, MAX_STATE_BYTES, NONE } from "../../constants";
import { actionPointer, factsPointer, previousPointer, statePointer } from "./core";

const BLANK: u8 = 0x20;
const SLOT_BYTES: u32 = 8;
const FRAME_BYTES: u32 = 8;
/** A list in the canonical ABI: pointer and length. */
const LIST_BYTES: usize = 8;
const DIGEST_BYTES: u32 = 32;
const SEQUENCES: u64 = 1 << 53;

/** MISUSE_* and the order of `misuse` in the WIT; or none. */
export const MISUSE_SEQUENCE: i32 = 0;
export const MISUSE_PREVIOUS: i32 = 1;
export const NO_MISUSE: i32 = -1;

/** Bytes written, NONE for a text that is too large. */
export function layAction(text: usize, bytes: u32): u32 {
  if (bytes > MAX_INPUT_BYTES) return NONE;
  memory.copy(actionPointer(), text, bytes);
  return bytes;
}

/** The same; 0 when there are none. To the core no bytes are no facts, so a text without any is written as a blank. */
export function layFacts(given: u32, text: usize, bytes: u32): u32 {
  if (given == 0) return 0;
  if (bytes > MAX_INPUT_BYTES) return NONE;
  if (bytes == 0) {
    store<u8>(factsPointer(), BLANK);
    return 1;
  }
  memory.copy(factsPointer(), text, bytes);
  return bytes;
}

/** Bytes written, 0 for no state, NONE for what is no run of slots or does not fit: the core refuses it. */
export function layState(given: u32, blobs: usize, count: u32): u32 {
  if (given == 0) return 0;
  // No sum below can pass 2^32: each part is checked against what is left first.
  if (count > MAX_STATE_BYTES / FRAME_BYTES - 1) return NONE;
  const state = statePointer();
  let taken = FRAME_BYTES * (1 + count);
  store<u32>(state, count);
  store<u32>(state, 0, 4);
  for (let i: u32 = 0; i < count; i++) {
    const blob = blobs + LIST_BYTES * i;
    const bytes = load<u32>(blob, 4);
    if (bytes % SLOT_BYTES != 0 || bytes > MAX_STATE_BYTES - taken) return NONE;
    const frame = state + FRAME_BYTES * (1 + i);
    store<u32>(frame, bytes / SLOT_BYTES);
    store<u32>(frame, 0, 4);
    memory.copy(state + taken, load<u32>(blob), bytes);
    taken += bytes;
  }
  return taken;
}

/** What is wrong with a place, or NO_MISUSE. */
export function layPlace(sequence: u64, previous: usize, previousBytes: u32): i32 {
  if (sequence >= SEQUENCES) return MISUSE_SEQUENCE;
  if (previousBytes != DIGEST_BYTES) return MISUSE_PREVIOUS;
  memory.copy(previousPointer(), previous, DIGEST_BYTES);
  return NO_MISUSE;
}
