/** State, records and both at once over any database that has synchronous transactions. */
import { TransactionQueue } from "../ledger/batch.ts";
import {
  type AppendResult,
  type ChainTip,
  type CommitResult,
  type Ledger,
  LedgerFailure,
  type LedgerOutcome,
  type LedgerView,
  type RecordLog,
  type SealedRecord,
  type StateEntry,
  type StateStore,
  type StateWrite,
} from "../ports.ts";
import { checkListing, checkRecords, checkSequence, checkWrites, encodeKey, sameTip } from "./check.ts";

/** What stands in the database, within a transaction. Whatever is damaged throws. */
export interface Tables {
  tip(): ChainTip;
  moveTip(tip: ChainTip): void;
  entry(key: string): StateEntry | null;
  /** 0 for a key that does not exist. */
  version(key: string): number;
  put(key: string, entry: StateEntry): void;
  remove(key: string): void;
  list(prefix: string, after: string | null, limit: number): string[];
  push(record: SealedRecord): void;
  /** Records from that sequence on that are there, ascending; none at or behind `to`, and not all at once. */
  page(from: number, to: number): SealedRecord[];
}

/** `body` is run in one transaction, and again when the database wants that; what it throws undoes it and rejects. */
export interface Transactions {
  read<Value>(body: (tables: Tables) => Value): Promise<Value>;
  /** Durable when it resolves. */
  write<Value>(body: (tables: Tables) => Value): Promise<Value>;
  /** What `read` of a log rejects with for a record that is not there. */
  missing(sequence: number): Error;
  /** Waits for what is under way. */
  close(): Promise<void>;
}

export class TableState implements StateStore {
  readonly #transactions: Transactions;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  async read(keys: readonly string[]): Promise<(StateEntry | null)[]> {
    for (const key of keys) encodeKey(key);
    return this.#transactions.read((tables) => keys.map((key) => tables.entry(key)));
  }

  async commit(writes: readonly StateWrite[]): Promise<CommitResult> {
    checkWrites(writes);
    return this.#transactions.write((tables): CommitResult => {
      const conflict = writes.find(({ key, expected }) => tables.version(key) !== expected);
      if (conflict !== undefined) return { ok: false, conflict: conflict.key };
      for (const { key, expected, bytes } of writes) {
        if (bytes === null) tables.remove(key);
        else tables.put(key, { bytes, version: expected + 1 });
      }
      return { ok: true };
    });
  }

  async list(prefix: string, after: string | null, limit: number): Promise<string[]> {
    checkListing(prefix, after, limit);
    return this.#transactions.read((tables) => tables.list(prefix, after, limit));
  }

  close(): Promise<void> {
    return this.#transactions.close();
  }
}

export class TableLog implements RecordLog {
  readonly #transactions: Transactions;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
  }

  async tip(): Promise<ChainTip> {
    return this.#transactions.read((tables) => tables.tip());
  }

  async append(expected: ChainTip, records: readonly SealedRecord[]): Promise<AppendResult> {
    const next = checkRecords(expected, records);
    return this.#transactions.write((tables): AppendResult => {
      const tip = tables.tip();
      if (!sameTip(tip, expected)) return { ok: false, tip };
      if (records.length === 0) return { ok: true };
      for (const record of records) tables.push(record);
      tables.moveTip(next);
      return { ok: true };
    });
  }

  read(from: number): AsyncIterable<SealedRecord> {
    checkSequence(from);
    const tip = this.tip();
    // Whoever never iterates does not hear of it.
    tip.catch(() => {});
    return readPages(this.#transactions, from, tip);
  }

  close(): Promise<void> {
    return this.#transactions.close();
  }
}

async function* readPages(
  transactions: Transactions,
  from: number,
  tip: Promise<ChainTip>,
): AsyncGenerator<SealedRecord> {
  const end = (await tip).sequence;
  for (let next = from; next < end; ) {
    const page = await transactions.read((tables) => tables.page(next, end));
    if (page.length === 0) throw transactions.missing(next);
    for (const record of page) {
      if (record.sequence !== next) throw transactions.missing(next);
      yield record;
      next++;
    }
  }
}

export class TableLedger implements Ledger {
  readonly #transactions: Transactions;
  readonly #queue: TransactionQueue;

  constructor(transactions: Transactions) {
    this.#transactions = transactions;
    this.#queue = new TransactionQueue((keys, compute) => runWorks(transactions, keys, compute));
  }

  transact<Value>(keys: readonly string[], work: (view: LedgerView) => LedgerOutcome<Value>): Promise<Value> {
    return this.#queue.transact(keys, work);
  }

  async read(keys: readonly string[]): Promise<(Uint8Array | null)[]> {
    for (const key of keys) encodeKey(key);
    return this.#transactions.read((tables) => keys.map((key) => tables.entry(key)?.bytes ?? null));
  }

  async list(prefix: string, after: string | null, limit: number): Promise<string[]> {
    checkListing(prefix, after, limit);
    return this.#transactions.read((tables) => tables.list(prefix, after, limit));
  }

  async close(): Promise<void> {
    await this.#queue.idle();
    await this.#transactions.close();
  }
}

type Computed = ReturnType<Parameters<ConstructorParameters<typeof TransactionQueue>[0]>[1]>;

async function runWorks(
  transactions: Transactions,
  keys: readonly string[],
  compute: (view: LedgerView) => Computed,
): Promise<void> {
  let computed = false;
  try {
    await transactions.write((tables) => {
      const entries = new Map(keys.map((key) => [key, tables.entry(key)]));
      const tip = tables.tip();
      const outcome = compute({ tip, get: (key) => entries.get(key)?.bytes ?? null });
      computed = true;
      for (const record of outcome.records) tables.push(record);
      if (outcome.records.length > 0) tables.moveTip(outcome.tip);
      for (const [key, bytes] of outcome.writes) {
        const version = (entries.get(key)?.version ?? 0) + 1;
        if (bytes === null) tables.remove(key);
        else tables.put(key, { bytes, version });
      }
    });
  } catch (error) {
    throw ledgerFailure(error, computed);
  }
}

/** What fails before the works ran is the state, what fails behind them the records. */
export function ledgerFailure(error: unknown, computed: boolean): LedgerFailure {
  const message = error instanceof Error ? error.message : String(error);
  return new LedgerFailure(computed ? "record_unwritable" : "state_unavailable", message, { cause: error });
}
