import {
  closeSync,
  constants,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  openSync,
  statSync,
  write,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { errorText, syncFolder } from "../files.ts";
import { LogFailure } from "./failure.ts";
import { type Segment, segmentAt } from "./segments.ts";

/**
 * With O_DSYNC a write returns when bytes and size are on the disk: one call for what write and fdatasync are, 41 against 43 µs
 * for one record, 86 against 107 µs for 64 (figures: docs/operations/evidence.md). Elsewhere the two calls are made.
 */
const DATA_SYNC = process.platform === "linux" ? constants.O_DSYNC : 0;
/** A disk that takes longer is waited for on a thread of its own, so that it does not hold up everything else. */
const SLOW_MS = 1;
/** So many bytes too: while they are written, the records of the next batch are made. Fewer are written sooner than handed over. */
const LARGE_BYTES = 8_192;
/** Of the running mean of write times: each write counts for an eighth. */
const WEIGHT = 0.125;

const writeAsync = promisify(write);
const syncAsync = promisify(fdatasync);

function openSegment(path: string, flags: number): number {
  return openSync(path, flags | constants.O_WRONLY | DATA_SYNC, 0o600);
}

/** The file that is appended to. One write at a time; the caller sees to that. */
export class SegmentWriter {
  #segment: Segment;
  #descriptor: number;
  /** Durable bytes. */
  #bytes: number;
  #meanMs = 0;

  /** @param bytes what stands in the segment already. */
  constructor(segment: Segment, bytes: number) {
    this.#segment = segment;
    this.#bytes = bytes;
    this.#descriptor = openSegment(segment.path, 0);
  }

  /** Makes a segment that must not exist yet; its name is durable when this resolves. */
  static async create(folder: string, first: number): Promise<SegmentWriter> {
    const segment = segmentAt(folder, first);
    closeSync(openSegment(segment.path, constants.O_CREAT | constants.O_EXCL));
    await syncFolder(dirname(segment.path));
    return new SegmentWriter(segment, 0);
  }

  get segment(): Segment {
    return this.#segment;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether so many bytes are better waited for on a thread of their own. */
  isSlow(bytes: number): boolean {
    return bytes >= LARGE_BYTES || this.#meanMs > SLOW_MS;
  }

  /** Durable when it returns. @throws LogFailure; then nobody can tell what reached the disk. */
  writeNow(bytes: Uint8Array): void {
    this.#checkFile();
    const start = performance.now();
    try {
      for (let at = 0; at < bytes.length; ) {
        at += writeSync(this.#descriptor, bytes, at, bytes.length - at, this.#bytes + at);
      }
      if (DATA_SYNC === 0) fdatasyncSync(this.#descriptor);
    } catch (error) {
      throw new LogFailure("log_unwritable", errorText(error));
    }
    this.#written(bytes.length, start);
  }

  /** The same on a thread of the runtime's pool; `bytes` belongs to the writer until then. */
  async write(bytes: Uint8Array): Promise<void> {
    this.#checkFile();
    const start = performance.now();
    try {
      for (let at = 0; at < bytes.length; ) {
        at += (await writeAsync(this.#descriptor, bytes, at, bytes.length - at, this.#bytes + at))
          .bytesWritten;
      }
      if (DATA_SYNC === 0) await syncAsync(this.#descriptor);
    } catch (error) {
      throw new LogFailure("log_unwritable", errorText(error));
    }
    this.#written(bytes.length, start);
  }

  close(): void {
    closeSync(this.#descriptor);
  }

  #written(count: number, start: number): void {
    this.#bytes += count;
    this.#meanMs += (performance.now() - start - this.#meanMs) * WEIGHT;
  }

  /** Somebody else who writes, cuts or replaces the file would make acknowledged records disappear. */
  #checkFile(): void {
    let changed: boolean;
    try {
      const held = fstatSync(this.#descriptor);
      const named = statSync(this.#segment.path);
      changed = held.size !== this.#bytes || held.ino !== named.ino || held.dev !== named.dev;
    } catch (error) {
      throw new LogFailure("log_unwritable", errorText(error));
    }
    if (changed) throw new LogFailure("log_changed", this.#segment.path);
  }
}
