/** A blob's working copy: its sections at fixed places, each with room for the most that it can hold. Only constants. */
import {
  APPROVAL_SLOTS,
  MAX_APPROVALS,
  MAX_DELEGATION_DEPTH,
  MAX_MEMBERS,
  MAX_METER_SLOTS,
  MAX_PURPOSE_BYTES,
  MAX_RESERVATIONS,
  MEMBER_SLOTS,
  RESERVATION_SLOTS,
  SESSION_HEADER_SLOTS,
} from "../../constants";

export const STATE_SLOT_BYTES: u32 = 8;

export const METERS_AT: u32 = STATE_SLOT_BYTES * SESSION_HEADER_SLOTS;
export const RESERVATIONS_AT: u32 = METERS_AT + STATE_SLOT_BYTES * MAX_METER_SLOTS;
export const RESERVATION_BYTES: u32 = STATE_SLOT_BYTES * RESERVATION_SLOTS;
export const APPROVALS_AT: u32 = RESERVATIONS_AT + RESERVATION_BYTES * MAX_RESERVATIONS;
export const APPROVAL_BYTES: u32 = STATE_SLOT_BYTES * APPROVAL_SLOTS;
export const MEMBERS_AT: u32 = APPROVALS_AT + APPROVAL_BYTES * MAX_APPROVALS;
export const MEMBER_BYTES: u32 = STATE_SLOT_BYTES * MEMBER_SLOTS;
export const TEXT_AT: u32 = MEMBERS_AT + MEMBER_BYTES * MAX_MEMBERS;
export const BLOB_BYTES: u32 = TEXT_AT + MAX_PURPOSE_BYTES;

/** The actor, then its grantors. */
export const MAX_PARTIES: u32 = 1 + MAX_DELEGATION_DEPTH;
export const MAX_BLOBS: u32 = 2 * MAX_PARTIES;

/** The frame of a state: { u32 count, u32 0 }, then { u32 slots, u32 0 } for each blob. */
export const FRAME_HEAD_BYTES: u32 = 8;
export const FRAME_ENTRY_BYTES: u32 = 8;
