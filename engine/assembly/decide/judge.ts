/** Steps 1 to 6 of LANGUAGE section 5, for one party. Each step says whether it has decided. */
import { EFFECT_DENY, EFFECT_PERMIT, NONE, TRACE_STEP } from "../../constants";
import { nextMark } from "../arrays";
import { beginPaths } from "../evaluate/paths";
import { lengthOf, textOf } from "../json/tape";
import { traceEvent, tracing } from "../record/trace";
import { enterParty } from "../state/party";
import { actionTool } from "./action";
import { hasApproval } from "./approvals";
import { dispatch } from "./dispatch";
import { refuseEgress } from "./egress";
import { refuseIdentity } from "./identity";
import { refuseLimits } from "./limits";
import { refuseModel } from "./model";
import { refusePhase } from "./phase";
import { judge, narrowPermit, refuseAlways } from "./rules";
import { refuseArguments } from "./schemas";
import { heldCode, isHeld, refuseSelectors, takeHeld } from "./selectors";
import { markActive, refuseSession } from "./session";
import { agent, code, effect, rule } from "./verdict";

/** Rule of the actor's step 5, or NONE: what an approval leaves in the verdict. */
export let judgedRule: u32 = NONE;

export function forgetJudged(): void {
  judgedRule = NONE;
}

/** Finds the patterns of the agent that is served that match the tool. */
export function matchTool(): void {
  dispatch(textOf(actionTool), lengthOf(actionTool), agent);
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
    narrowPermit();
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
export function ends(step: u32, decided: bool): bool {
  if (tracing) traceEvent(TRACE_STEP, step, decided ? code : step == 2 && isHeld ? heldCode : 0);
  return decided;
}
