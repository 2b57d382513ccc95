/**
 * The order of a decision: LANGUAGE section 5, engine/ABI.md. Each step says whether it has decided.
 *
 * A decision has parties: the acting agent, then the grantors of its delegation (state/party.ts). `judgeParty` runs steps 1 to 6 for one of
 * them with its own policy block and blobs, and leaves that party's verdict in verdict.ts; what it reads of state it reads from the party
 * that is entered. `takeSteps` judges the actor; step 7 (delegation.ts) judges grantors and keeps the least; `isLifted` (approvals.ts)
 * says of the party judged last that its defer was approved. Nothing of this moves a meter: that is `commitState` (commit.ts), once the verdict is final.
 */
import { CODE_NO_POLICY, EFFECT_DEFER, EFFECT_DENY, EFFECT_PERMIT, NONE, TRACE_STEP } from "../../constants";
import { keepMarks, nextMark } from "../arrays";
import { beginPaths } from "../evaluate/paths";
import { lengthOf, textOf } from "../json/tape";
import { traceEvent, tracing } from "../record/trace";
import { enterParty, forgetParties, takeParties } from "../state/party";
import { actionAgent, actionSession, actionTool } from "./action";
import { approve, forgetApproval, hasApproval, isLifted, refusePending } from "./approvals";
import { refuseDelegation, refuseDepth } from "./delegation";
import { dispatch } from "./dispatch";
import { refuseEgress } from "./egress";
import { factChain } from "./grants";
import { refuseAgent, refuseIdentity, serveFacts } from "./identity";
import { refuseInputs, takeTexts } from "./inputs";
import { refuseLimits } from "./limits";
import { forgetMatches } from "./matches";
import { refuseModel } from "./model";
import { refusePhase } from "./phase";
import { judge, refuseAlways } from "./rules";
import { refuseArguments } from "./schemas";
import { heldCode, isHeld, refuseSelectors, takeHeld } from "./selectors";
import { beginSessions, markActive, refuseSession } from "./session";
import { beginState, dropState, refuseConflict, refuseState } from "./state";
import { agent, beginVerdict, code, deny, effect, notices, rule, setNotices } from "./verdict";

/** Rule of the actor's step 5, or NONE: what an approval leaves in the verdict. */
export let judgedRule: u32 = NONE;

/** Decides on the texts at ACTION_TEXT and FACTS_TEXT and the blobs at STATE; the verdict is in verdict.ts. */
export function decideInputs(actionBytes: u32, factsBytes: u32, stateBytes: u32, hasPolicy: bool): void {
  beginDecision();
  if (refuseInputs(actionBytes, factsBytes)) return;
  if (!hasPolicy) {
    deny(CODE_NO_POLICY);
    return;
  }
  keepMarks();
  takeSteps(stateBytes);
}

/** Forgets the last decision. */
export function beginDecision(): void {
  beginState();
  forgetApproval();
  judgedRule = NONE;
  beginVerdict();
  forgetMatches();
  forgetParties();
}

/** Denies with a code that the host came to; the texts are not read. */
export function refuseUnread(newCode: u32, actionBytes: u32, factsBytes: u32, ofEvent: bool): void {
  beginDecision();
  takeTexts(actionBytes, factsBytes, ofEvent);
  deny(newCode);
}

function takeSteps(stateBytes: u32): void {
  takeParties(actionAgent, factChain, actionSession);
  if (refuseWho(stateBytes)) {
    ends(1, true);
    return;
  }
  beginSessions();
  judgeParty(0);
  if (isLifted()) approve();
  if (factChain != 0 && effect != EFFECT_DENY) {
    const own = notices;
    ends(7, refuseDelegation());
    setNotices(own);
    enterActor();
  }
  if (effect == EFFECT_DEFER) refusePending();
}

/** The part of step 1 that comes before anything of a party's state is asked. */
function refuseWho(stateBytes: u32): bool {
  serveFacts();
  // Also what is refused has obligations.
  if (agent != NONE) matchTool();
  if (stateBytes != 0 && (refuseState(stateBytes) || refuseConflict())) return true;
  if (refuseAgent() || (factChain != 0 && refuseDepth())) {
    dropState();
    return true;
  }
  return false;
}

/** Finds the patterns of the agent that is served that match the tool. */
export function matchTool(): void {
  dispatch(textOf(actionTool), lengthOf(actionTool), agent);
}

/** Makes the actor the party again whose patterns and policy the verdict's obligations come from. */
export function enterActor(): void {
  enterParty(0);
  matchTool();
}

/**
 * Steps 1 to 6 for a party that a policy block serves: its verdict is in verdict.ts. A defer by a rule or a limit is asked about limits
 * too where an approval is noted: what denies still denies.
 */
export function judgeParty(index: u32): void {
  enterParty(index);
  if (index != 0) matchTool();
  beginPaths(nextMark());
  if (ends(1, refuseSession() || refuseIdentity())) return;
  markActive();
  if (ends(2, refuseSelectors())) return;
  if (ends(3, refusePhase() || refuseArguments() || refuseModel())) return;
  if (ends(4, refuseAlways())) return;
  if (isHeld) takeHeld();
  else {
    judge();
    if (index == 0) judgedRule = rule;
    ends(5, true);
  }
  if (effect == EFFECT_DENY) return;
  const refused = refuseEgress() || (mayPass() && refuseLimits());
  ends(6, refused);
}

/** Whether the verdict so far may become a permit. */
function mayPass(): bool {
  return effect == EFFECT_PERMIT || (!isHeld && hasApproval());
}

/** Traces the step: the code that it decided or holds, or 0. */
function ends(step: u32, decided: bool): bool {
  if (tracing) traceEvent(TRACE_STEP, step, decided ? code : step == 2 && isHeld ? heldCode : 0);
  return decided;
}
