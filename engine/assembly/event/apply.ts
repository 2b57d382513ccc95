/** What happens beside decisions. engine/ABI.md "Events". An event that is refused changes nothing. */
import {
  CODE_AGENT_FROZEN,
  CODE_CHILDREN_NONE,
  CODE_EVENT_APPLIED,
  CODE_EVENT_INVALID,
  CODE_FACT_CONFLICT,
  CODE_NO_POLICY,
  CODE_STATE_MISSING,
  CODE_TIME_MISSING,
  EFFECT_PERMIT,
  NONE,
  STATE_FROZEN,
  STATE_SLOT_CHILDREN,
} from "../../constants";
import { actionAgent, actionSession } from "../decide/action";
import { beginDecision } from "../decide/decide";
import { factPhase, factPurpose, factTime, factTimeMs } from "../decide/facts";
import { factChain } from "../decide/grants";
import { refuseAgent, serveFacts } from "../decide/identity";
import { refuseEventInputs } from "../decide/inputs";
import { dropState, refuseState } from "../decide/state";
import { decideBy, deny, denyField } from "../decide/verdict";
import { integer, readInteger } from "../number/decimal";
import { agentBlob, enterParty, now, setNow, takeParties } from "../state/party";
import { clearFlags, hasFlags, setFlags, setSlot, slotOf } from "../state/slots";
import { applyRejection, refuseApproval } from "./approve";
import { eventField, eventType } from "./event";
import { refuseClosing, refuseMove, refuseOpening } from "./sessions";
import { refuseSettlement } from "./settle";
import {
  EVENT_APPROVE,
  EVENT_CHILD_EXIT,
  EVENT_DELEGATION_GRANT,
  EVENT_FREEZE,
  EVENT_REFUND,
  EVENT_REJECT,
  EVENT_SESSION_CLOSE,
  EVENT_SESSION_OPEN,
  EVENT_SESSION_PHASE,
  EVENT_SETTLE,
  EVENT_UNFREEZE,
  FIELD_CHAIN,
  FIELD_EXPIRES,
} from "./table";

/** Applies the event at ACTION_TEXT, with the facts at FACTS_TEXT, to the blobs at STATE; the verdict is in verdict.ts. */
export function applyInputs(eventBytes: u32, factsBytes: u32, stateBytes: u32, hasPolicy: bool): void {
  beginDecision();
  if (refuseEventInputs(eventBytes, factsBytes)) return;
  if (!hasPolicy) {
    deny(CODE_NO_POLICY);
    return;
  }
  takeParties(actionAgent, eventField(FIELD_CHAIN), actionSession);
  serveFacts();
  if (refuseTime(stateBytes) || refuseConflict() || refuseAgent() || refuseExpiry()) {
    dropState();
    return;
  }
  enterParty(0);
  if (refuseFrozen() || refuseWant(stateBytes) || refuseEffect()) {
    dropState();
    return;
  }
  decideBy(CODE_EVENT_APPLIED, EFFECT_PERMIT, NONE);
  if (isRecordedOnly()) dropState();
}

/** Whether the facts say what the event or the state has to say. */
function refuseConflict(): bool {
  if (factChain != 0) return denyField(CODE_FACT_CONFLICT, "delegation");
  if (factPurpose != 0) return denyField(CODE_FACT_CONFLICT, "purpose");
  return factPhase != 0 ? denyField(CODE_FACT_CONFLICT, "phase") : false;
}

/** Whether the state cannot be taken, or the time is not there. */
function refuseTime(stateBytes: u32): bool {
  if (stateBytes != 0) return refuseState(stateBytes);
  if (factTime == 0) return deny(CODE_TIME_MISSING);
  setNow(factTimeMs);
  return false;
}

/** Whether what the event notes is over already. */
function refuseExpiry(): bool {
  const node = eventField(FIELD_EXPIRES);
  if (node == 0) return false;
  readInteger(node, u64.MAX_VALUE);
  return integer <= now ? denyField(CODE_EVENT_INVALID, "expires") : false;
}

/** Whether the event moves a state that is not there. */
function refuseWant(stateBytes: u32): bool {
  return stateBytes == 0 && !isRecordedOnly() ? deny(CODE_STATE_MISSING) : false;
}

function isRecordedOnly(): bool {
  return eventType >= EVENT_DELEGATION_GRANT;
}

/** Whether the event is one that a frozen agent has no right to. */
function refuseFrozen(): bool {
  const needsLeave =
    eventType == EVENT_SESSION_OPEN || eventType == EVENT_SESSION_PHASE || eventType == EVENT_DELEGATION_GRANT;
  const isFrozen = agentBlob != 0 && hasFlags(agentBlob, STATE_FROZEN);
  return needsLeave && isFrozen ? deny(CODE_AGENT_FROZEN) : false;
}

/** Does what the event does. Whether it was refused. */
function refuseEffect(): bool {
  switch (eventType) {
    case EVENT_SESSION_OPEN:
      return refuseOpening();
    case EVENT_SESSION_PHASE:
      return refuseMove();
    case EVENT_SESSION_CLOSE:
      return refuseClosing();
    case EVENT_SETTLE:
      return refuseSettlement(false);
    case EVENT_REFUND:
      return refuseSettlement(true);
    case EVENT_APPROVE:
      return refuseApproval();
    case EVENT_REJECT:
      applyRejection();
      return false;
    case EVENT_FREEZE:
      setFlags(agentBlob, STATE_FROZEN);
      return false;
    case EVENT_UNFREEZE:
      clearFlags(agentBlob, STATE_FROZEN);
      return false;
    case EVENT_CHILD_EXIT:
      return refuseExit();
    default:
      // Recorded only.
      return false;
  }
}

function refuseExit(): bool {
  const children = slotOf(agentBlob, STATE_SLOT_CHILDREN);
  if (children == 0) return deny(CODE_CHILDREN_NONE);
  setSlot(agentBlob, STATE_SLOT_CHILDREN, children - 1);
  return false;
}
