/**
 * Parties of a decision: 0 is who acts, then the grantors from the root on. A party is the policy block that serves it and its two blobs.
 * Steps judge the party that was entered last: `agent` of verdict.ts, `agentBlob` and `sessionBlob`.
 */
import { DELEGATE_SEPARATOR, NONE, REMEMBERS_DELEGATE, SCOPE_AGENTS, SCOPED_AGENT, SCOPED_SESSION, STATE_SLOT_LAST } from "../../constants";
import { MEMORY_FLAGS, memoryAt, SYSTEM_DEFAULT_AGENT, system } from "../bundle";
import { serveBy } from "../decide/verdict";
import { begin, finishSlot, update } from "../hash/sha256";
import { firstOf, lengthOf, nextOf, textOf } from "../json/tape";
import { PARTIES } from "../memory";
import { find } from "../names";
import { beginBlob, blobCount, forgetBlobs, readBlob, readFrame } from "./blob";
import { MAX_PARTIES } from "./layout";
import { blobAt, isWritten, slotOf } from "./slots";

/** At least 1 once `takeParties` has run. */
export let partyCount: u32 = 0;
/** The party that was entered. */
export let party: u32 = 0;
/** Its blobs: 0 without state; the session's also without a session that is open for it. */
export let agentBlob: usize = 0;
export let sessionBlob: usize = 0;
/** Tape node of the session's id, or 0. */
export let sessionNode: usize = 0;
/** Unix milliseconds: the host's time, or the greatest that a blob has seen when that is a little later. */
export let now: u64 = 0;

const OFFSET_BASIS: u64 = 0xcbf29ce484222325;
const PRIME: u64 = 0x100000001b3;
const separator: usize = memory.data<u8>([<u8>DELEGATE_SEPARATOR]);

/** FNV-1a, 64 bits: for names of the policy. Whoever chooses a text finds another with the same. */
export function hashText(text: usize, length: u32): u64 {
  let hash = OFFSET_BASIS;
  for (const end = text + length; text < end; text++) hash = (hash ^ <u64>load<u8>(text)) * PRIME;
  return hash;
}

/** Without state there is the acting agent alone, without blobs. */
export function forgetParties(): void {
  partyCount = 1;
  party = 0;
  isScope = false;
  agentBlob = 0;
  sessionBlob = 0;
  sessionNode = 0;
  lastSeen = 0;
  forgetBlobs();
}

/** Index of the policy block that serves a name: its own, or the default one; NONE when there is none. */
export function policyOf(name: usize, length: u32): u32 {
  const found = find(SCOPE_AGENTS, name, length);
  // A `delegate` block is no agent, nor is what is named like one.
  if (found != NONE) return (load<u32>(memoryAt(found), MEMORY_FLAGS) & REMEMBERS_DELEGATE) == 0 ? found : NONE;
  for (const end = name + length; name < end; name++) {
    if (load<u8>(name) == DELEGATE_SEPARATOR) return NONE;
  }
  return load<u32>(system, SYSTEM_DEFAULT_AGENT);
}

/**
 * Notes who takes part: tape nodes of the acting agent's name, of the list of its grantors (0: none), of the session (0: none).
 * At most MAX_DELEGATION_DEPTH grantors are taken; the caller refuses a longer chain.
 */
export function takeParties(name: usize, chain: usize, session: usize): void {
  sessionNode = session;
  partyCount = 0;
  addParty(name);
  if (chain == 0) return;
  const end = nextOf(chain);
  for (let node = firstOf(chain); node < end && partyCount < MAX_PARTIES; node = nextOf(node)) addParty(node);
}

function addParty(node: usize): void {
  const at = PARTIES + 8 * <usize>partyCount;
  store<u32>(at, <u32>node);
  store<u32>(at, policyOf(textOf(node), lengthOf(node)), 4);
  partyCount++;
}

/** Tape node of a party's name. */
export function nameOfParty(index: u32): usize {
  return load<u32>(PARTIES + 8 * <usize>index);
}

/** Index of the policy block that serves a party, or NONE. */
export function policyOfParty(index: u32): u32 {
  return load<u32>(PARTIES + 8 * <usize>index, 4);
}

/** The greatest time that a blob has seen. */
export let lastSeen: u64 = 0;

/** Reads the blobs of all parties. False when something of them cannot be. */
export function readParties(bytes: u32): bool {
  lastSeen = 0;
  if (!readFrame(bytes, 2 * partyCount)) return false;
  for (let i: u32 = 0; i < partyCount; i++) {
    const policy = policyOfParty(i);
    const owner = ownerOf(i, SCOPED_AGENT);
    if (!readBlob(2 * i, SCOPED_AGENT, owner, policy)) return false;
    const session = blobAt(2 * i + 1);
    const owned = sessionNode == 0 ? owner : ownerOf(i, SCOPED_SESSION);
    if (!readBlob(2 * i + 1, SCOPED_SESSION, owned, policy)) return false;
    if (sessionNode == 0 && isWritten(session)) return false;
    if (isWritten(session)) lastSeen = max(lastSeen, slotOf(session, STATE_SLOT_LAST));
    if (isWritten(blobAt(2 * i))) lastSeen = max(lastSeen, slotOf(blobAt(2 * i), STATE_SLOT_LAST));
    else beginBlob(2 * i, SCOPED_AGENT, owner, policy);
  }
  return true;
}

export function setNow(time: u64): void {
  now = max(time, lastSeen);
}

/** Owner of a party's blob, as the blob names it. */
export function ownerOf(index: u32, scope: u32): u64 {
  const node = nameOfParty(index);
  begin();
  update(textOf(node), lengthOf(node));
  if (scope == SCOPED_SESSION && sessionNode != 0) {
    update(separator, 1);
    update(textOf(sessionNode), lengthOf(sessionNode));
  }
  return finishSlot();
}

/** Begins the session's blob of a party. Sessions are opened by an event; those of other parties begin by themselves. */
export function beginSession(index: u32): void {
  beginBlob(2 * index + 1, SCOPED_SESSION, ownerOf(index, SCOPED_SESSION), policyOfParty(index));
}

/** Makes the party the one that is judged. Its tool patterns are not matched yet: decide.ts. */
export function enterParty(index: u32): void {
  party = index;
  isScope = false;
  serveBy(policyOfParty(index));
  agentBlob = 0;
  sessionBlob = 0;
  if (blobCount == 0) return;
  agentBlob = blobAt(2 * index);
  const session = blobAt(2 * index + 1);
  if (isWritten(session)) sessionBlob = session;
}

/** A `delegate` block's scope is judged for the party: it has no meters of its own. */
export let isScope: bool = false;

/** Judges the scope of a `delegate` block from here on, over the session of the party that was entered. */
export function enterScope(policy: u32): void {
  serveBy(policy);
  isScope = true;
}
