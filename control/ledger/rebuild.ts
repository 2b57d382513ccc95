/** Making state from the log: what the store lacks when it is opened, or all of it anew. */
import { revocationBytes } from "../keys.ts";
import {
  type ChainTip,
  LedgerFailure,
  type RecordLog,
  type SealedRecord,
  type StateStore,
} from "../ports.ts";
import { APPLIED_KEY, encodeRebuilding, toHex } from "./applied.ts";
import {
  applyChange,
  changesNothing,
  encodeState,
  type RecordChange,
  RecordMismatch,
  readChange,
} from "./changes.ts";
import { WorkingSet } from "./working-set.ts";
import { WriteBehind } from "./write-behind.ts";

/** SHA-256. */
export type Digest = (bytes: Uint8Array) => Uint8Array;

const RECORDS_PER_COMMIT = 4096;
/** What the log alone determines. Other keys are not touched. */
const DERIVED = ["agent/", "session/", "revoked/"];
const PAGE = 512;

/** The tip of an empty log. */
export function firstTip(): ChainTip {
  return { sequence: 0, previous: new Uint8Array(32) };
}

/** The keys of a change, each once. */
function keysOf({ blobs, revoked }: RecordChange): string[] {
  const keys = new Set(blobs.filter((key) => key !== null));
  if (revoked !== null) keys.add(revoked);
  return [...keys];
}

/**
 * States with the change of one record, checked against the digests in it.
 * @param before bytes of the keys. @returns what is to be written. @throws RecordMismatch when the record does not fit.
 */
export function writesOf(
  change: RecordChange,
  sequence: number,
  before: (key: string) => Uint8Array | null,
  digest: Digest,
): Map<string, Uint8Array> {
  const blobs = change.blobs.map((key) => (key === null ? null : before(key)));
  if (change.before !== null && toHex(digest(encodeState(blobs))) !== change.before) {
    throw new RecordMismatch(`the state before record ${sequence} is not the one that it names`);
  }
  const writes = new Map<string, Uint8Array>();
  for (const one of change.changes) {
    const key = change.blobs[one.blob] ?? null;
    if (key === null) throw new RecordMismatch(`record ${sequence} changes a blob that is not there`);
    blobs[one.blob] = applyChange(blobs[one.blob]!, one);
    writes.set(key, blobs[one.blob]!);
  }
  if (change.after !== null && toHex(digest(encodeState(blobs))) !== change.after) {
    throw new RecordMismatch(`the state after record ${sequence} is not the one that it names`);
  }
  if (change.revoked !== null) writes.set(change.revoked, revocationBytes(sequence));
  return writes;
}

/**
 * Applies the records from `from` on to the states, and commits them to the store as it goes; what is dirty at the end is left to the caller.
 * @returns the tip behind the last one. @throws RecordMismatch when a record does not follow or does not fit; LedgerFailure when the store fails; the log's error.
 */
export async function catchUp(
  log: RecordLog,
  from: ChainTip,
  { set, behind, digest }: { set: WorkingSet; behind: WriteBehind; digest: Digest },
): Promise<ChainTip> {
  let tip = from;
  let applied = 0;
  for await (const sealed of log.read(from.sequence)) {
    if (sealed.sequence !== tip.sequence) {
      throw new RecordMismatch(`the log goes on with record ${sealed.sequence} where ${tip.sequence} is due`);
    }
    const change = changeOf(sealed, tip, tip === from);
    tip = { sequence: sealed.sequence + 1, previous: sealed.hash };
    if (change === null) continue;
    const keys = keysOf(change);
    if (!set.holds(keys)) await set.load(keys);
    for (const [key, bytes] of writesOf(change, sealed.sequence, (key) => set.get(key)!.bytes, digest)) {
      set.put(key, bytes);
    }
    applied++;
    if (applied % RECORDS_PER_COMMIT === 0) await commit(behind, tip);
  }
  return tip;
}

/** Null when the record changes nothing. The first one is looked at in any case: it says which hash it follows. */
function changeOf({ record }: SealedRecord, tip: ChainTip, isFirst: boolean): RecordChange | null {
  if (!isFirst && changesNothing(record)) return null;
  const change = readChange(record);
  if (isFirst && change.previous !== toHex(tip.previous)) {
    throw new RecordMismatch(`record ${tip.sequence} does not follow what the state was made from`);
  }
  return change;
}

async function commit(behind: WriteBehind, tip: ChainTip): Promise<void> {
  const failure = await behind.commit(behind.snapshot(tip));
  if (failure !== null) {
    throw new LedgerFailure("state_unavailable", "the state cannot be written", { cause: failure });
  }
}

async function removeDerived(store: StateStore): Promise<void> {
  for (const prefix of DERIVED) {
    for (;;) {
      const keys = await store.list(prefix, null, PAGE);
      if (keys.length === 0) break;
      const found = await store.read(keys);
      const writes = keys.map((key, index) => ({ key, expected: found[index]?.version ?? 0, bytes: null }));
      const result = await store.commit(writes);
      if (!result.ok)
        throw new LedgerFailure("state_unavailable", "somebody else writes into the state store");
    }
  }
}

/**
 * Makes all state anew from the log alone, whatever the store holds now. Nobody else may have log or store open; both stay open. Interrupted, the store
 * is refused until a rebuild ends or goes on from where it was.
 * @returns how many records there are. @throws as `catchUp`, and the store's errors.
 */
export async function rebuildState(log: RecordLog, store: StateStore, digest: Digest): Promise<number> {
  const [applied] = await store.read([APPLIED_KEY]);
  const marked = await store.commit([
    { key: APPLIED_KEY, expected: applied?.version ?? 0, bytes: encodeRebuilding() },
  ]);
  if (!marked.ok) throw new LedgerFailure("state_unavailable", "somebody else writes into the state store");
  await removeDerived(store);
  const set = new WorkingSet(store);
  const behind = new WriteBehind(store, set, { sequence: 0, version: (applied?.version ?? 0) + 1 });
  const tip = await catchUp(log, firstTip(), { set, behind, digest });
  await commit(behind, tip);
  return tip.sequence;
}
