/** Step 3, first part: the session's phase, and whether the tool is visible in it. */
import { CODE_PHASE_EXPIRED, CODE_PHASE_UNKNOWN, CODE_TOOL_NOT_VISIBLE, NO_PHASE, NONE, STATE_SLOT_PHASE } from "../../constants";
import { matched } from "../arrays";
import {
  AGENT_PHASE_COUNT,
  AGENT_PHASE_FIRST,
  agentAt,
  PATTERN_PHASES,
  patternAt,
  phases,
  stringLength,
  stringText,
} from "../bundle";
import { equal } from "../json/bytes";
import { lengthOf, textOf } from "../json/tape";
import { sessionBlob } from "../state/party";
import { slotOf } from "../state/slots";
import { factPhase } from "./facts";
import { matchedCount, matchedSystem } from "./matches";
import { isPhaseOver, phasePosition } from "./session-phase";
import { agent, deny } from "./verdict";

/** Index among all phases, as rules name it, or NO_PHASE. */
export let activePhase: u32 = NO_PHASE;
/** String id, or NONE. */
export let activePhaseName: u32 = NONE;

/** Whether it has decided. */
export function refusePhase(): bool {
  activePhase = NO_PHASE;
  activePhaseName = NONE;
  const policy = agentAt(agent);
  const first = load<u32>(policy, AGENT_PHASE_FIRST);
  const count = load<u32>(policy, AGENT_PHASE_COUNT);
  const position = activePosition(first, count);
  if (position < count) {
    activePhase = first + position;
    activePhaseName = load<u32>(phases + 4 * <usize>activePhase);
  } else if (isPhaseGiven()) return deny(CODE_PHASE_UNKNOWN);
  if (sessionBlob != 0 && isPhaseOver) return deny(CODE_PHASE_EXPIRED);
  const naming = namingPhases();
  if (naming == 0) return false;
  const isVisible = position < count && ((naming >> position) & 1) != 0;
  return isVisible ? false : deny(CODE_TOOL_NOT_VISIBLE);
}

/** Position of the phase of the session's blob, or of the facts; without either the first; `count` when it is none of the agent's. */
function activePosition(first: u32, count: u32): u32 {
  if (sessionBlob != 0) return phasePosition();
  return factPhase == 0 ? 0 : findPhase(first, count);
}

function isPhaseGiven(): bool {
  return sessionBlob != 0 ? slotOf(sessionBlob, STATE_SLOT_PHASE) != 0 : factPhase != 0;
}

/** Position of the facts' phase among the agent's, or `count`. */
function findPhase(first: u32, count: u32): u32 {
  for (let position: u32 = 0; position < count; position++) {
    const name = load<u32>(phases + 4 * <usize>(first + position));
    const length = lengthOf(factPhase);
    if (stringLength(name) == length && equal(stringText(name), textOf(factPhase), length)) return position;
  }
  return count;
}

/** Phases of the agent that name the tool, a bit each. */
function namingPhases(): u32 {
  let naming: u32 = 0;
  for (let i = matchedSystem; i < matchedCount; i++) {
    naming |= load<u32>(patternAt(load<u32>(matched + 4 * <usize>i)), PATTERN_PHASES);
  }
  return naming;
}
