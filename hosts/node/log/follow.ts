/** Reads a log as it grows, without holding it. */
import { existsSync } from "node:fs";
import { LogVerifier } from "../../../control/audit/verify.ts";
import type { SealedRecord } from "../../../control/ports.ts";
import { LogFailure } from "./failure.ts";
import { sealedAt } from "./reader.ts";
import { keptSegments, readAt, type Segment, segmentOf, withFile } from "./segments.ts";
import { NATIVE_SHA256 } from "./sha256.ts";

const CHUNK_BYTES = 1_048_576;

export class LogFollower {
  readonly #folder: string;
  #next: number;
  #segment: Segment | null = null;
  #verifier: LogVerifier | null = null;
  #offset = 0;
  #found: SealedRecord[] = [];

  /** @param from sequence of the first record that is wanted. */
  constructor(folder: string, from: number) {
    this.#folder = folder;
    this.#next = from;
  }

  /** Records that have come since the last call. @throws LogFailure where the chain does not hold, or the file system's error. */
  poll(): SealedRecord[] {
    this.#found = [];
    for (;;) {
      const next = this.#following();
      if (this.#segment === null || this.#verifier === null) {
        if (next === null) return [];
        this.#begin(next);
        continue;
      }
      // Looked for before the rest is read: a segment that has a successor does not grow any more.
      this.#readOn(this.#segment, this.#verifier);
      if (next === null) return this.#found;
      this.#check(this.#verifier);
      this.#begin(next);
    }
  }

  #begin(segment: Segment): void {
    this.#segment = segment;
    this.#offset = 0;
    this.#verifier = new LogVerifier({
      start: null,
      sha256: NATIVE_SHA256,
      onRecord: (sequence, bytes, start, end) => {
        if (sequence < this.#next) return;
        this.#found.push(sealedAt(sequence, bytes, start, end));
        this.#next = sequence + 1;
      },
    });
  }

  /** The segment to read after the present one, if it is there yet. */
  #following(): Segment | null {
    const { segments } = keptSegments(this.#folder);
    if (this.#segment === null) return segments[Math.max(0, segmentOf(segments, this.#next))] ?? null;
    const { first } = this.#segment;
    return segments.find((segment) => segment.first > first) ?? null;
  }

  #readOn({ path }: Segment, verifier: LogVerifier): void {
    if (!existsSync(path)) return;
    withFile(path, "r", (descriptor, size) => {
      const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(1, size - this.#offset)));
      while (this.#offset < size) {
        const count = readAt(descriptor, buffer, this.#offset);
        if (count === 0) return;
        this.#offset += count;
        if (!verifier.push(buffer.subarray(0, count))) this.#check(verifier);
      }
    });
  }

  #check(verifier: LogVerifier): void {
    const { fault } = verifier.finish();
    if (fault === null) return;
    const place = `${this.#segment!.path}:${fault.line}`;
    throw new LogFailure("log_damaged", `${place}: ${fault.message} (${fault.code})`, fault.help);
  }
}

/** Sequence behind the last whole line of a log; reads the last segment alone. @throws LogFailure, or the file system's error. */
export function endOf(folder: string): number {
  const { segments, start } = keptSegments(folder);
  const last = segments.at(-1);
  if (last === undefined) return start.sequence;
  return (new LogFollower(folder, last.first).poll().at(-1)?.sequence ?? last.first - 1) + 1;
}

/** Sequence of the first record that is kept. @throws LogFailure, or the file system's error. */
export function keptFrom(folder: string): number {
  return keptSegments(folder).start.sequence;
}
