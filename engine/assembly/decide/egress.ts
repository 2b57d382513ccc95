/** Step 6: where an action with an `http` facet may go. Only narrows. */
import { AGENT_HAS_EGRESS, CODE_EGRESS_DENIED, CODE_EGRESS_NOT_ALLOWED, NONE } from "../../constants";
import { AGENT_EGRESS_ALLOW, AGENT_EGRESS_DENY, AGENT_FLAGS, agentAt } from "../bundle";
import { beginRun, endRun, run } from "../evaluate/automaton";
import { lengthOf, textOf } from "../json/tape";
import { WORK } from "../memory";
import { actionHttp } from "./action";
import { facetHost, facetPort } from "./http";
import { agent, deny } from "./verdict";

const COLON: u8 = 0x3a;

/** Whether it has decided. */
export function refuseEgress(): bool {
  const policy = agentAt(agent);
  if (actionHttp == 0 || (load<u32>(policy, AGENT_FLAGS) & AGENT_HAS_EGRESS) == 0) return false;
  if (isListed(load<u32>(policy, AGENT_EGRESS_DENY))) return deny(CODE_EGRESS_DENIED);
  return isListed(load<u32>(policy, AGENT_EGRESS_ALLOW)) ? false : deny(CODE_EGRESS_NOT_ALLOWED);
}

/** Over `HOST:PORT`, empty parts where they are absent. */
function isListed(automaton: u32): bool {
  if (automaton == NONE) return false;
  beginRun(automaton);
  if (facetHost != 0) run(textOf(facetHost), lengthOf(facetHost));
  store<u8>(WORK, COLON);
  run(WORK, 1);
  if (facetPort != 0) run(textOf(facetPort), lengthOf(facetPort));
  return endRun();
}
