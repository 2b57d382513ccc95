/** Step 1: the policy block that serves the agent, and whether the principal is one that it accepts. */
import {
  AGENT_REQUIRE_VERIFIED,
  CODE_AGENT_MISMATCH,
  CODE_AGENT_UNKNOWN,
  CODE_IDENTITY_METHOD,
  CODE_IDENTITY_UNVERIFIED,
  NONE,
} from "../../constants";
import {
  AGENT_FLAGS,
  AGENT_METHODS,
  agentAt,
  LIST_BYTES,
  lists,
  sliceCount,
  sliceFirst,
} from "../bundle";
import { isAmong } from "../evaluate/tests";
import { equal } from "../json/bytes";
import { lengthOf, textOf } from "../json/tape";
import { policyOf, policyOfParty } from "../state/party";
import { actionAgent } from "./action";
import { factAgent } from "./facts";
import { isPrincipalVerified, principalMethod } from "./principal";
import { agent, deny, serveBy } from "./verdict";

/** Makes the agent that the host knows the one whose obligations a refusal has. */
export function serveFacts(): void {
  const differs = factAgent != 0 && !isSameAgent();
  serveBy(differs ? policyOf(textOf(factAgent), lengthOf(factAgent)) : policyOfParty(0));
}

function isSameAgent(): bool {
  const length = lengthOf(actionAgent);
  return lengthOf(factAgent) == length && equal(textOf(factAgent), textOf(actionAgent), length);
}

/** Whether it has decided: the action names another agent than the host, or one that no block serves. */
export function refuseAgent(): bool {
  if (factAgent != 0 && !isSameAgent()) return deny(CODE_AGENT_MISMATCH);
  return agent == NONE ? deny(CODE_AGENT_UNKNOWN) : false;
}

/** Whether it has decided. */
export function refuseIdentity(): bool {
  const policy = agentAt(agent);
  if ((load<u32>(policy, AGENT_FLAGS) & AGENT_REQUIRE_VERIFIED) != 0 && !isPrincipalVerified()) {
    return deny(CODE_IDENTITY_UNVERIFIED);
  }
  const methods = load<u32>(policy, AGENT_METHODS);
  if (methods == NONE) return false;
  if (principalMethod == 0) return deny(CODE_IDENTITY_METHOD);
  const slice = lists + <usize>methods * LIST_BYTES + 4;
  const known = isAmong(
    textOf(principalMethod),
    lengthOf(principalMethod),
    sliceFirst(slice),
    sliceCount(slice),
  );
  return known ? false : deny(CODE_IDENTITY_METHOD);
}
