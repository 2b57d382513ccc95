/** Events that open, move and close the acting agent's session. */
import {
  CODE_PHASE_UNKNOWN,
  CODE_SESSION_CLOSED,
  CODE_SESSION_EXISTS,
  CODE_SESSION_UNKNOWN,
  NONE,
  STATE_CLOSED,
} from "../../constants";
import { openSession, refuseEnded, refuseExhausted } from "../decide/session";
import { findPhase, passPhases, setPhase } from "../decide/session-phase";
import { deny } from "../decide/verdict";
import { lengthOf, textOf } from "../json/tape";
import { now, sessionBlob } from "../state/party";
import { hasFlags, setFlags, setText } from "../state/slots";
import { eventField } from "./event";
import { refuseGate } from "./gate";
import { FIELD_PHASE, FIELD_PURPOSE } from "./table";

/** Index of the phase that the event names, or NONE. */
function namedPhase(): u32 {
  const node = eventField(FIELD_PHASE);
  return findPhase(textOf(node), lengthOf(node));
}

export function refuseOpening(): bool {
  if (sessionBlob != 0) return deny(CODE_SESSION_EXISTS);
  const phase: u32 = eventField(FIELD_PHASE) == 0 ? NONE : namedPhase();
  if (eventField(FIELD_PHASE) != 0 && phase == NONE) return deny(CODE_PHASE_UNKNOWN);
  openSession(0);
  if (phase != NONE) setPhase(phase, now);
  const purpose = eventField(FIELD_PURPOSE);
  if (purpose != 0) setText(sessionBlob, textOf(purpose), lengthOf(purpose));
  return false;
}

export function refuseMove(): bool {
  if (sessionBlob == 0) return deny(CODE_SESSION_UNKNOWN);
  if (refuseEnded() || refuseExhausted()) return true;
  const phase = namedPhase();
  if (phase == NONE) return deny(CODE_PHASE_UNKNOWN);
  setPhase(phase, now);
  return false;
}

export function refuseClosing(): bool {
  if (sessionBlob == 0) return deny(CODE_SESSION_UNKNOWN);
  if (hasFlags(sessionBlob, STATE_CLOSED)) return deny(CODE_SESSION_CLOSED);
  if (refuseGate()) return true;
  passPhases();
  setFlags(sessionBlob, STATE_CLOSED);
  return false;
}
