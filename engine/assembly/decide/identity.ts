/** Step 1: the policy block that serves the agent, and whether the principal is one that it accepts. */
import {
  AGENT_REQUIRE_VERIFIED,
  CODE_AGENT_MISMATCH,
  CODE_AGENT_UNKNOWN,
  CODE_IDENTITY_METHOD,
  CODE_IDENTITY_UNVERIFIED,
  NONE,
  SCOPE_AGENTS,
} from "../../constants";
import {
  AGENT_FLAGS,
  AGENT_METHODS,
  agentAt,
  LIST_BYTES,
  lists,
  SYSTEM_DEFAULT_AGENT,
  sliceCount,
  sliceFirst,
  system,
} from "../bundle";
import { isAmong } from "../evaluate/tests";
import { equal } from "../json/bytes";
import { lengthOf, textOf } from "../json/tape";
import { find } from "../names";
import { actionAgent } from "./action";
import { factAgent } from "./facts";
import { isPrincipalVerified, principalMethod } from "./principal";
import { agent, deny, serveBy } from "./verdict";

/** Whether it has decided; the verdict's agent is known then too, unless no block serves it. */
export function refuseAgent(): bool {
  const name = textOf(actionAgent);
  const length = lengthOf(actionAgent);
  if (factAgent != 0 && (lengthOf(factAgent) != length || !equal(textOf(factAgent), name, length))) {
    // What the policy asks for the agent that the host knows, such as redactions, holds for this deny.
    serve(textOf(factAgent), lengthOf(factAgent));
    return deny(CODE_AGENT_MISMATCH);
  }
  serve(name, length);
  return agent == NONE ? deny(CODE_AGENT_UNKNOWN) : false;
}

function serve(name: usize, length: u32): void {
  const found = find(SCOPE_AGENTS, name, length);
  serveBy(found != NONE ? found : load<u32>(system, SYSTEM_DEFAULT_AGENT));
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
