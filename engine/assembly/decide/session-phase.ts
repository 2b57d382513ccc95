/** The phase of a session as its blob has it: a hash of its name, and since when. engine/ABI.md "Sessions". */
import { NONE, STATE_SLOT_PHASE, STATE_SLOT_PHASE_SINCE } from "../../constants";
import {
  AGENT_PHASE_COUNT,
  AGENT_PHASE_FIRST,
  agentAt,
  PHASE_NEXT,
  phaseLimitAt,
  phases,
  stringLength,
  stringText,
} from "../bundle";
import { hashText, now, sessionBlob } from "../state/party";
import { setSlot, slotOf } from "../state/slots";
import { agent } from "./verdict";

/** The last phase of the session has passed and none follows. */
export let isPhaseOver: bool = false;

/** Hash of a phase's name, by its index among all. */
function hashOf(phase: u32): u64 {
  const name = load<u32>(phases + 4 * <usize>phase);
  return hashText(stringText(name), stringLength(name));
}

function firstPhase(): u32 {
  return load<u32>(agentAt(agent), AGENT_PHASE_FIRST);
}

function phaseCount(): u32 {
  return load<u32>(agentAt(agent), AGENT_PHASE_COUNT);
}

/** Puts the session into a phase, by its index among all, from then on. */
export function setPhase(phase: u32, since: u64): void {
  setSlot(sessionBlob, STATE_SLOT_PHASE, hashOf(phase));
  setSlot(sessionBlob, STATE_SLOT_PHASE_SINCE, since);
}

/** Puts the session into the first phase, if there are any. */
export function beginPhase(): void {
  if (phaseCount() != 0) setPhase(firstPhase(), now);
}

/** Position of the session's phase among the agent's; their count when it is none of them. */
export function phasePosition(): u32 {
  return findPosition(slotOf(sessionBlob, STATE_SLOT_PHASE));
}

/** Index among all of the agent's phase of that name, or NONE. */
export function findPhase(name: usize, length: u32): u32 {
  const position = findPosition(hashText(name, length));
  return position == phaseCount() ? NONE : firstPhase() + position;
}

function findPosition(hash: u64): u32 {
  const count = phaseCount();
  const first = firstPhase();
  for (let position: u32 = 0; position < count; position++) {
    if (hashOf(first + position) == hash) return position;
  }
  return count;
}

/** Brings the session to the phase of this moment: one whose duration has passed gives way to its next, at its own time. */
export function passPhases(): void {
  isPhaseOver = false;
  const count = phaseCount();
  if (slotOf(sessionBlob, STATE_SLOT_PHASE) == 0) beginPhase();
  let position = phasePosition();
  if (position == count) return;
  const start = firstPhase() + position;
  const started = slotOf(sessionBlob, STATE_SLOT_PHASE_SINCE);
  let phase = start;
  let since = started;
  for (let step: u32 = 0; ; step++) {
    const duration = load<u64>(phaseLimitAt(phase));
    if (duration == 0 || now - since < duration) break;
    const next = load<u32>(phaseLimitAt(phase), PHASE_NEXT);
    isPhaseOver = next == NONE;
    if (isPhaseOver) break;
    since += duration;
    phase = next;
    // Every phase was met: from here on they go round, and only the rest of a round counts.
    if (step == count) since = now - ((now - since) % roundFrom(phase));
  }
  if (phase != start || since != started) setPhase(phase, since);
}

/** Time that it takes from a phase of a round to itself. */
function roundFrom(phase: u32): u64 {
  let round: u64 = 0;
  let at = phase;
  do {
    round += load<u64>(phaseLimitAt(at));
    at = load<u32>(phaseLimitAt(at), PHASE_NEXT);
  } while (at != phase);
  return round;
}
