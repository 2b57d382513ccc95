/** The control plane: decisions and events, each through the spine. */
import { type Call, printed, toText } from "./call.ts";
import { type ControlPorts, type Governed, govern } from "./govern.ts";
import { PartyKeysCache } from "./keys.ts";
import type {
  AboutCall,
  Actual,
  Approval,
  Caused,
  DecisionRequest,
  GrantRecording,
  GrantRevocation,
  Incident,
  Operation,
  PhaseChange,
  Refund,
  Rejection,
  SessionClosing,
  SessionOpening,
  Settlement,
} from "./requests.ts";
import { unrecorded } from "./stages/release.ts";

/** The outcome of a decision. A permit that reserved something is settled or refunded, once. */
export class Decision implements Governed {
  readonly verdict: Governed["verdict"];
  readonly sequence: number | null;
  readonly reservation: number | null;
  readonly chain: readonly string[];
  readonly failure: string | null;
  readonly #governed: Governed;
  readonly #plane: ControlPlane;
  readonly #agent: string;
  readonly #session: string | null;

  /** For `ControlPlane.decide`. */
  constructor(governed: Governed, plane: ControlPlane, { agent, session }: Call) {
    this.verdict = governed.verdict;
    this.sequence = governed.sequence;
    this.reservation = governed.reservation;
    this.chain = governed.chain;
    this.failure = governed.failure;
    this.#governed = governed;
    this.#plane = plane;
    this.#agent = agent;
    this.#session = session;
  }

  get hash(): Uint8Array | null {
    return this.#governed.hash;
  }

  /** What `approve` and `reject` name. */
  get actionDigest(): string | null {
    return this.#governed.actionDigest;
  }

  /** Puts the actual cost in the place of the reserved one. A call that reserved nothing is a deny with `reservation_unknown`, without a record. */
  settle(actual: Actual = {}): Promise<Governed> {
    const { reservation } = this;
    if (reservation === null) return NOTHING_RESERVED;
    return this.#plane.settle({ ...this.#about(), ...actual, reservation });
  }

  /** Takes back what was reserved, for a call that was not made. Otherwise as `settle`. */
  refund(reason?: string): Promise<Governed> {
    const { reservation } = this;
    if (reservation === null) return NOTHING_RESERVED;
    return this.#plane.refund({ ...this.#about(), reason, reservation });
  }

  #about(): AboutCall {
    return { agent: this.#agent, session: this.#session, chain: this.chain };
  }
}

const NOTHING_RESERVED = Promise.resolve(unrecorded("reservation_unknown", "the call reserved nothing"));
const NO_GRANTORS: readonly string[] = [];

/** What an event's text has besides `type` and `agent`; what is undefined is left out. */
interface EventFields {
  readonly session?: string | null | undefined;
  readonly chain?: readonly string[] | undefined;
  readonly grant?: string;
  readonly [field: string]: unknown;
}

/** Every method resolves, with a deny and its code when something failed; what it resolves with is durable. */
export class ControlPlane {
  readonly #ports: ControlPorts;
  readonly #names = new PartyKeysCache();

  /** `ports.core` is asked for at every call, so that a getter can change the policy between two of them. */
  constructor(ports: ControlPorts) {
    this.#ports = ports;
  }

  async decide(request: DecisionRequest): Promise<Decision> {
    const call: Call = {
      kind: "decision",
      text: toText(request.action),
      agent: request.agent,
      session: request.session ?? null,
      facts: request.facts,
      credential: request.credential,
      delegation: request.delegation,
      chain: NO_GRANTORS,
      revokes: null,
    };
    return new Decision(await govern(this.#ports, this.#names, call), this, call);
  }

  openSession(opening: SessionOpening): Promise<Governed> {
    const { session, purpose, phase } = opening;
    return this.#event("session_open", opening, { session, purpose, phase });
  }

  setPhase(change: PhaseChange): Promise<Governed> {
    const { session, phase } = change;
    return this.#event("session_phase", change, { session, phase });
  }

  closeSession(closing: SessionClosing): Promise<Governed> {
    const { session, reason } = closing;
    return this.#event("session_close", closing, { session, reason });
  }

  settle(settlement: Settlement): Promise<Governed> {
    const { session, chain, reservation, money, tokens, bytes } = settlement;
    return this.#event("settle", settlement, { session, chain, reservation, money, tokens, bytes });
  }

  refund(refund: Refund): Promise<Governed> {
    const { session, chain, reservation, reason } = refund;
    return this.#event("refund", refund, { session, chain, reservation, reason });
  }

  /** Lets the next call of exactly that action through, where it would be deferred; once, before it expires. */
  approve(approval: Approval): Promise<Governed> {
    const { session, chain, actionDigest, approver, expires, reason } = approval;
    const fields = { session, chain, action_digest: actionDigest, approver, expires, reason };
    return this.#event("approve", approval, fields);
  }

  reject(rejection: Rejection): Promise<Governed> {
    const { session, chain, actionDigest, approver, reason } = rejection;
    return this.#event("reject", rejection, {
      session,
      chain,
      action_digest: actionDigest,
      approver,
      reason,
    });
  }

  freeze(operation: Operation): Promise<Governed> {
    return this.#event("freeze", operation, { reason: operation.reason, by: operation.by });
  }

  unfreeze(operation: Operation): Promise<Governed> {
    return this.#event("unfreeze", operation, { reason: operation.reason, by: operation.by });
  }

  /** A child that the agent spawned has ended. */
  childExit(caused: Caused): Promise<Governed> {
    return this.#event("child_exit", caused, {});
  }

  recordGrant(recording: GrantRecording): Promise<Governed> {
    const { grant, to, expires, reason } = recording;
    return this.#event("delegation_grant", recording, { grant, to, expires, reason });
  }

  /** From then on every call that stands on the grant is denied with `delegation_revoked`. */
  revokeGrant(revocation: GrantRevocation): Promise<Governed> {
    const { grant, reason, by } = revocation;
    return this.#event("delegation_revoke", revocation, { grant, reason, by });
  }

  recordIncident(incident: Incident): Promise<Governed> {
    const { id, reason, by } = incident;
    return this.#event("incident", incident, { id, reason, by });
  }

  #event(type: string, caused: Caused, fields: EventFields): Promise<Governed> {
    const chain = fields.chain?.length === 0 ? undefined : fields.chain;
    const text = printed({ ...fields, chain, type, agent: caused.agent });
    return govern(this.#ports, this.#names, {
      kind: "event",
      text: toText(text ?? ""),
      agent: caused.agent,
      session: fields.session ?? null,
      facts: caused.facts,
      credential: caused.credential,
      delegation: undefined,
      chain: chain ?? NO_GRANTORS,
      revokes: type === "delegation_revoke" ? (fields.grant ?? null) : null,
    });
  }
}
