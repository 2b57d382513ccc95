/**
 * The end of the core's memory, behind all that the core has made room for: what a caller hands in, until the core's regions
 * have it, then the results that have no place in them. Emptied when a call has returned; the canonical ABI has one call at a time.
 */
import { RESERVE_MARGIN_BYTES } from "../../constants";
import { enginePointer, reserve } from "./core";
import { ENGINE_0, ENGINE_1, ENGINE_2, ENGINE_3 } from "./digest";

const PAGE: u64 = 65536;
/** The core's memory has this maximum: asconfig.json. */
const MAX_BYTES: u64 = 16384 * PAGE;

/** 0 until the core's regions are there. */
let base: usize = 0;
let top: usize = 0;

/** Lays the core's regions out, once. Every export begins here, and so does an allocation for its arguments. */
export function begin(): void {
  if (base != 0) return;
  const room = reserve(0);
  if (room == 0) unreachable();
  const engine = enginePointer();
  store<u64>(engine, ENGINE_0);
  store<u64>(engine, ENGINE_1, 8);
  store<u64>(engine, ENGINE_2, 16);
  store<u64>(engine, ENGINE_3, 24);
  standBehind(room, 0);
}

/** Behind what `reserve` has given for a bundle of that many bytes. What was in the arena is gone. */
export function standBehind(room: usize, bundleBytes: u32): void {
  base = (room + 3 * <usize>bundleBytes + RESERVE_MARGIN_BYTES + 15) & ~15;
  top = base;
}

export function empty(): void {
  top = base;
}

/** Traps when the memory is at its maximum. `alignment` is a power of two. */
export function allocate(bytes: usize, alignment: usize): usize {
  const start = (<u64>top + alignment - 1) & ~(<u64>alignment - 1);
  const end = start + bytes;
  if (end > MAX_BYTES) unreachable();
  const missing = <i32>((end + PAGE - 1) / PAGE) - memory.size();
  if (missing > 0 && memory.grow(missing) < 0) unreachable();
  top = <usize>end;
  return <usize>start;
}

/** `cabi_realloc`. */
export function reallocate(old: usize, oldBytes: usize, alignment: usize, bytes: usize): usize {
  begin();
  const room = allocate(bytes, alignment);
  memory.copy(room, old, oldBytes < bytes ? oldBytes : bytes);
  return room;
}
