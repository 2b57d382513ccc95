import type { Sha256 } from "./hash.ts";
import { ChainChecker, type ChainTip, genesis, type LineFault, MAX_LINE_BYTES } from "./line.ts";

/** A record that is known to be in the log, from an earlier verification or a checkpoint. */
export interface KnownHead {
  sequence: number;
  /** 64 lower-case hexadecimal digits. */
  hash: string;
}

export interface LogFault extends LineFault {
  /** Counted from 1. */
  line: number;
  /** Byte offset of the line's start. */
  offset: number;
}

export interface LogReport {
  /** Records that verified, before the fault if there is one. */
  records: number;
  /** Where the chain goes on after them; null when nothing was read and no start was given. */
  tip: ChainTip | null;
  /** Byte offset behind the last record that verified. */
  end: number;
  /** The first fault, or null. */
  fault: LogFault | null;
}

export interface LogVerifierOptions {
  /** Where the chain must start; null takes it from the first record, for a log read from its middle. */
  start?: ChainTip | null;
  /** Byte offset of the first chunk. */
  offset?: number;
  /** Without it, records cut off at the end of a log leave no trace in what is left. */
  head?: KnownHead | null;
  /** The portable one when left out. */
  sha256?: Sha256;
  /** Told of every record that verified; the line is without its line break, and only lent. */
  onRecord?: (sequence: number, bytes: Uint8Array, start: number, end: number) => void;
}

const LINE_BREAK = 0x0a;

/** Verifies a record log handed in as chunks of any size; holds one line at a time and stops at the first fault. */
export class LogVerifier {
  readonly #checker: ChainChecker;
  readonly #onRecord: LogVerifierOptions["onRecord"];
  #end: number;
  #records = 0;
  #fault: LogFault | null = null;
  readonly #head: KnownHead | null;
  #headSeen = false;
  /** The start of a line whose end has not come yet. */
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;

  constructor(options: LogVerifierOptions = {}) {
    const start = options.start === undefined ? genesis() : options.start;
    this.#checker = new ChainChecker(start, options.sha256 === undefined ? {} : { sha256: options.sha256 });
    this.#onRecord = options.onRecord;
    this.#end = options.offset ?? 0;
    this.#head = options.head ?? null;
  }

  /** @returns whether to go on: false once a fault is found. The chunk is not kept. */
  push(chunk: Uint8Array): boolean {
    let start = 0;
    while (this.#fault === null) {
      const lineBreak = chunk.indexOf(LINE_BREAK, start);
      const end = lineBreak < 0 ? chunk.length : lineBreak;
      if (this.#pendingBytes + end - start > MAX_LINE_BYTES) {
        const message = `the line is longer than ${MAX_LINE_BYTES} bytes`;
        this.#stop({
          code: "line_too_long",
          message,
          help: "this is not a record log, or it is damaged here",
        });
      } else if (lineBreak < 0) {
        this.#keep(chunk.subarray(start));
        break;
      } else {
        if (this.#pendingBytes === 0) this.#line(chunk, start, end);
        else {
          const line = this.#joined(chunk.subarray(start, end));
          this.#line(line, 0, line.length);
        }
        start = lineBreak + 1;
      }
    }
    return this.#fault === null;
  }

  /** Ends the log: a line without its line break, or a known record that was not met, is a fault. */
  finish(): LogReport {
    if (this.#fault === null && this.#pendingBytes > 0) {
      this.#stop({
        code: "line_torn",
        message: `the last line is torn: ${this.#pendingBytes} bytes without a line break`,
        help: `a write was interrupted, its decision was never given out; cut the file to ${this.#end} bytes`,
      });
    }
    if (this.#fault === null && this.#head !== null && !this.#headSeen) {
      this.#stop({
        code: "head_missing",
        message: `the log ends before the known record of sequence ${this.#head.sequence}`,
        help: "records were cut off at the end; compare the log with a copy",
      });
    }
    return { records: this.#records, tip: this.#checker.tip(), end: this.#end, fault: this.#fault };
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    // Not `slice`, which for a Buffer gives a view of the same memory.
    this.#pending.push(new Uint8Array(part));
    this.#pendingBytes += part.length;
  }

  #joined(last: Uint8Array): Uint8Array {
    const line = new Uint8Array(this.#pendingBytes + last.length);
    let at = 0;
    for (const part of [...this.#pending, last]) {
      line.set(part, at);
      at += part.length;
    }
    this.#pending = [];
    this.#pendingBytes = 0;
    return line;
  }

  #line(bytes: Uint8Array, start: number, end: number): void {
    const fault = this.#checker.check(bytes, start, end) ?? this.#headFault();
    if (fault !== null) {
      this.#stop(fault);
      return;
    }
    this.#end += end - start + 1;
    this.#records++;
    this.#onRecord?.(this.#checker.sequence! - 1, bytes, start, end);
  }

  #headFault(): LineFault | null {
    if (this.#head === null || this.#checker.sequence !== this.#head.sequence + 1) return null;
    this.#headSeen = true;
    if (this.#checker.previous === this.#head.hash) return null;
    const message = `the record of sequence ${this.#head.sequence} is not the known one`;
    return {
      code: "head_mismatch",
      message,
      help: "the log was written anew from some record on; compare it with a copy",
    };
  }

  #stop(fault: LineFault): void {
    this.#fault = { ...fault, line: this.#records + 1, offset: this.#end };
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}

/** Verifies a whole log that is in memory. */
export function verifyLines(log: Uint8Array, options: LogVerifierOptions = {}): LogReport {
  const verifier = new LogVerifier(options);
  verifier.push(log);
  return verifier.finish();
}
