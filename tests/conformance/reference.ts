import { policyOf } from "../reference/identify.ts";
import { reference } from "../reference/reference.ts";
import { type Meter, metersOf } from "../reference/state/meters.ts";
import {
  type AgentState,
  emptyModel,
  isCurrent,
  type Model,
  type SessionState,
  sessionKey,
} from "../reference/state/model.ts";
import { agentSnapshot, sessionSnapshot } from "../reference/state/snapshot.ts";
import type {
  Evidence,
  Implementation,
  RecordContext,
  Snapshot,
  Step,
  StepOutcome,
  System,
} from "./implementation.ts";
import type { Compiled } from "./policy.ts";
import { Clock, type Parties, partiesOf } from "./system.ts";

export const REFERENCE: Implementation = {
  name: "reference",
  load({ program, digest }, context) {
    const recordContext = { ...context, bundleDigest: digest };
    const call = { kind: "action", model: null, evidence: null } as const;
    return { decide: (text, facts) => reference(program, recordContext, { ...call, text, facts }) };
  },
  open: (policy, context) => new ModelSystem(policy, context),
};

/** Everything remembered in one model. */
class ModelSystem implements System {
  private policy: Compiled;
  private readonly clock = new Clock();
  private context: RecordContext;
  private model: Model = emptyModel();

  constructor(policy: Compiled, context: RecordContext) {
    this.policy = policy;
    this.context = context;
  }

  step({ kind, text, facts, withState }: Step, evidence: Evidence | null): StepOutcome {
    const { program, digest } = this.policy;
    const parties = withState ? partiesOf(kind, text, facts) : null;
    const model = parties === null ? null : this.model;
    const context = { ...this.context, bundleDigest: digest };
    const outcome = reference(program, context, { kind, text, facts, model, evidence });
    if (outcome.model !== null) this.model = outcome.model;
    this.context = { ...this.context, sequence: context.sequence + 1n, previous: outcome.hash };
    return { ...outcome, evidence: null, snapshot: this.snapshot(parties, this.clock.at(facts)) };
  }

  reload(policy: Compiled): void {
    this.policy = policy;
  }

  private snapshot(parties: Parties | null, now: bigint): Snapshot {
    const snapshot: Snapshot = {};
    for (const name of parties?.names ?? []) {
      const policy = policyOf(this.policy.program, name);
      if (policy === null) continue;
      const meters = metersOf(this.policy.program, policy);
      const of = (scope: string): Meter[] => meters.filter((meter) => meter.scope === scope);
      const agent = this.model.agents.get(name);
      const isShown = (scope: Meter["scope"], state: AgentState | SessionState | undefined): boolean =>
        state !== undefined && isCurrent(this.policy.program, name, scope, state);
      if (agent !== undefined && isShown("agent", agent))
        snapshot[`agent ${name}`] = agentSnapshot(agent, of("agent"), now);
      const session =
        parties!.session === null ? undefined : this.model.sessions.get(sessionKey(name, parties!.session));
      if (session !== undefined && isShown("session", session))
        snapshot[`session ${name}`] = sessionSnapshot(session, of("session"), now);
    }
    return snapshot;
  }
}
