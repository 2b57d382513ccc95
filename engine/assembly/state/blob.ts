/** Blobs from the state before to working copies, checked, and from these to the state after. engine/ABI.md "State". */
import {
  MAX_APPROVALS,
  MAX_MEMBERS,
  MAX_METER_SLOTS,
  MAX_PURPOSE_BYTES,
  MAX_RESERVATIONS,
  MAX_STATE_BYTES,
  NONE,
  SCOPED_AGENT,
  SESSION_HEADER_SLOTS,
  STATE_CLOSED,
  STATE_EXHAUSTED,
  STATE_FROZEN,
  STATE_JOINED,
  STATE_MAGIC,
  STATE_SLOT_ACTIVE,
  STATE_SLOT_FLAGS,
  STATE_SLOT_LAST,
  STATE_SLOT_LAYOUT,
  STATE_SLOT_MAGIC,
  STATE_SLOT_OPENED,
  STATE_SLOT_OWNER,
  STATE_SLOT_PHASE_SINCE,
  STATE_SLOT_TAIL,
} from "../../constants";
import { BEFORE, STATE, STATE_AFTER } from "../memory";
import {
  APPROVAL_BYTES,
  APPROVALS_AT,
  FRAME_ENTRY_BYTES,
  FRAME_HEAD_BYTES,
  MEMBER_BYTES,
  MEMBERS_AT,
  METERS_AT,
  RESERVATION_BYTES,
  RESERVATIONS_AT,
  TEXT_AT,
} from "./layout";
import { areMetersSane, layMeters, layoutOf, migrateMeters, slotsOf } from "./meters";
import {
  approvalCount,
  blobAt,
  headerSlots,
  highOf,
  isWritten,
  lowOf,
  memberCount,
  meterSlots,
  reservationCount,
  scopeOf,
  setHigh,
  setSlot,
  slotOf,
  textBytes,
} from "./slots";

/** Blobs of the state that was read; 0 without state. */
export let blobCount: u32 = 0;

/** Later than every clock: digits of a time that is accepted. */
const MAX_TIME: u64 = 1000000000000000;
/** Slots of a session's header behind the last that means something. */
const FIRST_RESERVED: u32 = STATE_SLOT_ACTIVE + 1;

export function forgetBlobs(): void {
  blobCount = 0;
}

/** Address of the bytes of a blob in the state before. */
export function beforeAt(index: u32): usize {
  return load<u32>(BEFORE + 8 * <usize>index);
}

export function beforeSlots(index: u32): u32 {
  return load<u32>(BEFORE + 8 * <usize>index, 4);
}

/** Takes the frame of the state before apart. Whether it holds `count` blobs and nothing else. */
export function readFrame(bytes: u32, count: u32): bool {
  blobCount = 0;
  const head = FRAME_HEAD_BYTES + count * FRAME_ENTRY_BYTES;
  if (bytes > MAX_STATE_BYTES || bytes < head || load<u64>(STATE) != <u64>count) return false;
  let taken = head;
  for (let i: u32 = 0; i < count; i++) {
    const slots = load<u64>(STATE + FRAME_HEAD_BYTES + i * FRAME_ENTRY_BYTES);
    if (slots > <u64>((bytes - taken) >> 3)) return false;
    store<u32>(BEFORE + 8 * <usize>i, <u32>(STATE + taken));
    store<u32>(BEFORE + 8 * <usize>i, <u32>slots, 4);
    taken += <u32>slots << 3;
  }
  blobCount = count;
  return taken == bytes;
}

/**
 * Reads the blob with that index into its working copy, as `policy` (agent index, or NONE) lays it. A blob of 0 slots is not written
 * there either. Whether it is one, of that scope and owner.
 */
export function readBlob(index: u32, scope: u32, owner: u64, policy: u32): bool {
  const blob = blobAt(index);
  const slots = beforeSlots(index);
  store<u64>(blob, 0);
  if (slots == 0) return true;
  const from = beforeAt(index);
  if (!isBlob(from, slots, scope, owner)) return false;
  const header = 8 * headerSlots(scope);
  memory.copy(blob, from, header);
  const oldMeters = from + header;
  const oldSlots = meterSlots(blob);
  copyTail(blob, oldMeters + 8 * <usize>oldSlots);
  if (policy == NONE) {
    // Nobody can say what its meters are: they stay, and all that is behind them.
    memory.copy(blob + METERS_AT, oldMeters, 8 * oldSlots);
    return true;
  }
  if (slotOf(blob, STATE_SLOT_LAYOUT) == layoutOf(policy, scope)) {
    if (oldSlots != slotsOf(policy, scope)) return false;
    memory.copy(blob + METERS_AT, oldMeters, 8 * oldSlots);
  } else {
    if (!migrateMeters(blob, policy, oldMeters, oldSlots)) return false;
    setSlot(blob, STATE_SLOT_LAYOUT, layoutOf(policy, scope));
    setHigh(blob, STATE_SLOT_FLAGS, slotsOf(policy, scope));
  }
  return areMetersSane(blob, policy);
}

