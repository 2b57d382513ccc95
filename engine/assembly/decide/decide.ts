/** The order of a decision: LANGUAGE section 5, engine/ABI.md. Each step says whether it has decided. */
import { CODE_NO_POLICY, EFFECT_DENY, NONE, TRACE_STEP } from "../../constants";
import { keepMarks, nextMark } from "../arrays";
import { beginPaths } from "../evaluate/paths";
import { lengthOf, textOf } from "../json/tape";
import { traceEvent, tracing } from "../record/trace";
import { actionTool } from "./action";
import { dispatch } from "./dispatch";
import { refuseEgress } from "./egress";
import { refuseAgent, refuseIdentity } from "./identity";
import { refuseInputs, takeTexts } from "./inputs";
import { forgetMatches } from "./matches";
import { refuseModel } from "./model";
import { refusePhase } from "./phase";
import { judge, refuseAlways } from "./rules";
import { refuseArguments } from "./schemas";
import { heldCode, isHeld, refuseSelectors, takeHeld } from "./selectors";
import { agent, beginVerdict, code, deny, effect } from "./verdict";

/** Decides on the texts at ACTION_TEXT and FACTS_TEXT; the verdict is in verdict.ts. */
export function decideInputs(actionBytes: u32, factsBytes: u32, hasPolicy: bool): void {
  beginVerdict();
  forgetMatches();
  if (refuseInputs(actionBytes, factsBytes)) return;
  if (!hasPolicy) {
    deny(CODE_NO_POLICY);
    return;
  }
  keepMarks();
  beginPaths(nextMark());
  takeSteps();
}

/** Denies with a code that the host came to; the texts are not read. */
export function refuseUnread(newCode: u32, actionBytes: u32, factsBytes: u32): void {
  beginVerdict();
  forgetMatches();
  takeTexts(actionBytes, factsBytes);
  deny(newCode);
}

function takeSteps(): void {
  if (ends(1, refuseWho())) return;
  if (ends(2, refuseSelectors())) return;
  if (ends(3, refusePhase() || refuseArguments() || refuseModel())) return;
  if (ends(4, refuseAlways())) return;
  if (isHeld) takeHeld();
  else {
    judge();
    ends(5, true);
  }
  if (effect != EFFECT_DENY) ends(6, refuseEgress());
}

function refuseWho(): bool {
  const refused = refuseAgent();
  // Also what is refused has obligations.
  if (agent != NONE) dispatch(textOf(actionTool), lengthOf(actionTool), agent);
  return refused || refuseIdentity();
}

/** Traces the step: the code that it decided or holds, or 0. */
function ends(step: u32, decided: bool): bool {
  if (tracing) traceEvent(TRACE_STEP, step, decided ? code : step == 2 && isHeld ? heldCode : 0);
  return decided;
}
