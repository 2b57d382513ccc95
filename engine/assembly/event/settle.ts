/**
 * What a permit reserved gives way to what the call cost (`settle`), or to nothing (`refund`): once for every blob that holds the
 * reservation. engine/ABI.md "Reservations".
 */
import {
  CODE_RESERVATION_UNKNOWN,
  NONE,
  SCOPED_AGENT,
  SCOPED_SESSION,
  STATE_SLOT_COST,
  UNIT_BYTES,
  UNIT_CALLS,
  UNIT_MONEY,
  UNIT_TOKENS,
} from "../../constants";
import { METER_UNIT } from "../bundle";
import { agent, deny } from "../decide/verdict";
import { integer, readInteger } from "../number/decimal";
import { micros, readMoney } from "../number/micros";
import { beginMeters, nextMeter } from "../state/meters";
import { agentBlob, enterParty, partyCount, policyOfParty, sessionBlob } from "../state/party";
import {
  findReservation,
  RESERVATION_MASK,
  RESERVATION_MONEY,
  RESERVATION_TIME,
  RESERVATION_TOKENS,
  removeReservation,
  reservationAt,
  setSlot,
  slotOf,
} from "../state/slots";
import { addTo, isSettled, MAX_VALUE, settledBit, takeBack } from "../state/values";
import { eventField } from "./event";
import { FIELD_BYTES, FIELD_MONEY, FIELD_RESERVATION, FIELD_TOKENS } from "./table";

/** Whether no blob of the parties holds the reservation. */
export function refuseSettlement(isRefund: bool): bool {
  const id = countOf(FIELD_RESERVATION, 0);
  let isFound = false;
  for (let party: u32 = 0; party < partyCount; party++) {
    // Without a policy nobody can say what the meters are: the reservation stays open until there is one.
    if (policyOfParty(party) == NONE) continue;
    enterParty(party);
    if (settleIn(agentBlob, SCOPED_AGENT, id, isRefund)) isFound = true;
    if (sessionBlob != 0 && settleIn(sessionBlob, SCOPED_SESSION, id, isRefund)) isFound = true;
  }
  enterParty(0);
  return isFound ? false : deny(CODE_RESERVATION_UNKNOWN);
}

/** Whether the blob held the reservation. */
function settleIn(blob: usize, scope: u32, id: u64, isRefund: bool): bool {
  const i = findReservation(blob, id);
  if (i == NONE) return false;
  const reservation = reservationAt(blob, i);
  const money = load<u64>(reservation, RESERVATION_MONEY);
  const tokens = load<u64>(reservation, RESERVATION_TOKENS);
  const paid = isRefund ? 0 : moneyOf(money);
  const used = isRefund ? 0 : countOf(FIELD_TOKENS, tokens);
  const bytes = isRefund ? 0 : countOf(FIELD_BYTES, 0);
  const time = load<u64>(reservation, RESERVATION_TIME);
  const mask = load<u64>(reservation, RESERVATION_MASK);
  beginMeters(agent, scope);
  for (let meter = nextMeter(); meter != 0; meter = nextMeter()) {
    if (!isSettled(meter) || (mask & settledBit(agent, meter)) == 0) continue;
    switch (load<u32>(meter, METER_UNIT)) {
      case UNIT_MONEY:
        adjust(blob, meter, money, paid, time);
        break;
      case UNIT_TOKENS:
        adjust(blob, meter, tokens, used, time);
        break;
      case UNIT_BYTES:
        adjust(blob, meter, 0, bytes, time);
        break;
      case UNIT_CALLS:
        if (isRefund) adjust(blob, meter, 1, 0, time);
        break;
    }
  }
  if (scope == SCOPED_SESSION) adjustCost(blob, money, paid);
  removeReservation(blob, i);
  return true;
}

function adjust(blob: usize, meter: usize, reserved: u64, actual: u64, time: u64): void {
  if (actual > reserved) addTo(blob, meter, actual - reserved);
  else if (actual < reserved) takeBack(blob, meter, reserved - actual, time);
}

function adjustCost(session: usize, reserved: u64, actual: u64): void {
  const cost = slotOf(session, STATE_SLOT_COST);
  const kept = cost - min(cost, reserved);
  setSlot(session, STATE_SLOT_COST, actual > MAX_VALUE - kept ? MAX_VALUE : kept + actual);
}

/** Millionths that the event names, or what was reserved. */
function moneyOf(reserved: u64): u64 {
  const node = eventField(FIELD_MONEY);
  return node != 0 && readMoney(node) ? micros : reserved;
}

/** The same of an integer. */
function countOf(field: u32, reserved: u64): u64 {
  const node = eventField(field);
  return node != 0 && readInteger(node, u64.MAX_VALUE) ? integer : reserved;
}