/** Whether these slots are a blob of that scope and owner, as far as its header says. */
function isBlob(from: usize, slots: u32, scope: u32, owner: u64): bool {
  const header = headerSlots(scope);
  const isAgent = scope == SCOPED_AGENT;
  if (slots < header || slotOf(from, STATE_SLOT_MAGIC) != magicOf(scope)) return false;
  if (slotOf(from, STATE_SLOT_OWNER) != owner) return false;
  const flags: u32 = isAgent ? STATE_FROZEN : STATE_CLOSED | STATE_EXHAUSTED | STATE_JOINED;
  const last = slotOf(from, STATE_SLOT_LAST);
  const text = textBytes(from);
  const known =
    (lowOf(from, STATE_SLOT_FLAGS) & ~flags) == 0 &&
    meterSlots(from) <= MAX_METER_SLOTS &&
    reservationCount(from) <= MAX_RESERVATIONS &&
    approvalCount(from) <= <u32>(isAgent ? MAX_APPROVALS : 0) &&
    memberCount(from) <= MAX_MEMBERS &&
    text <= <u32>(isAgent ? 0 : MAX_PURPOSE_BYTES) &&
    last < MAX_TIME;
  if (!known || !(isAgent || areSessionSlots(from, last))) return false;
  const beforeText =
    8 * (header + meterSlots(from)) +
    RESERVATION_BYTES * reservationCount(from) +
    APPROVAL_BYTES * approvalCount(from) +
    MEMBER_BYTES * memberCount(from);
  if (beforeText + padded(text) != 8 * slots) return false;
  for (let at = text; at < padded(text); at++) {
    if (load<u8>(from + beforeText + at) != 0) return false;
  }
  return true;
}

function magicOf(scope: u32): u64 {
  return <u64>STATE_MAGIC | (<u64>scope << 32);
}

/** Times of a session, and slots that mean nothing yet. */
function areSessionSlots(from: usize, last: u64): bool {
  let reserved: u64 = 0;
  for (let slot = FIRST_RESERVED; slot < SESSION_HEADER_SLOTS; slot++) reserved |= slotOf(from, slot);
  return (
    reserved == 0 &&
    slotOf(from, STATE_SLOT_OPENED) <= last &&
    slotOf(from, STATE_SLOT_PHASE_SINCE) <= last &&
    slotOf(from, STATE_SLOT_ACTIVE) <= last
  );
}

function padded(bytes: u32): u32 {
  return (bytes + 7) & ~7;
}

/** Reservations, approvals, members and text, which stand back to back. */
function copyTail(blob: usize, from: usize): void {
  const reservations = RESERVATION_BYTES * reservationCount(blob);
  if (reservations != 0) memory.copy(blob + RESERVATIONS_AT, from, reservations);
  from += reservations;
  const approvals = APPROVAL_BYTES * approvalCount(blob);
  if (approvals != 0) memory.copy(blob + APPROVALS_AT, from, approvals);
  from += approvals;
  const members = MEMBER_BYTES * memberCount(blob);
  if (members != 0) memory.copy(blob + MEMBERS_AT, from, members);
  from += members;
  const text = padded(textBytes(blob));
  if (text != 0) memory.copy(blob + TEXT_AT, from, text);
}

/** Begins a blob that is not written yet: all of it nothing, laid as `policy` says. */
export function beginBlob(index: u32, scope: u32, owner: u64, policy: u32): void {
  const blob = blobAt(index);
  memory.fill(blob, 0, METERS_AT);
  setSlot(blob, STATE_SLOT_MAGIC, magicOf(scope));
  setSlot(blob, STATE_SLOT_OWNER, owner);
  setSlot(blob, STATE_SLOT_LAYOUT, layoutOf(policy, scope));
  setHigh(blob, STATE_SLOT_FLAGS, slotsOf(policy, scope));
  layMeters(blob, policy);
}

/** Writes the working copies as the state after; its bytes. */
export function writeBlobs(): u32 {
  store<u64>(STATE_AFTER, blobCount);
  let out = STATE_AFTER + FRAME_HEAD_BYTES + <usize>blobCount * FRAME_ENTRY_BYTES;
  for (let i: u32 = 0; i < blobCount; i++) {
    const start = out;
    const blob = blobAt(i);
    if (isWritten(blob)) out = writeBlob(blob, out);
    store<u64>(STATE_AFTER + FRAME_HEAD_BYTES + i * FRAME_ENTRY_BYTES, <u64>((out - start) >> 3));
  }
  return <u32>(out - STATE_AFTER);
}

function writeBlob(blob: usize, out: usize): usize {
  out = append(out, blob, 8 * headerSlots(scopeOf(blob)));
  out = append(out, blob + METERS_AT, 8 * meterSlots(blob));
  out = append(out, blob + RESERVATIONS_AT, RESERVATION_BYTES * reservationCount(blob));
  out = append(out, blob + APPROVALS_AT, APPROVAL_BYTES * approvalCount(blob));
  out = append(out, blob + MEMBERS_AT, MEMBER_BYTES * memberCount(blob));
  return append(out, blob + TEXT_AT, padded(highOf(blob, STATE_SLOT_TAIL)));
}

function append(out: usize, from: usize, bytes: u32): usize {
  if (bytes != 0) memory.copy(out, from, bytes);
  return out + bytes;
}
