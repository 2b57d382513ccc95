/**
 * The union of one slice of all matching patterns, in ascending order, each id once: a heap of the slices' next ids.
 * The cost depends on what matches, not on what there is.
 */
import { NONE } from "../../constants";
import { HEAP_BYTES, heap, matched } from "../arrays";
import { patternAt, sliceCount, sliceFirst } from "../bundle";
import { matchedCount } from "./matches";

const HEAP_NEXT: usize = 4;
const HEAP_END: usize = 8;

let size: u32 = 0;

function entryAt(i: u32): usize {
  return heap + <usize>i * HEAP_BYTES;
}

/** `slice`: offset of the slice in a pattern, a PATTERN_*. */
export function beginMerge(slice: usize): void {
  size = 0;
  for (let i: u32 = 0; i < matchedCount; i++) {
    const at = patternAt(load<u32>(matched + 4 * <usize>i)) + slice;
    const count = sliceCount(at);
    if (count == 0) continue;
    const first = sliceFirst(at);
    const entry = entryAt(size++);
    store<u32>(entry, load<u32>(first));
    store<u32>(entry, <u32>first + 4, HEAP_NEXT);
    store<u32>(entry, <u32>first + 4 * count, HEAP_END);
  }
  for (let i = size >> 1; i > 0; i--) sink(i - 1);
}

/** The next id, or NONE. */
export function nextMerged(): u32 {
  if (size == 0) return NONE;
  const id = load<u32>(heap);
  do advance();
  while (size != 0 && load<u32>(heap) == id);
  return id;
}

/** Takes the least id away. */
function advance(): void {
  const next = load<u32>(heap, HEAP_NEXT);
  if (next < load<u32>(heap, HEAP_END)) {
    store<u32>(heap, load<u32>(next));
    store<u32>(heap, next + 4, HEAP_NEXT);
  } else {
    size--;
    if (size != 0) memory.copy(heap, entryAt(size), HEAP_BYTES);
  }
  if (size > 1) sink(0);
}

/** Moves the entry down to where both below it are not less. */
function sink(i: u32): void {
  while (true) {
    let child: u32 = 2 * i + 1;
    if (child >= size) return;
    if (child + 1 < size && load<u32>(entryAt(child + 1)) < load<u32>(entryAt(child))) child++;
    if (load<u32>(entryAt(i)) <= load<u32>(entryAt(child))) return;
    swap(entryAt(i), entryAt(child));
    i = child;
  }
}

function swap(left: usize, right: usize): void {
  for (let field: usize = 0; field < HEAP_BYTES; field += 4) {
    const held = load<u32>(left + field);
    store<u32>(left + field, load<u32>(right + field));
    store<u32>(right + field, held);
  }
}

/** Whether any matching pattern has something in that slice. */
export function isAnyMatched(slice: usize): bool {
  for (let i: u32 = 0; i < matchedCount; i++) {
    if (sliceCount(patternAt(load<u32>(matched + 4 * <usize>i)) + slice) != 0) return true;
  }
  return false;
}
