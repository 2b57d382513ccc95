/** What conditions read of the state: meters and computed numbers of the party that was entered. engine/ABI.md "Meters". */
import {
  COMPUTED_DELEGATION_DEPTH,
  COMPUTED_SESSION_AGE,
  COMPUTED_SESSION_CALLS,
  MISSING,
  NONE,
  STATE_SLOT_CALLS,
  STATE_SLOT_COST,
  STATE_SLOT_OPENED,
  UNIT_ARGUMENT,
  UNIT_MONEY,
} from "../../constants";
import { METER_AGENT, METER_UNIT, meterAt } from "../bundle";
import { agent } from "../decide/verdict";
import { now, partyCount, sessionBlob } from "../state/party";
import { slotOf } from "../state/slots";
import { blobOfMeter, hasHappened, leastOf, valueOf } from "../state/values";
import { setInteger, setMicros, setValue, VALUE_INTERVAL, VALUE_MISSING } from "./values";

const MS_PER_SECOND: u64 = 1000;

/** The blob that holds the meter, or 0: it is another agent's, or its blob is not there. */
function blobOf(meter: usize): usize {
  const owner = load<u32>(meter, METER_AGENT);
  return owner == NONE || owner == agent ? blobOfMeter(meter) : 0;
}

export function happened(id: u32): u32 {
  const meter = meterAt(id);
  const blob = blobOf(meter);
  return blob == 0 ? MISSING : hasHappened(blob, meter);
}

/** The number goes to `room`, or that it is missing. */
export function setComputed(room: usize, id: u32): void {
  if (id == COMPUTED_DELEGATION_DEPTH) setInteger(room, partyCount - 1);
  else if (sessionBlob == 0) store<u32>(room, VALUE_MISSING);
  else if (id == COMPUTED_SESSION_CALLS) setInteger(room, slotOf(sessionBlob, STATE_SLOT_CALLS));
  else if (id == COMPUTED_SESSION_AGE) setInteger(room, (now - slotOf(sessionBlob, STATE_SLOT_OPENED)) / MS_PER_SECOND);
  else setMicros(room, slotOf(sessionBlob, STATE_SLOT_COST));
}

/** The meter's value goes to `room`, or that it is missing, or an interval whose ends are to be asked. */
export function setMeter(room: usize, id: u32): void {
  const meter = meterAt(id);
  const blob = blobOf(meter);
  if (blob == 0) {
    store<u32>(room, VALUE_MISSING);
    return;
  }
  const most = valueOf(blob, meter);
  if (leastOf(blob, meter) == most) setAmount(room, meter, most);
  else setValue(room, VALUE_INTERVAL, meter, 0);
}

/** One end of the interval that a meter's value is goes to `room`. */
export function setEnd(room: usize, meter: usize, isGreatest: bool): void {
  const blob = blobOf(meter);
  setAmount(room, meter, isGreatest ? valueOf(blob, meter) : leastOf(blob, meter));
}

function setAmount(room: usize, meter: usize, value: u64): void {
  const unit = load<u32>(meter, METER_UNIT);
  if (unit == UNIT_ARGUMENT || unit == UNIT_MONEY) setMicros(room, value);
  else setInteger(room, value);
}
