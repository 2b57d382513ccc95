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
  /** Why a stage or a port failed, for the operator. */
  readonly failure: string | null;
}

/** Nothing was recorded, so nothing may run. */
export function unrecorded(code: CodeName, failure: string): Governed {
  return { verdict: refusal(code), sequence: null, hash: null, reservation: null, chain: [], failure };
}

/** @param governed of a transaction that is durable. */
export function release(governed: Governed, { refusal }: Caller): Governed {
  return refusal === null ? governed : { ...governed, failure: refusal.reason };
}

/** Of whatever a transaction failed with. The record may be in the log all the same; the verdict in it is not given out. */
export function unreleased(error: unknown): Governed {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof EvaluationFailure) return unrecorded("engine_trap", text);
  return unrecorded(error instanceof LedgerFailure ? error.code : "record_unwritable", text);
}
