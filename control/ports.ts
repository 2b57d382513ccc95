/**
 * What the control spine needs of the world, as contracts. An implementation keeps every sentence written here; one suite
 * (tests/stores) asks it of all of them. Nothing here knows what a blob or a record means.
 *
 * Failure: a method that rejects says nothing about whether its effect took place, unless its contract does. The caller treats
 * a rejection as "unknown" and denies; it never retries blindly. Only `transact` retries, and only where it says so.
 * Bytes that are handed in are not changed until the call has settled. An argument that breaks a sentence here rejects with a TypeError or
 * RangeError, and nothing has changed. After `close`, which waits for what is under way and may be called again, everything else rejects.
 */

/** Where the record chain goes on. */
export interface ChainTip {
  /** Sequence number of the next record. */
  readonly sequence: number;
  /** Hash of the last record, 32 bytes; zeros before the first. */
  readonly previous: Uint8Array;
}

/** A record as the core gives it. */
export interface SealedRecord {
  readonly sequence: number;
  /** Canonical JSON. */
  readonly record: Uint8Array;
  /** 32 bytes. */
  readonly hash: Uint8Array;
}

/** One stored value. */
export interface StateEntry {
  readonly bytes: Uint8Array;
  /** From 1, one more with every write of the key; a key that was removed begins at 1 again. */
  readonly version: number;
}

export interface StateWrite {
  readonly key: string;
  /** The version that is to be replaced; 0: the key must not exist. */
  readonly expected: number;
  /** Null removes the key; to remove one that does not exist is no change. */
  readonly bytes: Uint8Array | null;
}

export type CommitResult = { readonly ok: true } | { readonly ok: false; readonly conflict: string };

/**
 * Keys to bytes, with compare-and-swap. Keys are 1 to 1,024 bytes of UTF-8 and compare bytewise; values are at most 1 MiB.
 * Safe for any number of callers in any number of processes.
 */
export interface StateStore {
  /** In the order of `keys`, all as of one moment; null for a key that does not exist. What it gives is the caller's to keep. */
  read(keys: readonly string[]): Promise<(StateEntry | null)[]>;
  /**
   * All of the writes or none: atomic, isolated, and durable when it resolves with `ok`. `conflict` names a key whose version is not the
   * expected one; nothing was written then, and who wants to go on reads again. Writes name a key once.
   */
  commit(writes: readonly StateWrite[]): Promise<CommitResult>;
  /** Keys that begin with `prefix`, ascending by their UTF-8, from behind `after`, at most `limit`, which is at least 1. */
  list(prefix: string, after: string | null, limit: number): Promise<string[]>;
  close(): Promise<void>;
}

export type AppendResult = { readonly ok: true } | { readonly ok: false; readonly tip: ChainTip };

/**
 * The append-only chain of records: the truth from which state, indexes and checkpoints can be made again. It never changes or
 * drops a record that `append` acknowledged; after a crash it holds all of those, and of a batch that was not acknowledged a prefix.
 */
export interface RecordLog {
  tip(): Promise<ChainTip>;
  /**
   * Appends records that follow one another and `expected`. Durable when it resolves with `ok`: on the disk, not in a cache. When the tip has moved on, nothing is
   * written and the tip of the moment is given. After a rejection the caller opens the log anew before it appends again.
   */
  append(expected: ChainTip, records: readonly SealedRecord[]): Promise<AppendResult>;
  /** Acknowledged records from that sequence on, in order; ends at the tip of the moment of the call. Rejects for a sequence that is no longer kept. */
  read(from: number): AsyncIterable<SealedRecord>;
  close(): Promise<void>;
}

/** What a transaction sees: the tip and the state as of one moment, with every earlier transaction in them and no later one. */
export interface LedgerView {
  readonly tip: ChainTip;
  /** Bytes of one of the keys asked for, null when it does not exist; not to be changed. Throws a RangeError for any other key. */
  get(key: string): Uint8Array | null;
}

export interface LedgerOutcome<Value> {
  /** They follow the view's tip. */
  readonly records: readonly SealedRecord[];
  /** Only keys asked for, and only beside a record: state that the log does not tell of could not be made again. Null removes. */
  readonly writes: ReadonlyMap<string, Uint8Array | null>;
  readonly value: Value;
}

/**
 * Records and state in one: what the spine runs on. Made of a state store and a record log, or of one database that is both.
 */
