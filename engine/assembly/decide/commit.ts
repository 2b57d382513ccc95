/** What a decision leaves in the state, once its verdict is final. engine/ABI.md "State". */
import {
  EFFECT_DENY,
  EFFECT_PERMIT,
  MAX_RESERVATIONS,
  METER_DISTINCT,
  NONE,
  SCOPED_AGENT,
  STATE_SLOT_CALLS,
  STATE_SLOT_CHILDREN,
  STATE_SLOT_COST,
  UNIT_BYTES,
  UNIT_DENIALS,
} from "../../constants";
import { METER_KIND, METER_LIMIT, METER_SCOPE, METER_UNIT, METER_WINDOW, meterAt, PATTERN_METERS } from "../bundle";
import { beginMeters, nextMeter } from "../state/meters";
import { agentBlob, enterParty, now, partyCount, sessionBlob } from "../state/party";
import {
  addReservation,
  oldestReservation,
  RESERVATION_MASK,
  RESERVATION_TIME,
  reservationAt,
  reservationCount,
  setSlot,
  slotOf,
} from "../state/slots";
import { addDistinct, addTo, blobOfMeter, isSettled, MAX_VALUE, settledBit } from "../state/values";
import { amount, callMoney, weigh, weighCosts } from "./amounts";
import { commitApproval } from "./approvals";
import { costTokens } from "./cost";
import { matchTool } from "./judge";
import { isMoved } from "./limits";
import { beginMerge, nextMerged } from "./merge";
import { isSpawn } from "./spawn";
import { isUnknownSession } from "./session";
import { dropState, hasState, writeState } from "./state";
import { agent, effect } from "./verdict";

/** Moves what the verdict moves, for a record of that sequence, and writes the state after. */
export function commitState(sequence: u64): void {
  if (!hasState()) return;
  if (isUnknownSession()) {
    dropState();
    return;
  }
  if (effect == EFFECT_PERMIT) {
    // The actor comes last, so that the verdict's obligations are from its patterns again.
    for (let i = partyCount; i > 0; i--) {
      enterParty(i - 1);
      if (partyCount > 1) matchTool();
      movePermitted(sequence, i == 1);
    }
  } else {
    enterParty(0);
    if (effect == EFFECT_DENY) moveDenied();
  }
  commitApproval();
  writeState();
}

/** The state after an event that was applied. */
export function commitEvent(): void {
  if (hasState()) writeState();
}

function movePermitted(sequence: u64, isActor: bool): void {
  weighCosts();
  let agentMask: u64 = 0;
  let sessionMask: u64 = 0;
  beginMerge(PATTERN_METERS);
  for (let id = nextMerged(); id != NONE; id = nextMerged()) {
    const meter = meterAt(id);
    if (!isMoved(meter) || load<u32>(meter, METER_UNIT) == UNIT_DENIALS) continue;
    weigh(meter);
    const blob = blobOfMeter(meter);
    if (load<u32>(meter, METER_KIND) == METER_DISTINCT) addDistinct(blob, meter, amount);
    else addTo(blob, meter, amount);
    if (!isSettled(meter)) continue;
    const bit = settledBit(agent, meter);
    if (load<u32>(meter, METER_SCOPE) == SCOPED_AGENT) agentMask |= bit;
    else sessionMask |= bit;
  }
  if (agentMask != 0) {
    if (reservationCount(agentBlob) == MAX_RESERVATIONS) countUnreported();
    addReservation(agentBlob, sequence, now, callMoney, costTokens, agentMask);
  }
  if (isActor && isSpawn()) setSlot(agentBlob, STATE_SLOT_CHILDREN, slotOf(agentBlob, STATE_SLOT_CHILDREN) + 1);
  if (sessionBlob == 0) return;
  if (sessionMask != 0 || callMoney != 0) {
    addReservation(sessionBlob, sequence, now, callMoney, costTokens, sessionMask);
  }
  setSlot(sessionBlob, STATE_SLOT_CALLS, slotOf(sessionBlob, STATE_SLOT_CALLS) + 1);
  const cost = slotOf(sessionBlob, STATE_SLOT_COST);
  setSlot(sessionBlob, STATE_SLOT_COST, callMoney > MAX_VALUE - cost ? MAX_VALUE : cost + callMoney);
}

/** The oldest reservation is about to go: of its bytes nobody has heard, so they count as more than each limit allows. */
function countUnreported(): void {
  const oldest = reservationAt(agentBlob, oldestReservation(agentBlob));
  const time = load<u64>(oldest, RESERVATION_TIME);
  const mask = load<u64>(oldest, RESERVATION_MASK);
  beginMeters(agent, SCOPED_AGENT);
  for (let meter = nextMeter(); meter != 0; meter = nextMeter()) {
    if (load<u32>(meter, METER_UNIT) != UNIT_BYTES || (mask & settledBit(agent, meter)) == 0) continue;
    const window = load<u64>(meter, METER_WINDOW);
    if (time / window == now / window) addTo(agentBlob, meter, load<u64>(meter, METER_LIMIT) + 1);
  }
}

/** Counts the acting agent's denial. */
function moveDenied(): void {
  beginMerge(PATTERN_METERS);
  for (let id = nextMerged(); id != NONE; id = nextMerged()) {
    const meter = meterAt(id);
    if (load<u32>(meter, METER_UNIT) == UNIT_DENIALS && isMoved(meter)) addTo(blobOfMeter(meter), meter, 1);
  }
}
