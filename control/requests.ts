/** What callers ask of the control plane. */
import type { Facts, Input } from "./call.ts";
import type { Credential } from "./ports.ts";

/** What every call says of itself. */
export interface Caused {
  /** Whom the host takes the caller for; not what a model said. */
  readonly agent: string;
  readonly facts?: Facts | undefined;
  /** Verified by the `identify` port; without one it is refused with `identity_invalid`. */
  readonly credential?: Credential | undefined;
}

export interface DecisionRequest extends Caused {
  /** engine/ABI.md "The action"; its `agent` and `session` are those of the request, or the core denies. */
  readonly action: Input;
  readonly session?: string | null | undefined;
  /** Tokens, root first. Verified by the `delegations` port; without one they are refused with `delegation_invalid`. */
  readonly delegation?: readonly string[] | undefined;
}

// Events, by the fields of engine/ABI.md "Events".

export interface SessionOpening extends Caused {
  readonly session: string;
  readonly purpose?: string | undefined;
  /** The first declared one when left out. */
  readonly phase?: string | undefined;
}

export interface PhaseChange extends Caused {
  readonly session: string;
  readonly phase: string;
}

export interface SessionClosing extends Caused {
  readonly session: string;
  readonly reason?: string | undefined;
}

/** About a call: its session, and its grantors, root first, when it was delegated. */
export interface AboutCall extends Caused {
  readonly session?: string | null | undefined;
  readonly chain?: readonly string[] | undefined;
}

/** What a call cost in the end; what is left out stays as reserved. */
export interface Actual {
  /** 0 or more, at most 6 decimals. */
  readonly money?: number | string | undefined;
  readonly tokens?: number | undefined;
  readonly bytes?: number | undefined;
}

export interface Settlement extends AboutCall, Actual {
  /** As `Governed.reservation` gave it. */
  readonly reservation: number;
}

export interface Refund extends AboutCall {
  readonly reservation: number;
  readonly reason?: string | undefined;
}

export interface Approval extends AboutCall {
  /** Hex SHA-256 of the canonical action: `action_digest` in the record of the deferred call. */
  readonly actionDigest: string;
  readonly approver: string;
  /** Unix milliseconds. */
  readonly expires: number;
  readonly reason?: string | undefined;
}

export interface Rejection extends AboutCall {
  readonly actionDigest: string;
  readonly approver: string;
  readonly reason?: string | undefined;
}

export interface Operation extends Caused {
  readonly reason?: string | undefined;
  /** Who does it. */
  readonly by?: string | undefined;
}

/** `agent` is the grantor. */
export interface GrantRecording extends Caused {
  /** Digest of the token, 64 hexadecimal digits. */
  readonly grant: string;
  readonly to: string;
  /** Unix milliseconds. */
  readonly expires: number;
  readonly reason?: string | undefined;
}

export interface GrantRevocation extends Operation {
  readonly grant: string;
}

export interface Incident extends Operation {
  readonly id: string;
}
