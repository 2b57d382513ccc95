/** `delegate` blocks as rows of AGENTS. */

import { DELEGATE_SEPARATOR } from "../../engine/constants.ts";
import type { AgentPolicy, Delegate } from "../../fpl-grammar/program.ts";

export const SEPARATOR = String.fromCharCode(DELEGATE_SEPARATOR);

/** A policy of the scope alone: rules, by default denied. */
export function delegationPolicy(grantor: AgentPolicy, { to, rules, span }: Delegate): AgentPolicy {
  return {
    name: `${grantor.name}${SEPARATOR}${to}`,
    default: "deny",
    rules,
    phases: [],
    selectors: [],
    credentials: [],
    redactions: [],
    identity: null,
    modelPolicy: null,
    egress: null,
    alerts: { permit: [], deny: [], defer: [], budgetWarning: [], budgetExceeded: [], rateExceeded: [] },
    budgets: [],
    rateLimits: [],
    ambient: [],
    costs: [],
    session: null,
    spawn: null,
    completionGate: null,
    delegates: [],
    invocations: null,
    framework: null,
    model: null,
    version: null,
    span,
  };
}
