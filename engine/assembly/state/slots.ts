/**
 * A blob's working copy, slot by slot. A blob is named by the address of its copy; one whose first slot is 0 is not written yet.
 * engine/ABI.md "State", engine/constants.ts "A state blob".
 */
import {
  AGENT_HEADER_SLOTS,
  MAX_APPROVALS,
  MAX_MEMBERS,
  MAX_PURPOSE_BYTES,
  MAX_RESERVATIONS,
  NONE,
  SCOPED_AGENT,
  SESSION_HEADER_SLOTS,
  STATE_SLOT_COUNTS,
  STATE_SLOT_FLAGS,
  STATE_SLOT_MAGIC,
  STATE_SLOT_TAIL,
} from "../../constants";
import { BLOBS } from "../memory";
import {
  APPROVAL_BYTES,
  APPROVALS_AT,
  BLOB_BYTES,
  MEMBER_BYTES,
  MEMBERS_AT,
  METERS_AT,
  RESERVATION_BYTES,
  RESERVATIONS_AT,
  TEXT_AT,
} from "./layout";

/** Working copy of the blob with that index in the state. */
export function blobAt(index: u32): usize {
  return BLOBS + <usize>index * BLOB_BYTES;
}

/** Whether the blob has been written or begun. */
export function isWritten(blob: usize): bool {
  return load<u64>(blob) != 0;
}

// @ts-ignore: decorator
@inline
export function slotOf(blob: usize, slot: u32): u64 {
  return load<u64>(blob + 8 * <usize>slot);
}

// @ts-ignore: decorator
@inline
export function setSlot(blob: usize, slot: u32, value: u64): void {
  store<u64>(blob + 8 * <usize>slot, value);
}

// @ts-ignore: decorator
@inline
export function lowOf(blob: usize, slot: u32): u32 {
  return load<u32>(blob + 8 * <usize>slot);
}

// @ts-ignore: decorator
@inline
export function highOf(blob: usize, slot: u32): u32 {
  return load<u32>(blob + 8 * <usize>slot, 4);
}

export function setLow(blob: usize, slot: u32, value: u32): void {
  store<u32>(blob + 8 * <usize>slot, value);
}

export function setHigh(blob: usize, slot: u32, value: u32): void {
  store<u32>(blob + 8 * <usize>slot, value, 4);
}

/** SCOPED_*. */
export function scopeOf(blob: usize): u32 {
  return highOf(blob, STATE_SLOT_MAGIC);
}

export function headerSlots(scope: u32): u32 {
  return scope == SCOPED_AGENT ? AGENT_HEADER_SLOTS : SESSION_HEADER_SLOTS;
}

/** Whether all of these STATE_* flags are set. */
export function hasFlags(blob: usize, flags: u32): bool {
  return (lowOf(blob, STATE_SLOT_FLAGS) & flags) == flags;
}

export function setFlags(blob: usize, flags: u32): void {
  setLow(blob, STATE_SLOT_FLAGS, lowOf(blob, STATE_SLOT_FLAGS) | flags);
}

export function clearFlags(blob: usize, flags: u32): void {
  setLow(blob, STATE_SLOT_FLAGS, lowOf(blob, STATE_SLOT_FLAGS) & ~flags);
}

/** Slots that the meters take. */
export function meterSlots(blob: usize): u32 {
  return highOf(blob, STATE_SLOT_FLAGS);
}

/** Address of a meter's key, by the slot that its row names; the slots behind it follow. */
export function meterSlotAt(blob: usize, slot: u32): usize {
  return blob + METERS_AT + 8 * <usize>slot;
}

/** Takes entry `i` of `count` away; those behind it move up. */
function removeEntry(first: usize, bytes: u32, count: u32, i: u32): void {
  const at = first + <usize>i * bytes;
  memory.copy(at, at + bytes, <usize>(count - 1 - i) * bytes);
}

export function reservationCount(blob: usize): u32 {
  return lowOf(blob, STATE_SLOT_COUNTS);
}

// Fields of a reservation behind its id.
export const RESERVATION_TIME: usize = 8;
export const RESERVATION_MONEY: usize = 16;
export const RESERVATION_TOKENS: usize = 24;
export const RESERVATION_MASK: usize = 32;

/** Five slots: id, time, money, tokens, mask. */
export function reservationAt(blob: usize, i: u32): usize {
  return blob + RESERVATIONS_AT + <usize>i * RESERVATION_BYTES;
}

/** Behind the others, or in the place of the oldest, which has the smallest id, when there is no room: few slots change. */
export function addReservation(blob: usize, id: u64, time: u64, money: u64, tokens: u64, mask: u64): void {
  const count = reservationCount(blob);
  const isFull = count == MAX_RESERVATIONS;
  const at = reservationAt(blob, isFull ? oldestReservation(blob) : count);
  store<u64>(at, id);
  store<u64>(at, time, 8);
  store<u64>(at, money, 16);
  store<u64>(at, tokens, 24);
  store<u64>(at, mask, 32);
  if (!isFull) setLow(blob, STATE_SLOT_COUNTS, count + 1);
}

