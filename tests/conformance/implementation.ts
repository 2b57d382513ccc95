/** The contract that the vectors and the fuzz cases are run on. */
import type { AgentSnapshot, SessionSnapshot } from "../reference/state/snapshot.ts";
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

/** One action or event of a scenario. */
export interface Step {
  kind: "action" | "event";
  text: Uint8Array;
  /** Empty means `{}`. */
  facts: Uint8Array;
  /** Whether the state is handed over. */
  withState: boolean;
}

/** The bytes of the state as they were handed over and given back; after: null when nothing was to be written. */
export interface Evidence {
  before: Uint8Array;
  after: Uint8Array | null;
}

/** What is remembered of those whom a step is about, by `agent NAME` and `session NAME`; what is not written yet is left out. */
export type Snapshot = Record<string, AgentSnapshot | SessionSnapshot>;

export interface StepOutcome extends Outcome {
  snapshot: Snapshot;
  /** Null without state, and for what has no bytes of it. */
  evidence: Evidence | null;
}

/** A policy with all that it remembers, and its log, from the first record on. */
export interface System {
  /** `evidence`: for a record that is made without bytes of state of its own. */
  step(step: Step, evidence: Evidence | null): StepOutcome;
  /** Another policy from now on, over what is remembered. */
  reload(policy: Compiled): void;
}

export interface Implementation {
  name: string;
  load(policy: Compiled, context: RecordContext): Loaded;
  /** `context`: of the first record. */
  open(policy: Compiled, context: RecordContext): System;
}

const PARTS = ["verdict", "recordedVerdict", "record", "hash"] as const;

/** The same for steps, whose snapshots are compared too. */
export function stepDifference(
  left: StepOutcome,
  right: StepOutcome,
): { part: string; left: string; right: string } | null {
  const [a, b] = differing(left.snapshot, right.snapshot).map((one) => JSON.stringify(one)) as [
    string,
    string,
  ];
  const verdict = difference(left, { ...right, record: left.record, hash: left.hash });
  if (verdict !== null) return verdict;
  return a === b ? difference(left, right) : { part: "snapshot", left: a, right: b };
}

/** Both without what is equal in them. */
function differing(left: unknown, right: unknown): [unknown, unknown] {
  if (JSON.stringify(left) === JSON.stringify(right)) return [null, null];
  if (!isPlain(left) || !isPlain(right)) return [left ?? "absent", right ?? "absent"];
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  const pairs = names
    .map((name) => [name, differing(left[name], right[name])] as const)
    .filter(([, [a, b]]) => a !== null || b !== null);
  const side = (index: 0 | 1): unknown =>
    Object.fromEntries(pairs.map(([name, pair]) => [name, pair[index]]));
  return [side(0), side(1)];
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

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
