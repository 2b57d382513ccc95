/** One database transaction for all that wait: what a ledger over a database makes of concurrent `transact` calls. */
import type { ChainTip, LedgerOutcome, LedgerView, SealedRecord } from "../ports.ts";
import { checkedWork } from "../stores/check.ts";

/** What a database transaction is to write; all of it or nothing. */
export interface BatchOutcome {
  /** They follow the view's tip. */
  readonly records: readonly SealedRecord[];
  /** Where the chain goes on behind them. */
  readonly tip: ChainTip;
  /** Null removes. */
  readonly writes: ReadonlyMap<string, Uint8Array | null>;
}

/**
 * One transaction of the database: reads the tip and the keys, which are unique, in isolation, calls `compute`, and makes its outcome durable before it resolves.
 * May call `compute` again on a newer view, when the database says that the former one was overtaken; only the last call counts. Rejects when the outcome
 * is not, or not certainly, durable.
 */
export type RunTransaction = (
  keys: readonly string[],
  compute: (view: LedgerView) => BatchOutcome,
) => Promise<void>;

interface Waiting {
  readonly keys: readonly string[];
  readonly work: (view: LedgerView) => LedgerOutcome<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  value: unknown;
  error: unknown;
  failed: boolean;
}

/** Several works as one: each sees what those before it wrote. */
class Overlay implements LedgerView {
  readonly #below: LedgerView;
  readonly records: SealedRecord[] = [];
  readonly writes = new Map<string, Uint8Array | null>();
  tip: ChainTip;

  constructor(below: LedgerView) {
    this.#below = below;
    this.tip = below.tip;
  }

  get(key: string): Uint8Array | null {
    const written = this.writes.get(key);
    return written === undefined ? this.#below.get(key) : written;
  }

  run(one: Waiting): void {
    one.failed = false;
    try {
      const { records, writes, value } = one.work(this);
      one.value = value;
      for (const [key, bytes] of writes) this.writes.set(key, bytes);
      for (const record of records) this.records.push(record);
      const last = records.at(-1);
      if (last !== undefined) this.tip = { sequence: last.sequence + 1, previous: last.hash };
    } catch (error) {
      one.failed = true;
      one.error = error;
    }
  }
}

/**
 * Transactions in the order of the calls, one at a time, each of at most `limit` calls: those that came while the one before was under way.
 * A work that throws, or breaks `LedgerOutcome`, rejects its own call alone; a transaction that rejects rejects all of its calls.
 */
export class TransactionQueue {
  readonly #run: RunTransaction;
  readonly #limit: number;
  #waiting: Waiting[] = [];
  #draining: Promise<void> | null = null;

  constructor(run: RunTransaction, limit = 256) {
    this.#run = run;
    this.#limit = limit;
  }

  transact<Value>(keys: readonly string[], work: (view: LedgerView) => LedgerOutcome<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const done = resolve as (value: unknown) => void;
      this.#waiting.push({
        keys,
        // Throws for a key that is none, which rejects.
        work: checkedWork(keys, work),
        resolve: done,
        reject,
        value: undefined,
        error: undefined,
        failed: false,
      });
      this.#draining ??= this.#drain();
    });
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#draining !== null) await this.#draining;
  }

  async #drain(): Promise<void> {
    // Calls of the same turn share a transaction.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#transaction(this.#waiting.splice(0, this.#limit));
    this.#draining = null;
  }

  async #transaction(batch: readonly Waiting[]): Promise<void> {
    const keys = new Set<string>();
    for (const one of batch) for (const key of one.keys) keys.add(key);
    try {
      await this.#run([...keys], (view) => {
        const overlay = new Overlay(view);
        for (const one of batch) overlay.run(one);
        return overlay;
      });
    } catch (error) {
      for (const one of batch) one.reject(error);
      return;
    }
    for (const one of batch) {
      if (one.failed) one.reject(one.error);
      else one.resolve(one.value);
    }
  }
}
