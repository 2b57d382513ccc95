/**
 * The ledger of one process: an exclusive record log, which is the truth, and a state store, which follows it.
 *
 * Transactions run at once, in the order of the calls, on states in memory that may be ahead of the disk; their callers hear of it
 * when the records are durable, and until then nobody else does. While one batch of records is being made durable the next one is computed. After a failed
 * append nothing in memory counts any more: the ledger rejects everything until it is opened anew.
 */
import {
  type ChainTip,
  type Ledger,
  LedgerFailure,
  type LedgerOutcome,
  type LedgerView,
  type RecordLog,
  type SealedRecord,
  type StateStore,
} from "../ports.ts";
import { checkRecords, checkValue } from "../stores/check.ts";
import { APPLIED_KEY } from "./applied.ts";
import { type Schedule, within } from "./within.ts";
import type { WorkingSet } from "./working-set.ts";
import type { Snapshot, WriteBehind } from "./write-behind.ts";

export interface OwnLedgerOptions {
  /** Records between two commits to the state store. */
  readonly writeBehindRecords?: number;
  /** Longest time before a change goes to the state store; needs `schedule`. */
  readonly writeBehindMs?: number;
  /** Longest time for a call of log or store; after that it counts as failed. Needs `schedule`. */
  readonly timeoutMs?: number;
  /** Without it only counts decide when the store is written. */
  readonly schedule?: Schedule | null;
}

const DEFAULT_RECORDS = 4096;
const DEFAULT_WRITE_BEHIND_MS = 1_000;
export const DEFAULT_TIMEOUT_MS = 30_000;
/** So many records are worth an append of their own while others are still computed. */
const EARLY_RECORDS = 32;
/** More states that the store does not have are not taken on. */
const MAX_DIRTY = 262_144;

/** Records that become durable together, and who waits for it. */
class Batch {
  readonly expected: ChainTip;
  readonly records: SealedRecord[] = [];
  readonly resolves: ((value: never) => void)[] = [];
  readonly rejects: ((error: unknown) => void)[] = [];
  readonly values: unknown[] = [];
  snapshot: Snapshot | null = null;

  constructor(expected: ChainTip) {
    this.expected = expected;
  }

  resolve(): void {
    for (let index = 0; index < this.resolves.length; index++) {
      this.resolves[index]!(this.values[index] as never);
    }
  }

  reject(error: unknown): void {
    for (const reject of this.rejects) reject(error);
  }
}

/** The moment, to one work after the other. */
class View implements LedgerView {
  readonly #set: WorkingSet;
  tip: ChainTip;
  /** Of the work that looks. */
  keys: readonly string[] = [];

  constructor(set: WorkingSet, tip: ChainTip) {
    this.#set = set;
    this.tip = tip;
  }

  get(key: string): Uint8Array | null {
    const entry = this.keys.includes(key) ? this.#set.get(key) : undefined;
    if (entry === undefined) throw new RangeError(`key: one of those asked for, not ${key}`);
    return entry.bytes;
  }
}

/** For `openOwnLedger`. */
export class OwnLedger implements Ledger {
  readonly #log: RecordLog;
  readonly #store: StateStore;
  readonly #set: WorkingSet;
  readonly #behind: WriteBehind;
  readonly #options: Required<OwnLedgerOptions>;
  readonly #view: View;
  #pending: Batch;
  #appending: Batch | null = null;
  #flushing = false;
  /** Calls whose states are being read. */
  #loads = 0;
  #broken: LedgerFailure | null = null;
  #closing: Promise<void> | null = null;
  /** Records since the last snapshot. */
  #behindBy = 0;
  #cancelTimer: (() => void) | null = null;
  /** Called when no call waits. */
  #whenIdle: (() => void)[] = [];

