/** Last stage: what the caller learns. Only what is durable is more than a deny. */
import type { CodeName, Verdict } from "../../engine/binding/index.ts";
import { refusal } from "../../engine/binding/verdict.ts";
import type { Caller } from "../call.ts";
import { LedgerFailure } from "../ports.ts";
import { EvaluationFailure } from "./evaluate.ts";

/** The outcome of a call. */
export interface Governed {
  readonly verdict: Verdict;
  /** Of its record, which is durable; null beside a deny that could not be recorded. */
  readonly sequence: number | null;
  /** The record's hash, 32 bytes. */
  readonly hash: Uint8Array | null;
  /** What the permitted call has reserved, to be settled or refunded once: the sequence, or null when it reserved nothing. */
  readonly reservation: number | null;
  /** Grantors of the call, root first. */
  readonly chain: readonly string[];
  /** What an approval names: `action_digest` of the record of a decision, 64 hexadecimal digits; null of an event, and where there is no record. */
  readonly actionDigest: string | null;
  /** Why a stage or a port failed, for the operator. */
  readonly failure: string | null;
}

/** What `GovernedCall` is made of: `record` instead of the digest, which is read from it by those who ask. */
type GovernedParts = Omit<Governed, "actionDigest"> & { readonly record: Uint8Array | null };

const utf8 = new TextDecoder();

/** The outcome of a call and its record. The digest is read out of the record when it is asked for: most callers never do. */
export class GovernedCall implements Governed {
  readonly verdict: Verdict;
  readonly sequence: number | null;
  readonly reservation: number | null;
  readonly chain: readonly string[];
  readonly failure: string | null;
  readonly #hash: Uint8Array | null;
  readonly #record: Uint8Array | null;

  constructor({ verdict, sequence, hash, reservation, chain, failure, record }: GovernedParts) {
    this.verdict = verdict;
    this.sequence = sequence;
    this.reservation = reservation;
    this.chain = chain;
    this.failure = failure;
    this.#hash = hash;
    this.#record = record;
  }

  /** A copy at each call: the ledger goes on from the hash itself, whose memory holds those of other calls too. */
  get hash(): Uint8Array | null {
    return this.#hash === null ? null : new Uint8Array(this.#hash);
  }

  get actionDigest(): string | null {
    if (this.#record === null) return null;
    const { type, action_digest: digest } = JSON.parse(utf8.decode(this.#record)) as Record<string, unknown>;
    return type === "decision" && typeof digest === "string" ? digest : null;
  }

  /** The same, with why a port refused. */
  because(failure: string): GovernedCall {
    const { verdict, sequence, reservation, chain } = this;
    return new GovernedCall({
      verdict,
      sequence,
      hash: this.#hash,
      reservation,
      chain,
      failure,
      record: this.#record,
    });
  }
}

/** Nothing was recorded, so nothing may run. */
export function unrecorded(code: CodeName, failure: string): Governed {
  const nothing = { sequence: null, hash: null, reservation: null, chain: [], record: null };
  return new GovernedCall({ ...nothing, verdict: refusal(code), failure });
}

/** @param governed of a transaction that is durable. */
export function release(governed: GovernedCall, { refusal }: Caller): Governed {
  return refusal === null ? governed : governed.because(refusal.reason);
}

/** Of whatever a transaction failed with. The record may be in the log all the same; the verdict in it is not given out. */
export function unreleased(error: unknown): Governed {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof EvaluationFailure) return unrecorded("engine_trap", text);
  return unrecorded(error instanceof LedgerFailure ? error.code : "record_unwritable", text);
}
