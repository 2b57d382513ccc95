/** First stage: who calls, and by whose leave. What was presented and cannot be verified is a refusal, never nothing. */
import type { Call, Caller, StageRefusal } from "../call.ts";
import type { Clock, Delegations, Identify } from "../ports.ts";

export interface IdentifyPorts {
  readonly clock: Clock;
  readonly identify?: Identify | undefined;
  readonly delegations?: Delegations | undefined;
}

const NOBODY: Caller = { principal: null, delegation: null, refusal: null };

function refused(code: StageRefusal["code"], reason: string): Caller {
  return { principal: null, delegation: null, refusal: { code, reason } };
}

/** At once for a call that presents nothing, so that calls keep their order. */
export function identify(ports: IdentifyPorts, call: Call): Caller | Promise<Caller> {
  if (call.credential === undefined && call.delegation === undefined) return NOBODY;
  return verify(ports, call);
}

async function verify(ports: IdentifyPorts, call: Call): Promise<Caller> {
  const named = await verifyCredential(ports, call);
  return named.refusal === null ? verifyDelegation(ports, call, named) : named;
}

async function verifyCredential({ identify, clock }: IdentifyPorts, call: Call): Promise<Caller> {
  if (call.credential === undefined) return NOBODY;
  if (identify === undefined)
    return refused("identity_invalid", "this control plane verifies no credentials");
  try {
    const result = await identify.identify(call.credential, { agent: call.agent, nowMs: clock.now() });
    if (!result.ok) return refused(result.code, result.reason);
    return { principal: result.principal, delegation: null, refusal: null };
  } catch (error) {
    return refused("identity_invalid", `the credential cannot be verified: ${textOf(error)}`);
  }
}

async function verifyDelegation(
  { delegations, clock }: IdentifyPorts,
  call: Call,
  named: Caller,
): Promise<Caller> {
  if (call.delegation === undefined) return named;
  if (delegations === undefined)
    return refused("delegation_invalid", "this control plane verifies no delegation");
  try {
    const subject = { agent: call.agent, action: call.text, nowMs: clock.now() };
    const result = await delegations.verify(call.delegation, subject);
    if (!result.ok) return refused(result.code, result.reason);
    return { ...named, delegation: result.delegation };
  } catch (error) {
    return refused("delegation_invalid", `the delegation cannot be verified: ${textOf(error)}`);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
