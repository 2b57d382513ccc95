/** Step 3, third part: the model against the agent's `model_policy`. */
import { AGENT_HAS_MODEL_POLICY, CODE_MODEL_MISSING, CODE_MODEL_NOT_ALLOWED, NONE } from "../../constants";
import { AGENT_FLAGS, AGENT_MODEL_ALLOW, AGENT_MODEL_DENY, agentAt } from "../bundle";
import { matches } from "../evaluate/automaton";
import { lengthOf, textOf } from "../json/tape";
import { factModel } from "./facts";
import { agent, deny } from "./verdict";

/** Whether it has decided. */
export function refuseModel(): bool {
  const policy = agentAt(agent);
  if ((load<u32>(policy, AGENT_FLAGS) & AGENT_HAS_MODEL_POLICY) == 0) return false;
  if (factModel == 0) return deny(CODE_MODEL_MISSING);
  const isAllowed =
    isListed(load<u32>(policy, AGENT_MODEL_ALLOW)) && !isListed(load<u32>(policy, AGENT_MODEL_DENY));
  return isAllowed ? false : deny(CODE_MODEL_NOT_ALLOWED);
}

function isListed(automaton: u32): bool {
  return automaton != NONE && matches(automaton, textOf(factModel), lengthOf(factModel));
}
