/** Step 1: who acts, and whether it is who it says (engine/ABI.md "Order of a decision"). */
import type { AgentPolicy, Program } from "../../fpl-grammar/program.ts";
import { present } from "./action.ts";
import type { Facts } from "./facts.ts";
import { deny, type Judgement } from "./stages.ts";

/** The policy of the agent of that name, else the one named `default`, else null. */
export function policyOf(program: Program, agent: string): AgentPolicy | null {
  const named = (name: string) => program.agents.find((policy) => policy.name === name);
  return named(agent) ?? named("default") ?? null;
}

/** A deny, or null when the principal is one that the policy accepts. */
export function identify(policy: AgentPolicy, facts: Facts): Judgement | null {
  if (policy.identity === null) return null;
  const verified = facts.principal === null ? undefined : present(facts.principal, "verified");
  const isVerified = verified?.kind === "boolean" && verified.value;
  if (policy.identity.requireVerified && !isVerified) return deny("identity_unverified");
  const { methods } = policy.identity;
  if (methods === null) return null;
  const method = facts.principal === null ? undefined : present(facts.principal, "method");
  return method?.kind === "string" && methods.includes(method.value) ? null : deny("identity_method");
}
