/** What a record says of the state: digests before and after, and what changed. engine/ABI.md "The record". */
import { stateAfter, stateBefore } from "../decide/state";
import { DIGEST_BYTES, digest } from "../hash/sha256";
import { MAX_STATE_BYTES } from "../../constants";
import { STATE, STATE_AFTER, STATE_AFTER_DIGEST, STATE_BEFORE_DIGEST } from "../memory";
import { beforeAt, beforeSlots, blobCount } from "../state/blob";
import { FRAME_ENTRY_BYTES, FRAME_HEAD_BYTES } from "../state/layout";
import { closeList, put, putHex, putHexInteger, putInteger, written } from "./writer";

export function digestState(): void {
  if (stateBefore != 0 && stateBefore <= MAX_STATE_BYTES) digest(STATE, stateBefore, STATE_BEFORE_DIGEST);
  if (stateAfter != 0) digest(STATE_AFTER, stateAfter, STATE_AFTER_DIGEST);
}

/** `,"state":`, `,"state_after":` and `,"state_before":` with their values. */
export function putState(): void {
  put(',"state":');
  if (stateAfter == 0) put('null,"state_after":null');
  else {
    putChanges();
    put(',"state_after":');
    putHex(STATE_AFTER_DIGEST, DIGEST_BYTES);
  }
  put(',"state_before":');
  if (stateBefore != 0 && stateBefore <= MAX_STATE_BYTES) putHex(STATE_BEFORE_DIGEST, DIGEST_BYTES);
  else put("null");
}

function putChanges(): void {
  put("[");
  const from = written();
  let after = STATE_AFTER + FRAME_HEAD_BYTES + <usize>blobCount * FRAME_ENTRY_BYTES;
  for (let i: u32 = 0; i < blobCount; i++) {
    const slots = load<u32>(STATE_AFTER + FRAME_HEAD_BYTES + i * FRAME_ENTRY_BYTES);
    putChangesOf(i, after, slots);
    after += 8 * <usize>slots;
  }
  closeList(from);
}

/** Every slot whose value is another than before; what was not there before was 0. */
function putChangesOf(index: u32, after: usize, slots: u32): void {
  const before = beforeAt(index);
  const known = beforeSlots(index);
  let isBegun = known != slots;
  if (isBegun) putBlob(index, slots);
  for (let slot: u32 = 0; slot < slots; slot++) {
    const value = load<u64>(after + 8 * <usize>slot);
    if (value == (slot < known ? load<u64>(before + 8 * <usize>slot) : 0)) continue;
    if (!isBegun) putBlob(index, slots);
    isBegun = true;
    put(",");
    putInteger(slot);
    put(",");
    putHexInteger(value);
  }
  if (isBegun) put("],");
}

function putBlob(index: u32, slots: u32): void {
  put("[");
  putInteger(index);
  put(",");
  putInteger(slots);
}
