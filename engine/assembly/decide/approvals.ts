/**
 * Approvals of one action, each for one call, in the blob of the acting agent; and the calls that wait for one, in the sessions of all parties. engine/ABI.md "Approvals".
 *
 * The digest of the action is only taken where there is an approval to compare it with, or a pending call to note.
 */
import {
  CODE_APPROVALS_FULL,
  CODE_APPROVED,
  EFFECT_DEFER,
  EFFECT_PERMIT,
  MAX_MEMBERS,
  MAX_PENDING,
  NONE,
  REMEMBERS_GATE_PENDING,
} from "../../constants";
import { MEMORY_FLAGS, memoryAt } from "../bundle";
import { DIGEST_BYTES } from "../hash/sha256";
import { equal } from "../json/bytes";
import { ACTION_DIGEST } from "../memory";
import { digestAction } from "../record/inputs";
import { blobCount } from "../state/blob";
import { now, partyCount, policyOfParty } from "../state/party";
import {
  addMember,
  approvalAt,
  approvalCount,
  blobAt,
  countMembersOf,
  findMember,
  isWritten,
  memberCount,
  removeApproval,
  removeMember,
} from "../state/slots";
import { isHeld } from "./selectors";
import { code, decideBy, deny, effect } from "./verdict";

/** Key of the members that are pending calls. */
const PENDING: u64 = 0;
const ACTING_AGENT: u32 = 0;

/** Index of the approval of this action, or NONE; sought at most once in a decision. */
let found: u32 = NONE;
let isSought: bool = false;

export function forgetApproval(): void {
  isSought = false;
}

/** Whether exactly this action of the acting agent was approved, so that a defer does not hold it up. */
export function hasApproval(): bool {
  if (blobCount == 0 || approvalCount(blobAt(ACTING_AGENT)) == 0) return false;
  if (!isSought) {
    isSought = true;
    digestAction();
    found = findApproval(blobAt(ACTING_AGENT), ACTION_DIGEST);
    if (found != NONE && isPast(blobAt(ACTING_AGENT), found)) found = NONE;
  }
  return found != NONE;
}

/** Whether the party that was judged last defers, by something else than a selector, what was approved. */
export function isLifted(): bool {
  return effect == EFFECT_DEFER && !isHeld && hasApproval();
}

/** Makes a permit of the verdict. `rule`: that of the actor's step 5. */
export function approve(rule: u32): void {
  decideBy(CODE_APPROVED, EFFECT_PERMIT, rule);
}

/** Denies a call that is deferred when a gate would wait for it and there is no room to note it. */
export function refusePending(): void {
  for (let index: u32 = 0; index < partyCount; index++) {
    if (!notesPending(index) || hasRoom(sessionOf(index))) continue;
    deny(CODE_APPROVALS_FULL);
    return;
  }
}

/** The verdict is final: an approval that it rests on is used up; a deferred call is pending where a gate asks. */
export function commitApproval(): void {
  if (code == CODE_APPROVED) removeApproval(blobAt(ACTING_AGENT), found);
  else if (effect == EFFECT_DEFER) {
    for (let index: u32 = 0; index < partyCount; index++) {
      if (notesPending(index)) addPending(sessionOf(index));
    }
  }
}

/** Blob of a party's session. */
function sessionOf(index: u32): usize {
  return blobAt(2 * index + 1);
}

/** Whether deferred calls are noted in the party's session: the actor's own, and a grantor's that were made in its name. */
function notesPending(index: u32): bool {
  const policy = policyOfParty(index);
  if (blobCount == 0 || policy == NONE || !isWritten(sessionOf(index))) return false;
  return (load<u32>(memoryAt(policy), MEMORY_FLAGS) & REMEMBERS_GATE_PENDING) != 0;
}

function hasRoom(session: usize): bool {
  if (countMembersOf(session, PENDING) < MAX_PENDING && memberCount(session) < MAX_MEMBERS) return true;
  digestAction();
  return findMember(session, PENDING, load<u64>(ACTION_DIGEST)) != NONE;
}

function addPending(session: usize): void {
  digestAction();
  const hash = load<u64>(ACTION_DIGEST);
  if (findMember(session, PENDING, hash) == NONE) addMember(session, PENDING, hash);
}

/** How many calls of the session are pending. */
export function pendingCount(session: usize): u32 {
  return countMembersOf(session, PENDING);
}

/** The call with that digest is no longer pending, in the session of no party. */
export function removePending(digest: usize): void {
  for (let index: u32 = 0; index < partyCount; index++) {
    if (!isWritten(sessionOf(index))) continue;
    const member = findMember(sessionOf(index), PENDING, load<u64>(digest));
    if (member != NONE) removeMember(sessionOf(index), member);
  }
}

/** Index of the approval of the action with that digest, or NONE. */
export function findApproval(blob: usize, digest: usize): u32 {
  for (let i: u32 = 0; i < approvalCount(blob); i++) {
    if (equal(approvalAt(blob, i), digest, DIGEST_BYTES)) return i;
  }
  return NONE;
}

function isPast(blob: usize, i: u32): bool {
  return load<u64>(approvalAt(blob, i), DIGEST_BYTES) <= now;
}

/** Takes away what nobody can use any more. */
export function dropPastApprovals(blob: usize): void {
  for (let i = approvalCount(blob); i > 0; i--) {
    if (isPast(blob, i - 1)) removeApproval(blob, i - 1);
  }
}