export interface Ledger {
  /**
   * Runs `work` on a view in which nobody else writes, makes its records and then its writes durable, and resolves with its value: durable before
   * visible. Transactions take effect in one order, over all processes. `work` is synchronous and may be run again on a newer view before anything of it is written; it has no effect but its return.
   * What `work` throws rejects its own call, of which nothing is written.
   * Rejects when the outcome could not be made durable: the caller must take it that nothing was permitted, though the records may turn up in the log.
   */
  transact<Value>(keys: readonly string[], work: (view: LedgerView) => LedgerOutcome<Value>): Promise<Value>;
  /** State alone, as of some moment after every transaction that has resolved. */
  read(keys: readonly string[]): Promise<(Uint8Array | null)[]>;
  list(prefix: string, after: string | null, limit: number): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * Rejection of a ledger that knows which side failed. Any other error counts as `record_unwritable`. Either way nothing was permitted;
 * whether the records are in the log is not known.
 */
export class LedgerFailure extends Error {
  readonly code: "record_unwritable" | "state_unavailable";

  constructor(code: LedgerFailure["code"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LedgerFailure";
    this.code = code;
  }
}

/** Unix milliseconds. The only clock of the control plane. */
export interface Clock {
  now(): number;
}

/**
 * Salts of redaction commitments, 16 characters or more: unpredictable to whoever does not hold the host's key, and the same again for
 * the same place in the chain, so that what was redacted can be opened and the decision replayed.
 */
export interface Salts {
  at(tip: ChainTip): string;
}

/** What a caller presents to say who it is. `scheme` says which kind it is, to the one who verifies it; nobody else reads it. */
export interface Credential {
  readonly scheme: string;
}

/** The fact `principal` of engine/ABI.md. */
export interface PrincipalFacts {
  readonly id?: string;
  readonly method?: string;
  readonly role?: string;
  readonly tier?: string;
  readonly org?: string;
  readonly email?: string;
  readonly verified: boolean;
  readonly groups?: readonly string[];
}

/** `reason` is for the operator; it may not hold what was presented. */
export type IdentityResult =
  | { readonly ok: true; readonly principal: PrincipalFacts }
  | { readonly ok: false; readonly code: "identity_invalid"; readonly reason: string };

/** The only source of the fact `principal`. */
export interface Identify {
  /**
   * `agent`: whom the host takes the caller for; a credential that stands for another agent is refused. Rejects only when it cannot tell, which
   * is a deny too; ends in bounded time.
   */
  identify(
    credential: Credential,
    subject: { readonly agent: string; readonly nowMs: number },
  ): Promise<IdentityResult>;
}

/** One of `grants` in the fact `delegation` of engine/ABI.md. */
export interface GrantFacts {
  /** 64 hexadecimal digits. */
  readonly digest: string;
  /** Unix milliseconds. */
  readonly granted: number;
  readonly expires: number;
  /** What the grant's own scope says of the action. */
  readonly effect: "permit" | "defer" | "deny";
}

/** The fact `delegation`: grant i is from `chain[i]` to `chain[i + 1]`, the last one to the acting agent. */
export interface DelegationFacts {
  /** Grantors, root first. */
  readonly chain: readonly string[];
  readonly grants: readonly GrantFacts[];
}

export type DelegationResult =
  | { readonly ok: true; readonly delegation: DelegationFacts }
  | { readonly ok: false; readonly code: "delegation_invalid"; readonly reason: string };

/** The only source of the fact `delegation`. Revocation is not asked of it: the spine looks at `revocationKey` of every grant within the decision's transaction. */
export interface Delegations {
  /** Tokens root first. `agent` must be the last one's delegate. `action`: as it goes to the core. Fails as `identify` does. */
  verify(
    tokens: readonly string[],
    subject: { readonly agent: string; readonly action: string | Uint8Array; readonly nowMs: number },
  ): Promise<DelegationResult>;
}

/** Keys of the state: one place, so that every store and every tool means the same. Names are percent-encoded but for [A-Za-z0-9._:@+-]. */
export const agentKey = (agent: string): string => `agent/${encodeName(agent)}`;
export const sessionKey = (session: string, agent: string): string =>
  `session/${encodeName(session)}/${encodeName(agent)}`;
/** Marks a revoked grant; `digest` in hexadecimal. */
export const revocationKey = (digest: string): string => `revoked/${digest}`;

function encodeName(name: string): string {
  return encodeURIComponent(name).replace(
    /[!'()*~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
