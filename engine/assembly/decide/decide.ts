/**
 * The order of a decision: LANGUAGE section 5, engine/ABI.md. Each step says whether it has decided.
 *
 * A decision has parties: the acting agent, then the grantors of its delegation (state/party.ts). `judgeParty` (judge.ts) runs steps 1 to 6 for one of
 * them with its own policy block and blobs, and leaves that party's verdict in verdict.ts; what it reads of state it reads from the party
 * that is entered. `takeSteps` judges the actor; step 7 (delegation.ts) judges grantors and keeps the least; `isLifted` (approvals.ts)
 * says of the party judged last that its defer was approved. Nothing of this moves a meter: that is `commitState` (commit.ts), once the verdict is final.
 */
import { CODE_NO_POLICY, EFFECT_DEFER, EFFECT_DENY, NONE } from "../../constants";
import { keepMarks } from "../arrays";
import { enterParty, forgetParties, takeParties } from "../state/party";
import { actionAgent, actionSession } from "./action";
import { approve, forgetApproval, isLifted, refusePending } from "./approvals";
import { refuseDelegation, refuseDepth } from "./delegation";
import { factChain } from "./grants";
import { refuseAgent, serveFacts } from "./identity";
import { refuseInputs, takeTexts } from "./inputs";
import { ends, forgetJudged, judgedRule, judgeParty, matchTool } from "./judge";
import { forgetMatches } from "./matches";
import { beginSessions } from "./session";
import { beginState, dropState, refuseConflict, refuseState } from "./state";
import { agent, beginVerdict, deny, effect, notices, setNotices } from "./verdict";

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
  forgetJudged();
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
  if (isLifted()) approve(judgedRule);
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

/** Makes the actor the party again whose patterns and policy the verdict's obligations come from. */
export function enterActor(): void {
  enterParty(0);
  matchTool();
}
