/** Ports that fail on purpose. */
import type { ChainTip, CommitResult, RecordLog, SealedRecord, StateStore } from "../../control/ports.ts";

/** What becomes of a call: its effect, and what its caller hears. */
export type Fault = "fails" | "fails but took effect" | "times out" | "times out but took effect";
export const FAULTS: readonly Fault[] = [
  "fails",
  "fails but took effect",
  "times out",
  "times out but took effect",
];

export type Operation = "append" | "read" | "commit" | "list";

/** Which calls fail, counted from 1 for each operation; nothing fails unless `plan` says so. */
export class Faults {
  plan: (operation: Operation, count: number) => Fault | null = () => null;
  readonly counts = { append: 0, read: 0, commit: 0, list: 0 };

  async around<Result>(operation: Operation, run: () => Promise<Result>): Promise<Result> {
    this.counts[operation]++;
    const fault = this.plan(operation, this.counts[operation]);
    if (fault === null) return run();
    if (fault.endsWith("took effect")) await run();
    if (fault.startsWith("times out")) return new Promise(() => {});
    throw new Error(`${operation} ${fault}`);
  }
}

export class FaultyLog implements RecordLog {
  readonly #log: RecordLog;
  readonly #faults: Faults;

  constructor(log: RecordLog, faults: Faults) {
    this.#log = log;
    this.#faults = faults;
  }

  tip(): Promise<ChainTip> {
    return this.#log.tip();
  }

  append(expected: ChainTip, records: readonly SealedRecord[]) {
    return this.#faults.around("append", () => this.#log.append(expected, records));
  }

  read(from: number): AsyncIterable<SealedRecord> {
    return this.#log.read(from);
  }

  close(): Promise<void> {
    return this.#log.close();
  }
}

export class FaultyStore implements StateStore {
  readonly #store: StateStore;
  readonly #faults: Faults;

  constructor(store: StateStore, faults: Faults) {
    this.#store = store;
    this.#faults = faults;
  }

  read(keys: readonly string[]) {
    return this.#faults.around("read", () => this.#store.read(keys));
  }

  commit(writes: Parameters<StateStore["commit"]>[0]): Promise<CommitResult> {
    return this.#faults.around("commit", () => this.#store.commit(writes));
  }

  list(prefix: string, after: string | null, limit: number): Promise<string[]> {
    return this.#faults.around("list", () => this.#store.list(prefix, after, limit));
  }

  close(): Promise<void> {
    return this.#store.close();
  }
}

/** A scheduler whose time passes when it is told to. */
export class VirtualTime {
  now = 1_767_225_600_000;
  #timers: { due: number; run: () => void }[] = [];

  readonly schedule = (delayMs: number, run: () => void): (() => void) => {
    const timer = { due: this.now + delayMs, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((one) => one !== timer);
    };
  };

  readonly clock = { now: (): number => this.now };

  pass(milliseconds: number): void {
    this.now += milliseconds;
    const due = this.#timers.filter((timer) => timer.due <= this.now);
    this.#timers = this.#timers.filter((timer) => timer.due > this.now);
    for (const timer of due) timer.run();
  }
}

/** Lets everything that waits for nothing but promises go on. */
export async function turns(count = 50): Promise<void> {
  for (let index = 0; index < count; index++) await Promise.resolve();
}
