/** The states that decisions run on: those lately used and those that the store does not have yet, in memory; the rest in the store. */
import { LedgerFailure, type StateStore } from "../ports.ts";
import { encodeKey } from "../stores/check.ts";
import { NO_LIMIT, type TimeLimit, within } from "./within.ts";

export interface Entry {
  readonly key: string;
  /** Never changed in place. */
  bytes: Uint8Array | null;
  /** Of the store; 0: the store does not have the key. */
  version: number;
  /** The store has other bytes. */
  dirty: boolean;
  /** In a commit that is under way. */
  writing: boolean;
}

/** What is kept of clean states: at least this, and at most twice. */
export interface WorkingSetLimits {
  /** MIN_ENTRIES or more: what one transaction asks for is held at once. */
  readonly entries: number;
  readonly bytes: number;
}

const MIN_ENTRIES = 64;
export const DEFAULT_LIMITS: WorkingSetLimits = { entries: 65_536, bytes: 67_108_864 };

/**
 * Two generations: what is used moves to the young one; when that is full, the clean entries of the old one are forgotten and the young one
 * grows old. The store is read by nobody else, so that an entry is never older than what was forgotten.
 */
export class WorkingSet {
  readonly #store: StateStore;
  readonly #limits: WorkingSetLimits;
  readonly #timeLimit: TimeLimit;
  #young = new Map<string, Entry>();
  #old = new Map<string, Entry>();
  #youngBytes = 0;
  #dirty: Entry[] = [];
  /** Keys that are being read, and the reading. A key is never read twice at once: the later answer could be the older one. */
  #loading = new Map<string, Promise<void>>();
  #wanted: string[] = [];
  #nextReading: Promise<void> | null = null;

  constructor(store: StateStore, limits: WorkingSetLimits = DEFAULT_LIMITS, timeLimit: TimeLimit = NO_LIMIT) {
    if (limits.entries < MIN_ENTRIES) throw new RangeError(`limits.entries: ${MIN_ENTRIES} or more`);
    this.#store = store;
    this.#limits = limits;
    this.#timeLimit = timeLimit;
  }

  /** Entries that the store does not have yet. */
  get dirtyCount(): number {
    return this.#dirty.length;
  }

  get(key: string): Entry | undefined {
    const entry = this.#young.get(key);
    if (entry !== undefined) return entry;
    const older = this.#old.get(key);
    if (older === undefined) return undefined;
    this.#old.delete(key);
    this.#insert(older);
    return older;
  }

  holds(keys: readonly string[]): boolean {
    for (const key of keys) if (this.get(key) === undefined) return false;
    return true;
  }

  /** Replaces what a held key has. */
  put(key: string, bytes: Uint8Array | null): void {
    const entry = this.get(key);
    if (entry === undefined) throw new RangeError(`key: one of those asked for, not ${key}`);
    this.#youngBytes += (bytes?.byteLength ?? 0) - (entry.bytes?.byteLength ?? 0);
    entry.bytes = bytes;
    this.#mark(entry);
  }

  /** Reads what is missing of the keys. They are held right after, though perhaps not for ever. @throws LedgerFailure `state_unavailable`; RangeError for what is no key. */
  async load(keys: readonly string[]): Promise<void> {
    const readings = new Set<Promise<void>>();
    for (const key of keys) {
      if (this.get(key) !== undefined) continue;
      encodeKey(key);
      readings.add(this.#loading.get(key) ?? this.#want(key));
    }
    await Promise.all(readings);
  }

  /** The dirty entries, which count as being written from now on. */
  takeDirty(): Entry[] {
    const taken = this.#dirty;
    this.#dirty = [];
    for (const entry of taken) {
      entry.dirty = false;
      entry.writing = true;
    }
    return taken;
  }

  /** The end of a commit of taken entries; they are dirty again when it is not known to have happened. */
  written(entries: readonly Entry[], committed: boolean): void {
    for (const entry of entries) {
      entry.writing = false;
      if (!committed) this.#mark(entry);
    }
  }

  #mark(entry: Entry): void {
    if (entry.dirty) return;
    entry.dirty = true;
    this.#dirty.push(entry);
  }

  #want(key: string): Promise<void> {
    this.#nextReading ??= this.#readWanted();
    this.#wanted.push(key);
    this.#loading.set(key, this.#nextReading);
    return this.#nextReading;
  }

  async #readWanted(): Promise<void> {
    // Calls of the same turn share a reading.
    await Promise.resolve();
    const keys = this.#wanted;
    this.#wanted = [];
    this.#nextReading = null;
    try {
      const found = await within(this.#timeLimit, () => this.#store.read(keys));
      for (const [index, key] of keys.entries()) {
        const { bytes, version } = found[index] ?? { bytes: null, version: 0 };
        this.#insert({ key, bytes, version, dirty: false, writing: false });
      }
    } catch (error) {
      throw new LedgerFailure("state_unavailable", "the state cannot be read", { cause: error });
    } finally {
      for (const key of keys) this.#loading.delete(key);
    }
  }

  #insert(entry: Entry): void {
    if (this.#young.size >= this.#limits.entries || this.#youngBytes >= this.#limits.bytes) this.#age();
    this.#young.set(entry.key, entry);
    this.#youngBytes += entry.bytes?.byteLength ?? 0;
  }

  #age(): void {
    const forgotten = this.#old;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
    for (const entry of forgotten.values()) {
      if (!entry.dirty && !entry.writing) continue;
      this.#young.set(entry.key, entry);
      this.#youngBytes += entry.bytes?.byteLength ?? 0;
    }
  }
}
