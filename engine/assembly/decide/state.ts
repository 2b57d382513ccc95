/** The state of a decision or an event: taken before anything is judged, written when the verdict is final. engine/ABI.md "State". */
import {
  CLOCK_TOLERANCE_MS,
  CODE_CLOCK_BACKWARDS,
  CODE_FACT_CONFLICT,
  CODE_STATE_INVALID,
  CODE_TIME_MISSING,
  STATE_SLOT_LAST,
} from "../../constants";
import { blobCount, forgetBlobs, writeBlobs } from "../state/blob";
import { lastSeen, now, readParties, setNow } from "../state/party";
import { blobAt, isWritten, setSlot } from "../state/slots";
import { actionSession } from "./action";
import { factPhase, factPurpose, factTime, factTimeMs } from "./facts";
import { deny, denyField } from "./verdict";

/** Bytes of the state before that was looked at, 0 when none was: its digest stands in the record. */
export let stateBefore: u32 = 0;
/** Bytes of the state after, 0 when nothing is to be written. */
export let stateAfter: u32 = 0;
/** Whether the state before was taken and is to be written again. */
let isTaken: bool = false;

export function beginState(): void {
  stateBefore = 0;
  stateAfter = 0;
  isTaken = false;
}

/** Reads the blobs of the parties that were taken. Whether it has decided; no state is written then. */
export function refuseState(bytes: u32): bool {
  stateBefore = bytes;
  const isSound = readParties(bytes);
  if (!isSound || factTime == 0 || factTimeMs + CLOCK_TOLERANCE_MS < lastSeen) {
    forgetBlobs();
    return deny(!isSound ? CODE_STATE_INVALID : factTime == 0 ? CODE_TIME_MISSING : CODE_CLOCK_BACKWARDS);
  }
  setNow(factTimeMs);
  isTaken = true;
  return false;
}

/** With state, purpose and phase of a session are the state's to say. Whether it has decided. */
export function refuseConflict(): bool {
  if (actionSession == 0 || (factPurpose == 0 && factPhase == 0)) return false;
  dropState();
  return denyField(CODE_FACT_CONFLICT, factPurpose != 0 ? "purpose" : "phase");
}

/** From here on there is no state: nothing is written. */
export function dropState(): void {
  isTaken = false;
  forgetBlobs();
}

/** Whether there is a state that moves with the verdict. */
export function hasState(): bool {
  return isTaken;
}

/** Writes the state after, as the working copies are now. */
export function writeState(): void {
  for (let i: u32 = 0; i < blobCount; i++) {
    if (isWritten(blobAt(i))) setSlot(blobAt(i), STATE_SLOT_LAST, now);
  }
  stateAfter = writeBlobs();
}
