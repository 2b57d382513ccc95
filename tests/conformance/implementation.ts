/** The contract that the vectors and the fuzz cases are run on. */
import type { Compiled } from "./policy.ts";

/** What the host adds to a record. Digests and hashes are 32 bytes. */
export interface RecordContext {
  engineDigest: Uint8Array;
  signed: boolean;
  sequence: bigint;
  previous: Uint8Array;
}

export interface Outcome {
  /** Canonical JSON, as the ABI's `describe` gives it after `decide`. */
  verdict: Uint8Array;
  /** The same after `decideRecorded`. */
  recordedVerdict: Uint8Array;
  record: Uint8Array;
  hash: Uint8Array;
}

export interface Loaded {
  /** Empty facts mean `{}`. Throws when the implementation breaks down, as on a trap. */
  decide(action: Uint8Array, facts: Uint8Array): Outcome;
}

export interface Implementation {
  name: string;
  load(policy: Compiled, context: RecordContext): Loaded;
}

const PARTS = ["verdict", "recordedVerdict", "record", "hash"] as const;

/** The first part in which two outcomes differ, with both texts, or null. */
export function difference(
  left: Outcome,
  right: Outcome,
): { part: string; left: string; right: string } | null {
  for (const part of PARTS) {
    const [a, b] = [Buffer.from(left[part]), Buffer.from(right[part])];
    const encoding = part === "hash" ? "hex" : "utf8";
    if (!a.equals(b)) return { part, left: a.toString(encoding), right: b.toString(encoding) };
  }
  return null;
}
