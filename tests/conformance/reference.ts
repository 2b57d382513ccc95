import { reference } from "../reference/reference.ts";
import { type Meter, metersOf } from "../reference/state/meters.ts";
import { emptyModel, type Model, sessionKey } from "../reference/state/model.ts";
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
  /** By id: of every policy so far, as states that nobody has asked for since are as an earlier one had them. */
  private readonly meters = new Map<string, Meter>();

  constructor(policy: Compiled, context: RecordContext) {
    this.policy = policy;
    this.context = context;
    this.learn(policy);
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
    this.learn(policy);
  }

  private learn({ program }: Compiled): void {
    for (const agent of program.agents)
      for (const meter of metersOf(program, agent)) this.meters.set(meter.id, meter);
  }

  private snapshot(parties: Parties | null, now: bigint): Snapshot {
    const snapshot: Snapshot = {};
    const metersIn = ({ layout }: { layout: string[] | null }): Meter[] =>
      (layout ?? []).map((id) => this.meters.get(id)!);
    for (const name of parties?.names ?? []) {
      const agent = this.model.agents.get(name);
      if (agent !== undefined) snapshot[`agent ${name}`] = agentSnapshot(agent, metersIn(agent), now);
      const session =
        parties!.session === null ? undefined : this.model.sessions.get(sessionKey(name, parties!.session));
      if (session !== undefined)
        snapshot[`session ${name}`] = sessionSnapshot(session, metersIn(session), now);
    }
    return snapshot;
  }
}
