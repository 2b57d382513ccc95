/** Stores in memory, for tests and for whoever wants to forget: durable as long as the object lives, seen by this process alone. */
import type {
  AppendResult,
  ChainTip,
  CommitResult,
  Ledger,
  LedgerOutcome,
  LedgerView,
  RecordLog,
  SealedRecord,
  StateEntry,
  StateStore,
  StateWrite,
} from "../ports.ts";
import {
  checkedWork,
  checkListing,
  checkRecords,
  checkSequence,
  checkWrites,
  compareKeys,
  encodeKey,
  HASH_BYTES,
  sameTip,
} from "./check.ts";

/** What is kept. It outlives the stores that are opened on it; all of them see the same. */
export class Memory {
  readonly entries = new Map<string, StateEntry>();
  readonly records: SealedRecord[] = [];

  get tip(): ChainTip {
    const last = this.records.at(-1);
    return { sequence: this.records.length, previous: last?.hash.slice() ?? new Uint8Array(HASH_BYTES) };
  }

  get(key: string): Uint8Array | null {
    return this.entries.get(key)?.bytes.slice() ?? null;
  }

  put(key: string, bytes: Uint8Array | null): void {
    const version = (this.entries.get(key)?.version ?? 0) + 1;
    if (bytes === null) this.entries.delete(key);
    else this.entries.set(key, { bytes: bytes.slice(), version });
  }

  push(records: readonly SealedRecord[]): void {
    for (const { sequence, record, hash } of records) {
      this.records.push({ sequence, record: record.slice(), hash: hash.slice() });
    }
  }

  list(prefix: string, after: string | null, limit: number): string[] {
    checkListing(prefix, after, limit);
    const found = [...this.entries.keys()].filter(
      (key) => key.startsWith(prefix) && (after === null || compareKeys(key, after) > 0),
    );
    return found.sort(compareKeys).slice(0, limit);
  }
}

class Face {
  protected readonly memory: Memory;
  #open = true;

  constructor(memory: Memory = new Memory()) {
    this.memory = memory;
  }

  protected check(): void {
    if (!this.#open) throw new Error("the store is closed");
  }

  async close(): Promise<void> {
    this.#open = false;
  }
}

class KeyedFace extends Face {
  async list(prefix: string, after: string | null, limit: number): Promise<string[]> {
    this.check();
    return this.memory.list(prefix, after, limit);
  }
}

export class MemoryState extends KeyedFace implements StateStore {
  async read(keys: readonly string[]): Promise<(StateEntry | null)[]> {
    this.check();
    for (const key of keys) encodeKey(key);
    return keys.map((key) => {
      const entry = this.memory.entries.get(key);
      return entry === undefined ? null : { bytes: entry.bytes.slice(), version: entry.version };
    });
  }

  async commit(writes: readonly StateWrite[]): Promise<CommitResult> {
    this.check();
    checkWrites(writes);
    const conflict = writes.find(
      ({ key, expected }) => (this.memory.entries.get(key)?.version ?? 0) !== expected,
    );
    if (conflict !== undefined) return { ok: false, conflict: conflict.key };
    for (const { key, bytes } of writes) this.memory.put(key, bytes);
    return { ok: true };
  }
}

export class MemoryLog extends Face implements RecordLog {
  async tip(): Promise<ChainTip> {
    this.check();
    return this.memory.tip;
  }

  async append(expected: ChainTip, records: readonly SealedRecord[]): Promise<AppendResult> {
    this.check();
    checkRecords(expected, records);
    const tip = this.memory.tip;
    if (!sameTip(expected, tip)) return { ok: false, tip };
    this.memory.push(records);
    return { ok: true };
  }

  read(from: number): AsyncIterable<SealedRecord> {
    this.check();
    checkSequence(from);
    return copies(this.memory.records, from, this.memory.records.length);
  }
}

async function* copies(records: readonly SealedRecord[], from: number, to: number) {
  for (let index = from; index < to; index++) {
    const { sequence, record, hash } = records[index]!;
    yield { sequence, record: record.slice(), hash: hash.slice() };
  }
}

export class MemoryLedger extends KeyedFace implements Ledger {
  async transact<Value>(
    keys: readonly string[],
    work: (view: LedgerView) => LedgerOutcome<Value>,
  ): Promise<Value> {
    this.check();
    const { memory } = this;
    const outcome = checkedWork(keys, work)({ tip: memory.tip, get: (key) => memory.get(key) });
    memory.push(outcome.records);
    for (const [key, bytes] of outcome.writes) memory.put(key, bytes);
    return outcome.value;
  }

  async read(keys: readonly string[]): Promise<(Uint8Array | null)[]> {
    this.check();
    for (const key of keys) encodeKey(key);
    return keys.map((key) => this.memory.get(key));
  }
}
