/** The INDEX pool. Its slices stand in the order of their owners, back to back, so each element is checked once. */
import { index, indexCount } from "../bundle";

let taken: u32 = 0;

export function beginSlices(): void {
  taken = 0;
}

/** Whether every element of INDEX belongs to a slice. */
export function allTaken(): bool {
  return taken == indexCount;
}

/** Takes the slice { u32 first, u32 count } as the next of the pool; its elements are not looked at. */
export function takeSlice(slice: usize): bool {
  const count = load<u32>(slice, 4);
  if (load<u32>(slice) != taken || count > indexCount - taken) return false;
  taken += count;
  return true;
}

/** Takes the next slice, whose elements must be ids of a table of `limit` entries, ascending. */
export function takeIds(slice: usize, limit: u32): bool {
  return takeSlice(slice) && areIds(index + 4 * <usize>load<u32>(slice), load<u32>(slice, 4), limit);
}

function areIds(at: usize, count: u32, limit: u32): bool {
  let least: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const id = load<u32>(at + 4 * <usize>i);
    if (id < least || id >= limit) return false;
    least = id + 1;
  }
  return true;
}
