import type { AppendResult, ChainTip, RecordLog, SealedRecord } from "../../../control/ports.ts";
import type { Lock } from "../lock.ts";
import { encodeBatch } from "./batch.ts";
import { LogFailure } from "./failure.ts";
import { readRecords } from "./reader.ts";
import { SegmentWriter } from "./writer.ts";

export const DEFAULT_SEGMENT_BYTES = 67_108_864;
/** A buffer up to this size is kept for the next batch. */
const MAX_ROOM_BYTES = 4_194_304;

export interface LogParts {
  folder: string;
  lock: Lock;
  writer: SegmentWriter;
  tip: ChainTip;
  segmentBytes: number;
}

function copyTip({ sequence, previous }: ChainTip): ChainTip {
  return { sequence, previous: new Uint8Array(previous) };
}

function sameTip(left: ChainTip, right: ChainTip): boolean {
  if (left.sequence !== right.sequence) return false;
  return Buffer.compare(left.previous, right.previous) === 0;
}

/**
 * The record log of this host, a folder of segments. Appends take effect in the order of the calls; one may be handed in while
 * another is being written, with the tip behind that one as its `expected`. What fails rejects with LogFailure.
 */
export class SegmentedLog implements RecordLog {
  readonly folder: string;
  readonly #lock: Lock;
  readonly #segmentBytes: number;
  #writer: SegmentWriter;
  /** Behind the last durable record. */
  #tip: ChainTip;
  /** Behind the last record that was handed in. */
  #submitted: ChainTip;
  /** Appends and changes of segment under way, one after the other; null when there are none. */
  #work: Promise<void> | null = null;
  /** Why nothing can be appended any more. */
  #broken: LogFailure | null = null;
  /** Where the next batch is laid out; null while it is being written. */
  #room: Buffer | null = null;

  /** For `openLog`. */
  constructor({ folder, lock, writer, tip, segmentBytes }: LogParts) {
    this.folder = folder;
    this.#lock = lock;
    this.#writer = writer;
    this.#tip = copyTip(tip);
    this.#submitted = this.#tip;
    this.#segmentBytes = segmentBytes;
  }

  async tip(): Promise<ChainTip> {
    return copyTip(this.#tip);
  }

  async append(expected: ChainTip, records: readonly SealedRecord[]): Promise<AppendResult> {
    if (this.#broken !== null) throw this.#broken;
    if (!sameTip(expected, this.#submitted)) {
      await this.#work;
      if (this.#broken !== null) throw this.#broken;
      return { ok: false, tip: copyTip(this.#tip) };
    }
    const { bytes, tip } = encodeBatch(this.#submitted, records, this.#room);
    if (records.length === 0) return { ok: true };
    this.#submitted = tip;
    const full = this.#writer.bytes > 0 && this.#writer.bytes + bytes.length > this.#segmentBytes;
    if (this.#work === null && !full && !this.#writer.isSlow(bytes.length)) this.#writeNow(bytes, tip);
    else await this.#writeLater(bytes, tip);
    return { ok: true };
  }

  read(from: number): AsyncIterable<SealedRecord> {
    return readRecords(this.folder, { from, to: this.#tip.sequence });
  }

  /** Begins a new segment, unless the present one is still empty. */
  async roll(): Promise<void> {
    await this.#queue(() => this.#roll());
  }

  /** Waits for appends under way, then lets go of the folder. Later appends are refused with `log_closed`. */
  async close(): Promise<void> {
    while (this.#work !== null) await this.#work;
    if (this.#broken?.code === "log_closed") return;
    this.#broken = new LogFailure("log_closed", this.folder);
    this.#writer.close();
    await this.#lock.release();
  }

  #writeNow(bytes: Buffer, tip: ChainTip): void {
    try {
      this.#writer.writeNow(bytes);
    } catch (error) {
      throw this.#break(error);
    }
    this.#tip = tip;
    this.#keepRoom(bytes);
  }

  async #writeLater(bytes: Buffer, tip: ChainTip): Promise<void> {
    // The buffer is being written from now on.
    this.#room = null;
    await this.#queue(async () => {
      if (this.#writer.bytes > 0 && this.#writer.bytes + bytes.length > this.#segmentBytes)
        await this.#roll();
      await this.#writer.write(bytes);
      this.#tip = tip;
      this.#keepRoom(bytes);
    });
  }

  /** Runs `step` behind all that is under way; after a failure nothing runs any more. */
  async #queue(step: () => Promise<void>): Promise<void> {
    const before = this.#work;
    const run = async (): Promise<void> => {
      await before;
      if (this.#broken !== null) return;
      try {
        await step();
      } catch (error) {
        this.#break(error);
      }
    };
    const work = run();
    this.#work = work;
    await work;
    if (this.#work === work) this.#work = null;
    if (this.#broken !== null) throw this.#broken;
  }

  async #roll(): Promise<void> {
    if (this.#writer.bytes === 0) return;
    const next = await SegmentWriter.create(this.folder, this.#tip.sequence);
    this.#writer.close();
    this.#writer = next;
  }

  #keepRoom(bytes: Buffer): void {
    if (bytes.buffer.byteLength <= MAX_ROOM_BYTES) this.#room = Buffer.from(bytes.buffer as ArrayBuffer);
  }

  /** After a failed write nobody can tell what reached the disk: only opening anew, which verifies, may go on. */
  #break(error: unknown): LogFailure {
    this.#broken ??= error instanceof LogFailure ? error : new LogFailure("log_unwritable", String(error));
    return this.#broken;
  }
}
