/** `delegate revoke`: an event of a control plane, which from then on denies what stands on the grant. */
import { decodeToken } from "../../control/delegation/index.ts";
import type { Invocation } from "../command.ts";
import { misuse } from "../errors.ts";
import { reportEvent, withPlane } from "../plane.ts";
import { readTokens, refuseFault } from "./delegate-files.ts";

const DIGEST = /^[0-9a-f]{64}$/;

/** The grant that the operand names: by its digest, or the last one of a file. */
function grantOf(invocation: Invocation, operand: string): { digest: string; agent: string } {
  const agent = invocation.value("agent");
  if (DIGEST.test(operand)) {
    if (agent !== null) return { digest: operand, agent };
    throw misuse("`--agent NAME` is missing", "name the grantor; a file of tokens says it itself");
  }
  const token = decodeToken(readTokens([operand]).at(-1)!);
  if (!token.ok) throw refuseFault(operand, token);
  return { digest: token.digest, agent: agent ?? token.grant.from };
}

export function revoke(invocation: Invocation): Promise<number> {
  const [, operand, ...more] = invocation.operands;
  if (operand === undefined || more.length > 0) {
    throw misuse(
      "give one FILE or DIGEST to revoke",
      "the last grant of a file is revoked, and what stands on it",
    );
  }
  const policy = invocation.value("policy");
  if (policy === null) throw misuse("`--policy SRC` is missing", "the policy of the control plane");
  const { digest, agent } = grantOf(invocation, operand);
  const by = invocation.value("by") ?? undefined;
  const reason = invocation.value("reason") ?? undefined;
  return withPlane(policy, invocation, { create: false, narrows: true }, async (plane) => {
    const governed = await plane.control.revokeGrant({ agent, grant: digest, by, reason });
    return reportEvent(governed, plane, invocation, `grant ${digest} is revoked`);
  });
}
