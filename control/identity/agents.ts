/** Whom a verified subject stands for. */
import { fault, type IdentityFault } from "./faults.ts";

/** Which subjects may call as which agent. Closed: an agent that is not named cannot be called as. */
export type AgentBinding =
  /** Per agent the subjects that stand for it, exactly. */
  | { readonly subjects: Readonly<Record<string, readonly string[]>> }
  /** A claim that holds the agent's name. */
  | { readonly claim: string }
  /** The credential is that of a person or workload, on whose behalf any agent may act; the host alone says which agent calls. */
  | { readonly any: true };

/** Null: the subject stands for the agent. */
export function refuseAgent(
  binding: AgentBinding,
  agent: string,
  subject: string,
  claims: Readonly<Record<string, unknown>>,
): IdentityFault | null {
  if ("any" in binding) return null;
  if ("claim" in binding) {
    return Object.hasOwn(claims, binding.claim) && claims[binding.claim] === agent
      ? null
      : fault("agent_wrong");
  }
  const subjects = Object.hasOwn(binding.subjects, agent) ? binding.subjects[agent]! : [];
  return subjects.includes(subject) ? null : fault("agent_wrong");
}