/** Of a full list. */
export function oldestReservation(blob: usize): u32 {
  let oldest: u32 = 0;
  for (let i: u32 = 1; i < MAX_RESERVATIONS; i++) {
    if (load<u64>(reservationAt(blob, i)) < load<u64>(reservationAt(blob, oldest))) oldest = i;
  }
  return oldest;
}

/** Index of the reservation with that id, or NONE. */
export function findReservation(blob: usize, id: u64): u32 {
  const count = reservationCount(blob);
  for (let i: u32 = 0; i < count; i++) {
    if (load<u64>(reservationAt(blob, i)) == id) return i;
  }
  return NONE;
}

/** The last one takes its place. */
export function removeReservation(blob: usize, i: u32): void {
  const last = reservationCount(blob) - 1;
  if (i != last) memory.copy(reservationAt(blob, i), reservationAt(blob, last), RESERVATION_BYTES);
  setLow(blob, STATE_SLOT_COUNTS, last);
}

export function approvalCount(blob: usize): u32 {
  return highOf(blob, STATE_SLOT_COUNTS);
}

/** Five slots: digest of the action, 32 bytes, and when it expires. */
export function approvalAt(blob: usize, i: u32): usize {
  return blob + APPROVALS_AT + <usize>i * APPROVAL_BYTES;
}

/** As the newest; false when there is no room. */
export function addApproval(blob: usize, digest: usize, expires: u64): bool {
  const count = approvalCount(blob);
  if (count == MAX_APPROVALS) return false;
  const at = approvalAt(blob, count);
  memory.copy(at, digest, 32);
  store<u64>(at, expires, 32);
  setHigh(blob, STATE_SLOT_COUNTS, count + 1);
  return true;
}

export function removeApproval(blob: usize, i: u32): void {
  const count = approvalCount(blob);
  removeEntry(blob + APPROVALS_AT, APPROVAL_BYTES, count, i);
  setHigh(blob, STATE_SLOT_COUNTS, count - 1);
}

export function memberCount(blob: usize): u32 {
  return lowOf(blob, STATE_SLOT_TAIL);
}

/** Two slots: key and hash. */
export function memberAt(blob: usize, i: u32): usize {
  return blob + MEMBERS_AT + <usize>i * MEMBER_BYTES;
}

/** As the newest; false when there is no room. */
export function addMember(blob: usize, key: u64, hash: u64): bool {
  const count = memberCount(blob);
  if (count == MAX_MEMBERS) return false;
  store<u64>(memberAt(blob, count), key);
  store<u64>(memberAt(blob, count), hash, 8);
  setLow(blob, STATE_SLOT_TAIL, count + 1);
  return true;
}

/** Index of the member, or NONE. */
export function findMember(blob: usize, key: u64, hash: u64): u32 {
  const count = memberCount(blob);
  for (let i: u32 = 0; i < count; i++) {
    const at = memberAt(blob, i);
    if (load<u64>(at) == key && load<u64>(at, 8) == hash) return i;
  }
  return NONE;
}

export function removeMember(blob: usize, i: u32): void {
  const count = memberCount(blob);
  removeEntry(blob + MEMBERS_AT, MEMBER_BYTES, count, i);
  setLow(blob, STATE_SLOT_TAIL, count - 1);
}

/** How many members have the key. */
export function countMembersOf(blob: usize, key: u64): u32 {
  const count = memberCount(blob);
  let found: u32 = 0;
  for (let i: u32 = 0; i < count; i++) found += u32(load<u64>(memberAt(blob, i)) == key);
  return found;
}

/** Takes all members of the key away; the others keep their order. */
export function removeMembersOf(blob: usize, key: u64): void {
  const count = memberCount(blob);
  let kept: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const at = memberAt(blob, i);
    if (load<u64>(at) == key) continue;
    const to = memberAt(blob, kept++);
    v128.store(to, v128.load(at));
  }
  setLow(blob, STATE_SLOT_TAIL, kept);
}

/** A session's purpose. */
export function textOfBlob(blob: usize): usize {
  return blob + TEXT_AT;
}

export function textBytes(blob: usize): u32 {
  return highOf(blob, STATE_SLOT_TAIL);
}

/** Replaces the text, at most MAX_PURPOSE_BYTES. */
export function setText(blob: usize, text: usize, bytes: u32): void {
  memory.fill(blob + TEXT_AT, 0, MAX_PURPOSE_BYTES);
  memory.copy(blob + TEXT_AT, text, bytes);
  setHigh(blob, STATE_SLOT_TAIL, bytes);
}