  constructor(
    parts: { log: RecordLog; store: StateStore; set: WorkingSet; behind: WriteBehind; tip: ChainTip },
    options: OwnLedgerOptions = {},
  ) {
    this.#log = parts.log;
    this.#store = parts.store;
    this.#set = parts.set;
    this.#behind = parts.behind;
    this.#options = {
      writeBehindRecords: options.writeBehindRecords ?? DEFAULT_RECORDS,
      writeBehindMs: options.writeBehindMs ?? DEFAULT_WRITE_BEHIND_MS,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      schedule: options.schedule ?? null,
    };
    this.#view = new View(parts.set, parts.tip);
    this.#pending = new Batch(parts.tip);
  }

  /** Why nothing can be done any more, or null. */
  get failure(): LedgerFailure | null {
    return this.#broken;
  }

  transact<Value>(keys: readonly string[], work: (view: LedgerView) => LedgerOutcome<Value>): Promise<Value> {
    if (this.#closing !== null) return Promise.reject(this.#broken ?? CLOSED);
    return this.#run(keys, work);
  }

  #run<Value>(keys: readonly string[], work: (view: LedgerView) => LedgerOutcome<Value>): Promise<Value> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    if (!this.#set.holds(keys)) return this.#runLater(keys, work);
    if (this.#set.dirtyCount > MAX_DIRTY) {
      this.#writeBehind();
      return Promise.reject(new LedgerFailure("state_unavailable", "the store does not take the state"));
    }
    try {
      this.#view.keys = keys;
      return this.#take(keys, work(this.#view));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Once the states are in memory. */
  async #runLater<Value>(
    keys: readonly string[],
    work: (view: LedgerView) => LedgerOutcome<Value>,
  ): Promise<Value> {
    this.#loads++;
    try {
      await this.#set.load(keys);
    } catch (error) {
      this.#loads--;
      this.#settle();
      throw error;
    }
    this.#loads--;
    const durable = this.#run(keys, work);
    this.#settle();
    return durable;
  }

  read(keys: readonly string[]): Promise<(Uint8Array | null)[]> {
    return this.transact(keys, (view) => ({
      records: [],
      writes: NO_WRITES,
      value: keys.map((key) => view.get(key)?.slice() ?? null),
    }));
  }

  async list(prefix: string, after: string | null, limit: number): Promise<string[]> {
    const failure = await this.#bringUpToDate();
    if (this.#broken !== null) throw this.#broken;
    if (failure !== null) {
      throw new LedgerFailure("state_unavailable", "the state cannot be written", { cause: failure });
    }
    const keys = await this.#store.list(prefix, after, limit + 1);
    return keys.filter((key) => key !== APPLIED_KEY).slice(0, limit);
  }

  /** Waits for what is under way, brings the store up to date and closes log and store. What the store does not take the log has. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#bringUpToDate();
    this.#broken ??= CLOSED;
    this.#stopTimer();
    const closed = await Promise.allSettled([this.#log.close(), this.#store.close()]);
    for (const result of closed) if (result.status === "rejected") throw result.reason;
  }

  #take<Value>(keys: readonly string[], { records, writes, value }: LedgerOutcome<Value>): Promise<Value> {
    for (const [key, bytes] of writes) {
      if (!keys.includes(key)) throw new RangeError(`writes: only keys asked for, not ${key}`);
      // The store would refuse it for ever.
      checkValue(bytes);
    }
    if (records.length === 0 && writes.size > 0) throw new TypeError("writes: only with a record");
    const tip = checkRecords(this.#view.tip, records);
    for (const [key, bytes] of writes) this.#set.put(key, bytes);
    this.#view.tip = tip;
    const batch = this.#pending;
    for (const record of records) batch.records.push(record);
    batch.values.push(value);
    const durable = new Promise<Value>((resolve, reject) => {
      batch.resolves.push(resolve);
      batch.rejects.push(reject);
    });
    this.#flush();
    return durable;
  }

  /** Appends soon: behind the other calls of this turn, or at once when they are many. */
  #flush(): void {
    if (this.#appending !== null) return;
    if (this.#pending.records.length >= EARLY_RECORDS) this.#append();
    else if (!this.#flushing) {
      this.#flushing = true;
      Promise.resolve().then(() => {
        this.#flushing = false;
        if (this.#appending === null) this.#append();
      });
    }
  }

  /** Cuts a batch and appends it. There is none under way. */
  #append(): void {
    const batch = this.#pending;
    this.#pending = new Batch(this.#view.tip);
    if (batch.records.length === 0) {
      batch.resolve();
      this.#settle();
      return;
    }
    this.#appending = batch;
    this.#behindBy += batch.records.length;
    if (this.#behindBy >= this.#options.writeBehindRecords && !this.#behind.busy) {
      batch.snapshot = this.#snapshot();
    }
    within(this.#options, () => this.#log.append(batch.expected, batch.records)).then(
      (result) => {
        if (result.ok) this.#appended(batch);
        else this.#break(batch, "somebody else writes into the log", null);
      },
      (error: unknown) => this.#break(batch, "the log cannot be written", error),
    );
  }

  #appended(batch: Batch): void {
    this.#appending = null;
    if (this.#pending.resolves.length > 0) this.#append();
    batch.resolve();
    if (batch.snapshot !== null) void this.#commit(batch.snapshot);
    this.#settle();
  }

  /** After a batch: a timer for what the store does not have, and whoever waits for quiet. */
  #settle(): void {
    this.#startTimer();
    if (this.#busy) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  #break(batch: Batch, message: string, cause: unknown): void {
    this.#broken = new LedgerFailure("record_unwritable", message, { cause });
    this.#appending = null;
    this.#stopTimer();
    if (batch.snapshot !== null) this.#behind.drop(batch.snapshot);
    const waiting = this.#pending;
    this.#pending = new Batch(this.#view.tip);
    batch.reject(this.#broken);
    waiting.reject(this.#broken);
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  /** Calls that wait: for their states, for the next batch, for the disk. */
  get #busy(): boolean {
    return this.#loads > 0 || this.#appending !== null || this.#pending.resolves.length > 0;
  }

  /** Commits all that is durable to the store, at a moment when nothing else is in memory. @returns why the store does not have it, or null. */
  async #bringUpToDate(): Promise<unknown> {
    // Looked at again after each wait: others wait too.
    while (this.#busy || this.#behind.busy) {
      if (this.#busy) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
      else await this.#behind.idle();
    }
    return this.#broken === null ? this.#commit(this.#snapshot()) : null;
  }

  #snapshot(): Snapshot {
    this.#behindBy = 0;
    return this.#behind.snapshot(this.#view.tip);
  }

  /** @returns why the store does not have the snapshot, or null. */
  async #commit(snapshot: Snapshot): Promise<unknown> {
    const failure = await this.#behind.commit(snapshot);
    if (failure !== null) {
      this.#behindBy = Math.max(this.#behindBy, 1);
      this.#startTimer();
    }
    return failure;
  }

  /** With the next batch, or now when all in memory is durable. */
  #writeBehind(): void {
    if (this.#broken !== null || this.#behind.busy) return;
    this.#behindBy = Math.max(this.#behindBy, this.#options.writeBehindRecords);
    if (!this.#busy) void this.#commit(this.#snapshot());
  }

  #startTimer(): void {
    const { schedule, writeBehindMs } = this.#options;
    if (schedule === null || this.#cancelTimer !== null || this.#behindBy === 0 || this.#broken !== null)
      return;
    this.#cancelTimer = schedule(writeBehindMs, () => {
      this.#cancelTimer = null;
      this.#writeBehind();
      this.#startTimer();
    });
  }

  #stopTimer(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }
}

const CLOSED = new LedgerFailure("record_unwritable", "the ledger is closed");
const NO_WRITES: ReadonlyMap<string, Uint8Array | null> = new Map();
