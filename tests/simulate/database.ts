/** A database that several control planes share: transactions that are run again when somebody else was first. */
import type { ChainTip, SealedRecord, StateEntry } from "../../control/ports.ts";
import { Memory } from "../../control/stores/memory.ts";
import type { Tables, Transactions } from "../../control/stores/tables.ts";
import type { Faults } from "./faults.ts";
import type { Life } from "./scheduler.ts";

const MAX_RUNS = 50;

/** A transaction's own view: what it has written over what was there when it began. */
class Sheet implements Tables {
  readonly #memory: Memory;
  readonly written = new Map<string, StateEntry | null>();
  readonly pushed: SealedRecord[] = [];
  #tip: ChainTip;

  constructor(memory: Memory) {
    this.#memory = memory;
    this.#tip = memory.tip;
  }

  tip(): ChainTip {
    return this.#tip;
  }

  moveTip(tip: ChainTip): void {
    this.#tip = tip;
  }

  entry(key: string): StateEntry | null {
    const entry = this.written.get(key);
    return entry === undefined ? (this.#memory.entries.get(key) ?? null) : entry;
  }

  version(key: string): number {
    return this.entry(key)?.version ?? 0;
  }

  put(key: string, entry: StateEntry): void {
    this.written.set(key, entry);
  }

  remove(key: string): void {
    this.written.set(key, null);
  }

  list(prefix: string, after: string | null, limit: number): string[] {
    return this.#memory.list(prefix, after, limit);
  }

  push(record: SealedRecord): void {
    this.pushed.push(record);
  }

  page(from: number, to: number): SealedRecord[] {
    return this.#memory.records.slice(from, to);
  }
}

export class Database {
  readonly memory = new Memory();
  /** Of transactions that have taken effect. */
  changes = 0;
  /** Told of the records of each. */
  onCommit: (records: readonly SealedRecord[]) => void = () => {};

  /** For one control plane. @param ignoresOthers breaks isolation on purpose: what was read is not looked at again. */
  connect(faults: Faults, life: Life, ignoresOthers: boolean): Transactions {
    const commit = (sheet: Sheet, begunAt: number): boolean => {
      if (this.changes !== begunAt && !ignoresOthers) return false;
      this.#apply(sheet);
      return true;
    };
    return {
      read: (body) => faults.around("database read", life, () => body(new Sheet(this.memory))),
      write: async (body) => {
        for (let run = 0; run < MAX_RUNS; run++) {
          const begunAt = this.changes;
          const sheet = new Sheet(this.memory);
          const value = body(sheet);
          if (await faults.around("database commit", life, () => commit(sheet, begunAt))) return value;
        }
        throw new Error("somebody else was first too many times");
      },
      missing: (sequence) => new Error(`record ${sequence} is not there`),
      close: async () => {},
    };
  }

  #apply(sheet: Sheet): void {
    this.changes++;
    for (const [key, entry] of sheet.written) {
      if (entry === null) this.memory.entries.delete(key);
      else this.memory.entries.set(key, { bytes: entry.bytes.slice(), version: entry.version });
    }
    this.memory.push(sheet.pushed);
    this.onCommit(sheet.pushed);
  }
}
