/** Step 1, second part: the agent and its session as the state has them. engine/ABI.md "Sessions". */
import {
  CODE_AGENT_FROZEN,
  CODE_SESSION_CLOSED,
  CODE_SESSION_EXHAUSTED,
  CODE_SESSION_EXPIRED,
  CODE_SESSION_IDLE,
  CODE_SESSION_MISSING,
  CODE_SESSION_UNKNOWN,
  CODE_STATE_MISSING,
  EFFECT_DENY,
  FAMILY_BUDGET,
  METER_TOTAL,
  NONE,
  REMEMBERS_AGENT,
  REMEMBERS_SESSION,
  SCOPED_SESSION,
  STATE_CLOSED,
  STATE_EXHAUSTED,
  STATE_FROZEN,
  STATE_JOINED,
  STATE_SLOT_ACTIVE,
  STATE_SLOT_CALLS,
  STATE_SLOT_OPENED,
} from "../../constants";
import {
  MEMORY_FLAGS,
  MEMORY_IDLE_TIMEOUT,
  MEMORY_MAX_CALLS,
  MEMORY_MAX_DURATION,
  METER_FAMILY,
  METER_KIND,
  METER_LIMIT,
  METER_ON_EXCEED,
  METER_SLOT,
  memoryAt,
} from "../bundle";
import { blobCount } from "../state/blob";
import { beginMeters, nextMeter } from "../state/meters";
import {
  agentBlob,
  beginSession,
  enterParty,
  now,
  partyCount,
  policyOfParty,
  sessionBlob,
  sessionNode,
} from "../state/party";
import {
  blobAt,
  hasFlags,
  isWritten,
  meterSlotAt,
  setFlags,
  setSlot,
  setText,
  slotOf,
  textBytes,
  textOfBlob,
} from "../state/slots";
import { beginPhase, passPhases } from "./session-phase";
import { agent, deny, NOTICE_BUDGET, notice } from "./verdict";

const FOR_EVER: u64 = u64.MAX_VALUE;

/** Whether what the party's blobs hold, or their want, has decided. */
export function refuseSession(): bool {
  const remembers = load<u32>(memoryAt(agent), MEMORY_FLAGS);
  if (agentBlob != 0 && hasFlags(agentBlob, STATE_FROZEN)) return deny(CODE_AGENT_FROZEN);
  if (blobCount == 0 && (remembers & REMEMBERS_AGENT) != 0) return deny(CODE_STATE_MISSING);
  if (blobCount == 0 || sessionNode == 0) {
    return (remembers & REMEMBERS_SESSION) != 0 ? deny(CODE_SESSION_MISSING) : false;
  }
  if (refuseRoot() || refuseEnded()) return true;
  if (!refuseExhausted()) return false;
  notice(NOTICE_BUDGET);
  return true;
}

/** Blob of the session of who began the chain: the first grantor, or the agent itself. */
function rootBlob(): usize {
  return blobAt(partyCount > 1 ? 3 : 1);
}

/** Whether an event has opened the session. */
function isOpened(session: usize): bool {
  return isWritten(session) && !hasFlags(session, STATE_JOINED);
}

/** Whether the action has a session that nobody has opened: its record names state that was not looked at. */
export function isUnknownSession(): bool {
  return sessionNode != 0 && !isOpened(rootBlob());
}

/** Without the root's session there is none. */
function refuseRoot(): bool {
  const root = rootBlob();
  if (!isOpened(root)) return deny(CODE_SESSION_UNKNOWN);
  return hasFlags(root, STATE_CLOSED) ? deny(CODE_SESSION_CLOSED) : false;
}

/** Begins the sessions of all parties where the root has one, with its purpose, and brings each to its phase of this moment. */
export function beginSessions(): void {
  if (blobCount == 0 || sessionNode == 0 || !isOpened(rootBlob())) return;
  for (let index: u32 = 0; index < partyCount; index++) {
    if (policyOfParty(index) == NONE) continue;
    enterParty(index);
    if (sessionBlob == 0) {
      openSession(index);
      setFlags(sessionBlob, STATE_JOINED);
      setText(sessionBlob, textOfBlob(rootBlob()), textBytes(rootBlob()));
    }
    passPhases();
  }
}

/** Begins the session of the party that was entered, in its first phase and without a purpose. */
export function openSession(index: u32): void {
  beginSession(index);
  enterParty(index);
  setSlot(sessionBlob, STATE_SLOT_OPENED, now);
  setSlot(sessionBlob, STATE_SLOT_ACTIVE, now);
  beginPhase();
}

/** Whether the session is over. Its phase is that of this moment then. */
export function refuseEnded(): bool {
  if (hasFlags(sessionBlob, STATE_CLOSED)) return deny(CODE_SESSION_CLOSED);
  passPhases();
  const memory = memoryAt(agent);
  const age = now - slotOf(sessionBlob, STATE_SLOT_OPENED);
  if (isOver(age, load<u64>(memory, MEMORY_MAX_DURATION))) return deny(CODE_SESSION_EXPIRED);
  const idle = now - slotOf(sessionBlob, STATE_SLOT_ACTIVE);
  return isOver(idle, load<u64>(memory, MEMORY_IDLE_TIMEOUT)) ? deny(CODE_SESSION_IDLE) : false;
}

function isOver(passed: u64, limit: u64): bool {
  return limit != FOR_EVER && passed >= limit;
}

/** Whether the session has used up what it had; it stays so. */
export function refuseExhausted(): bool {
  if (!hasFlags(sessionBlob, STATE_EXHAUSTED)) {
    const calls = slotOf(sessionBlob, STATE_SLOT_CALLS);
    if (!isOver(calls, load<u64>(memoryAt(agent), MEMORY_MAX_CALLS)) && !isBudgetUsedUp()) return false;
    setFlags(sessionBlob, STATE_EXHAUSTED);
  }
  return deny(CODE_SESSION_EXHAUSTED);
}

function isBudgetUsedUp(): bool {
  beginMeters(agent, SCOPED_SESSION);
  for (let meter = nextMeter(); meter != 0; meter = nextMeter()) {
    const isFinal =
      load<u32>(meter, METER_FAMILY) == FAMILY_BUDGET &&
      load<u32>(meter, METER_KIND) == METER_TOTAL &&
      load<u32>(meter, METER_ON_EXCEED) == EFFECT_DENY;
    if (!isFinal) continue;
    const value = load<u64>(meterSlotAt(sessionBlob, load<u32>(meter, METER_SLOT)), 8);
    if (isOver(value, load<u64>(meter, METER_LIMIT))) return true;
  }
  return false;
}

/** The party is judged past step 1. */
export function markActive(): void {
  if (sessionBlob != 0) setSlot(sessionBlob, STATE_SLOT_ACTIVE, now);
}
