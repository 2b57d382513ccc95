/** A disk: one file that is appended to, of which a crash may leave a part of what was not synchronised, and a table with atomic commits. */
import { formatLine, RECORD_AT } from "../../control/audit/line.ts";
import { verifyLines } from "../../control/audit/verify.ts";
import type {
  AppendResult,
  ChainTip,
  CommitResult,
  RecordLog,
  SealedRecord,
  StateEntry,
  StateStore,
  StateWrite,
} from "../../control/ports.ts";
import { checkRecords, sameTip } from "../../control/stores/check.ts";
import { Memory, MemoryState } from "../../control/stores/memory.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";
import type { Random } from "../fuzz/random.ts";
import { type Faults, PortFailure } from "./faults.ts";
import type { Life, Scheduler } from "./scheduler.ts";

export class Disk {
  #bytes = new Uint8Array(65_536);
  /** Of the file, as its readers see it. */
  size = 0;
  /** So many of them survive a crash. */
  synced = 0;
  store = new Memory();
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  get file(): Uint8Array {
    return this.#bytes.subarray(0, this.size);
  }

  get durable(): Uint8Array {
    return this.#bytes.subarray(0, this.synced);
  }

  write(at: number, bytes: Uint8Array): void {
    while (at + bytes.length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, at);
    this.size = at + bytes.length;
    this.synced = Math.min(this.synced, this.size);
  }

  sync(): void {
    this.synced = this.size;
  }

  cut(size: number): void {
    this.size = size;
    this.synced = Math.min(this.synced, size);
  }

  /** The power fails: of what was not synchronised a part is left, torn at any byte, perhaps with zeros behind it. */
  crash(): void {
    const lost = this.size - this.synced;
    if (lost === 0) return;
    const kept = this.synced + this.#random.below(lost + 1);
    const zeros = kept < this.size && this.#random.chance(0.2) ? this.size - kept : 0;
    this.#bytes.fill(0, kept, kept + zeros);
    this.size = kept + zeros;
    this.sync();
  }
}

/** The log over the simulated file, with the rules of the segmented log: a torn end is cut off, any other fault refuses to open. */
export class DiskLog implements RecordLog {
  readonly #disk: Disk;
  readonly #scheduler: Scheduler;
  readonly #faults: Faults;
  readonly #life: Life;
  readonly #skipsSync: boolean;
  #tip: ChainTip;
  #records: SealedRecord[];
  #broken: Error | null = null;
  #work: Promise<unknown> = Promise.resolve();

  private constructor(
    parts: { disk: Disk; scheduler: Scheduler; faults: Faults; life: Life; skipsSync: boolean },
    tip: ChainTip,
    records: SealedRecord[],
  ) {
    this.#disk = parts.disk;
    this.#scheduler = parts.scheduler;
    this.#faults = parts.faults;
    this.#life = parts.life;
    this.#skipsSync = parts.skipsSync;
    this.#tip = tip;
    this.#records = records;
  }

  static async open(parts: {
    disk: Disk;
    scheduler: Scheduler;
    faults: Faults;
    life: Life;
    skipsSync: boolean;
    opensUnsynced: boolean;
  }): Promise<DiskLog> {
    const { disk, faults, life } = parts;
    return faults.around("log open", life, () => {
      const records: SealedRecord[] = [];
      const report = verifyLines(disk.file, {
        sha256: NATIVE_SHA256,
        onRecord: (sequence, bytes, start, end) => {
          const hash = Buffer.from(Buffer.from(bytes.subarray(start + 9, start + 73)).toString(), "hex");
          records.push({ sequence, record: bytes.slice(start + RECORD_AT, end - 1), hash });
        },
      });
      if (report.fault !== null && report.fault.code !== "line_torn")
        throw new Error(`the log cannot be opened: ${report.fault.code} ${report.fault.message}`);
      disk.cut(report.end);
      // What stands in the file counts from now on, so it must stay.
      if (!parts.opensUnsynced) disk.sync();
      return new DiskLog(parts, report.tip!, records);
    });
  }

  async tip(): Promise<ChainTip> {
    return this.#tip;
  }

  append(expected: ChainTip, records: readonly SealedRecord[]): Promise<AppendResult> {
    const appended = this.#work.then(() => this.#append(expected, records));
    this.#work = appended.catch(() => {});
    return appended;
  }

  async #append(expected: ChainTip, records: readonly SealedRecord[]): Promise<AppendResult> {
    if (this.#broken !== null) throw this.#broken;
    const next = checkRecords(expected, records);
    if (!sameTip(expected, this.#tip)) return { ok: false, tip: this.#tip };
    const bytes = Buffer.concat(records.map(({ hash, record }) => formatLine(hash, record)));
    try {
      await this.#write(bytes);
    } catch (error) {
      this.#broken = error as Error;
      throw error;
    }
    this.#tip = next;
    this.#records.push(...records);
    return { ok: true };
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const at = this.#disk.size;
    await this.#step("log write", (part) =>
      this.#disk.write(at, bytes.subarray(0, Math.floor(part * bytes.length))),
    );
    if (this.#skipsSync) return;
    await this.#step("log sync", (part) => {
      if (part === 1) this.#disk.sync();
    });
  }

  /** @param effect of a part of the work, 1 for all of it. */
  async #step(name: string, effect: (part: number) => void): Promise<void> {
    const fault = this.#faults.draw(name);
    await this.#scheduler.wait(`${name} begins`, this.#life);
    if (fault === "fails") {
      effect(this.#faults.part());
      throw new PortFailure(`${name} fails`);
    }
    if (fault === "times out") await this.#scheduler.wait(`${name} comes late`, this.#life, true);
    effect(1);
    const answersLate = fault === "times out but took effect";
    await this.#scheduler.wait(`${name} answers`, this.#life, answersLate);
    if (fault === "fails but took effect") throw new PortFailure(`${name} fails, but took effect`);
  }

  async *read(from: number): AsyncIterable<SealedRecord> {
    const end = this.#tip.sequence;
    const records = this.#records;
    await this.#faults.around("log read", this.#life, () => {});
    for (let index = from; index < end; index++) yield records[index]!;
  }

  async close(): Promise<void> {
    await this.#work;
    this.#broken ??= new Error("the log is closed");
  }
}

/** The table, each operation at a moment of the scheduler. */
export class DiskStore implements StateStore {
  readonly #disk: Disk;
  readonly #faults: Faults;
  readonly #life: Life;
  readonly #onCommit: () => void;

  constructor(disk: Disk, faults: Faults, life: Life, onCommit: () => void) {
    this.#disk = disk;
    this.#faults = faults;
    this.#life = life;
    this.#onCommit = onCommit;
  }

  get #state(): MemoryState {
    return new MemoryState(this.#disk.store);
  }

  async read(keys: readonly string[]): Promise<(StateEntry | null)[]> {
    return await this.#faults.around("store read", this.#life, () => this.#state.read(keys));
  }

  async commit(writes: readonly StateWrite[]): Promise<CommitResult> {
    return await this.#faults.around("store commit", this.#life, async () => {
      const result = await this.#state.commit(writes);
      this.#onCommit();
      return result;
    });
  }

  async list(prefix: string, after: string | null, limit: number): Promise<string[]> {
    return await this.#faults.around("store list", this.#life, () => this.#state.list(prefix, after, limit));
  }

  async close(): Promise<void> {}
}
