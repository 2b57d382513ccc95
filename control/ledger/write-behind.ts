/** Bringing the state store up to a place in the log, in one commit. The log has it all already, so a failure loses nothing. */
import { type ChainTip, LedgerFailure, type StateStore, type StateWrite } from "../ports.ts";
import { APPLIED_KEY, decodeApplied, encodeApplied } from "./applied.ts";
import { NO_LIMIT, type TimeLimit, within } from "./within.ts";
import type { Entry, WorkingSet } from "./working-set.ts";

/** Bytes of states as of the records before `tip`. */
export interface Snapshot {
  readonly tip: ChainTip;
  readonly entries: readonly Entry[];
  readonly bytes: readonly (Uint8Array | null)[];
}

/** The store's only writer. One commit at a time. */
export class WriteBehind {
  readonly #store: StateStore;
  readonly #set: WorkingSet;
  readonly #timeLimit: TimeLimit;
  /** Of APPLIED_KEY in the store. */
  #version: number;
  /** Sequences that the store may be at: the last that was confirmed, and those of commits whose end is not known. */
  #possible: number[];
  /** A commit failed or met a conflict: what the store has is not known. */
  #unsure = false;
  #committing: Promise<void> | null = null;
  /** A snapshot was taken that is neither committed nor dropped. */
  #outstanding = false;

  constructor(
    store: StateStore,
    set: WorkingSet,
    applied: { readonly sequence: number; readonly version: number },
    timeLimit: TimeLimit = NO_LIMIT,
  ) {
    this.#store = store;
    this.#set = set;
    this.#timeLimit = timeLimit;
    this.#version = applied.version;
    this.#possible = [applied.sequence];
  }

  /** No snapshot may be taken. */
  get busy(): boolean {
    return this.#outstanding;
  }

  /** What is dirty at this moment, which is that of `tip`. Every snapshot is committed or dropped before the next is taken. */
  snapshot(tip: ChainTip): Snapshot {
    if (this.#outstanding) throw new Error("a snapshot is still to be committed");
    this.#outstanding = true;
    const entries = this.#set.takeDirty();
    return { tip, entries, bytes: entries.map((entry) => entry.bytes) };
  }

  drop(snapshot: Snapshot): void {
    this.#outstanding = false;
    this.#set.written(snapshot.entries, false);
  }

  /** Resolves when the commit is over; after a failure what it held is dirty again. @returns why it failed, or null. */
  async commit(snapshot: Snapshot): Promise<unknown> {
    let failure: unknown = null;
    const committing = this.#commit(snapshot).catch((error: unknown) => {
      failure = error;
    });
    this.#committing = committing;
    await committing;
    this.#committing = null;
    this.#outstanding = false;
    return failure;
  }

  /** Resolves when no commit is under way. */
  async idle(): Promise<void> {
    while (this.#committing !== null) await this.#committing;
  }

  async #commit({ tip, entries, bytes }: Snapshot): Promise<void> {
    let committed = false;
    try {
      if (this.#unsure) await this.#readVersions(entries);
      const writes: StateWrite[] = [{ key: APPLIED_KEY, expected: this.#version, bytes: encodeApplied(tip) }];
      for (const [index, entry] of entries.entries()) {
        const after = bytes[index]!;
        if (after === null && entry.version === 0) continue;
        writes.push({ key: entry.key, expected: entry.version, bytes: after });
      }
      this.#unsure = true;
      this.#possible.push(tip.sequence);
      const result = await within(this.#timeLimit, () => this.#store.commit(writes));
      if (!result.ok)
        throw new LedgerFailure("state_unavailable", `the store has another version of ${result.conflict}`);
      committed = true;
      this.#unsure = false;
      this.#possible = [tip.sequence];
      this.#version++;
      for (const [index, entry] of entries.entries())
        entry.version = bytes[index] === null ? 0 : entry.version + 1;
    } finally {
      this.#set.written(entries, committed);
    }
  }

  /** What commits of an unknown end have left. Every key that they may have written is in `entries`, since it stayed dirty. */
  async #readVersions(entries: readonly Entry[]): Promise<void> {
    const keys = [APPLIED_KEY, ...entries.map((entry) => entry.key)];
    const [applied, ...found] = await within(this.#timeLimit, () => this.#store.read(keys));
    const read = applied == null ? null : decodeApplied(applied.bytes);
    const sequence = read === null ? 0 : read.kind === "applied" ? read.tip.sequence : -1;
    if (!this.#possible.includes(sequence)) {
      throw new LedgerFailure("state_unavailable", "somebody else writes into the state store");
    }
    this.#version = applied?.version ?? 0;
    for (const [index, entry] of entries.entries()) entry.version = found[index]?.version ?? 0;
  }
}
