/** The append-only record log of this host: one line per record, made durable before anybody sees its verdict. */
import { createReadStream } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { type ChainTip, checkLine, formatLine, genesis, MAX_LINE_BYTES } from "../../control/audit/line.ts";
import { type KnownHead, type LogReport, LogVerifier } from "../../control/audit/verify.ts";
import { errorText, syncFolder, writeAtomic } from "./files.ts";
import { acquireLock, type Lock } from "./lock.ts";
import { type HostRefusal, refusal } from "./refusals.ts";

/** A record as the core gives it. */
export interface Recorded {
  record: Uint8Array;
  hash: Uint8Array;
}

export type AppendResult<Made extends Recorded> = { ok: true; made: Made } | HostRefusal;

interface Waiting {
  /** Makes the record for this tip; returns its line and the tip after it, or null when the caller was answered already. */
  prepare(tip: ChainTip): { line: Uint8Array; tip: ChainTip } | null;
  settle(failure: HostRefusal | null): void;
}

const MAX_BATCH = 256;
const TAIL_BYTES = 65_536;

export class RecordLog {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #lock: Lock;
  #tip: ChainTip;
  #bytes: number;
  #waiting: Waiting[] = [];
  #drained: Promise<void> | null = null;
  /** Why nothing can be appended any more. */
  #broken: HostRefusal | null = null;

  constructor(path: string, handle: FileHandle, lock: Lock, tip: ChainTip, bytes: number) {
    this.path = path;
    this.#handle = handle;
    this.#lock = lock;
    this.#tip = tip;
    this.#bytes = bytes;
  }

  /** Where the chain goes on behind the last durable record. */
  get tip(): ChainTip {
    return { sequence: this.#tip.sequence, previous: this.#tip.previous.slice() };
  }

  /**
   * Calls `make` with the tip at which its record will stand, writes the record and answers when it is durable. Calls
   * that wait for the disk share one write and one fsync. On failure nothing counts as recorded and the tip stays.
   */
  append<Made extends Recorded>(make: (tip: ChainTip) => Made): Promise<AppendResult<Made>> {
    return new Promise((resolve, reject) => {
      let made: Made;
      const prepare = (tip: ChainTip) => {
        try {
          made = make({ sequence: tip.sequence, previous: tip.previous.slice() });
          const line = formatLine(made.hash, made.record);
          const checked = checkLine(line.subarray(0, -1), tip);
          if (checked.ok) return { line, tip: checked.tip };
          resolve(refusal("record_refused", `${checked.fault.message} (${checked.fault.code})`));
        } catch (error) {
          reject(error);
        }
        return null;
      };
      this.#waiting.push({ prepare, settle: (failure) => resolve(failure ?? { ok: true, made }) });
      this.#drained ??= this.#drain();
    });
  }

  /** Waits for appends under way, then lets go of the file and the lock. Later appends are refused. */
  async close(): Promise<void> {
    while (this.#drained !== null) await this.#drained;
    if (this.#broken?.code === "log_closed") return;
    this.#broken = refusal("log_closed", this.path);
    await this.#handle.close();
    await this.#lock.release();
  }

  async #drain(): Promise<void> {
    // The first caller's promise is returned before anything runs, so that calls of the same turn share a batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) await this.#appendBatch(this.#waiting.splice(0, MAX_BATCH));
    this.#drained = null;
  }

  async #appendBatch(batch: Waiting[]): Promise<void> {
    const broken = this.#broken;
    if (broken !== null) {
      for (const one of batch) one.settle(broken);
      return;
    }
    let tip = this.#tip;
    const lines: Uint8Array[] = [];
    const written: Waiting[] = [];
    for (const one of batch) {
      const prepared = one.prepare(tip);
      if (prepared === null) continue;
      tip = prepared.tip;
      lines.push(prepared.line);
      written.push(one);
    }
    const bytes = Buffer.concat(lines);
    const failure = bytes.length === 0 ? null : await this.#write(bytes);
    if (failure === null) this.#tip = tip;
    for (const one of written) one.settle(failure);
  }

  /** Appends and makes durable. A failed write is taken back; when that or an fsync fails, the log is closed to appends. */
  async #write(bytes: Uint8Array): Promise<HostRefusal | null> {
    try {
      const [held, named] = await Promise.all([this.#handle.stat(), stat(this.path)]);
      if (held.size !== this.#bytes || held.ino !== named.ino || held.dev !== named.dev) {
        this.#broken = refusal("log_changed", this.path);
        return this.#broken;
      }
    } catch (error) {
      this.#broken = refusal("log_unwritable", errorText(error));
      return this.#broken;
    }
    try {
      await this.#handle.appendFile(bytes);
    } catch (error) {
      const failure = refusal("log_unwritable", errorText(error));
      await this.#handle.truncate(this.#bytes).catch(() => {
        this.#broken = failure;
      });
      return failure;
    }
    try {
      await this.#handle.sync();
    } catch (error) {
      // After a failed fsync nobody can tell what reached the disk: only opening anew, which verifies, may go on.
      this.#broken = refusal("log_unwritable", errorText(error));
      return this.#broken;
    }
    this.#bytes += bytes.length;
    return null;
  }
}

/** The tip of the log, from the lines that end in its last 64 KiB (more when a line is longer), all of which must verify. */
async function readTail(handle: FileHandle, size: number): Promise<LogReport> {
  for (let window = TAIL_BYTES; ; window *= 2) {
    const start = Math.max(0, size - window);
    const bytes = Buffer.alloc(size - start);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, start + at);
      if (bytesRead === 0) throw new Error("the log became shorter while it was read");
      at += bytesRead;
    }
    // From the middle of the log, whole lines begin behind the first line break.
    const skip = start === 0 ? 0 : bytes.indexOf(0x0a) + 1;
    const enough = start === 0 || (skip > 0 && skip < bytes.length);
    if (!enough && window <= 2 * MAX_LINE_BYTES) continue;
    const from = start === 0 ? genesis() : null;
    const verifier = new LogVerifier({ start: from, offset: start + skip });
    verifier.push(bytes.subarray(skip));
    return verifier.finish();
  }
}

/** Runs `work` on the locked, open file; unless it hands both on, they are let go of again. */
async function withLog<Result extends { ok: true }>(
  path: string,
  work: (handle: FileHandle, lock: Lock, size: number, tail: LogReport) => Promise<Result | HostRefusal>,
): Promise<Result | HostRefusal> {
  let lock: Lock | null = null;
  let handle: FileHandle | null = null;
  let result: Result | HostRefusal;
  try {
    const acquired = await acquireLock(`${path}.lock`);
    if (!acquired.ok) return refusal("log_locked", `${path}.lock, by ${acquired.holder}`);
    lock = acquired.lock;
    handle = await open(path, "a+", 0o644);
    const status = await handle.stat();
    if (!status.isFile()) throw new Error(`${path} is not a regular file`);
    result = await work(handle, lock, status.size, await readTail(handle, status.size));
  } catch (error) {
    result = refusal("log_unwritable", errorText(error));
  }
  if (!result.ok) {
    await handle?.close();
    await lock?.release();
  }
  return result;
}

/**
 * Opens or creates a log for appending, exclusively: a second opener is refused, so the chain cannot fork. Refused with
 * `log_locked`, `log_bad_tail` (the last lines do not verify, or the last one is torn), `log_unwritable`.
 */
export function openLog(path: string): Promise<{ ok: true; log: RecordLog } | HostRefusal> {
  return withLog(path, async (handle, lock, size, { fault, tip }) => {
    await syncFolder(dirname(path));
    if (fault !== null) {
      return refusal("log_bad_tail", `${path}, byte ${fault.offset}: ${fault.message}`, fault.help);
    }
    return { ok: true, log: new RecordLog(path, handle, lock, tip ?? genesis(), size) };
  });
}

/**
 * Repairs a log whose last write was interrupted: keeps the torn bytes in `PATH.torn-OFFSET` and cuts them off. Its decision
 * was never given out. Any other fault at the end is refused with `log_bad_tail` and nothing is touched.
 * @returns how many bytes were cut, 0 when the last line is whole.
 */
export function cutTornLine(path: string): Promise<{ ok: true; cutBytes: number } | HostRefusal> {
  return withLog(path, async (handle, lock, size, { fault, end }) => {
    if (fault !== null && fault.code !== "line_torn") {
      return refusal("log_bad_tail", `${path}, byte ${fault.offset}: ${fault.message}`, fault.help);
    }
    if (fault !== null) {
      const torn = Buffer.alloc(size - end);
      await handle.read(torn, 0, torn.length, end);
      await writeAtomic(`${path}.torn-${end}`, torn);
      await handle.truncate(end);
      await handle.sync();
    }
    await handle.close();
    await lock.release();
    return { ok: true, cutBytes: size - end };
  });
}

/** Verifies a whole log as a stream, from its first record. A file that cannot be read is a refusal, a fault is in the report. */
export async function verifyLog(
  path: string,
  options: { head?: KnownHead | null } = {},
): Promise<{ ok: true; report: LogReport } | HostRefusal> {
  const verifier = new LogVerifier({ head: options.head ?? null });
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      if (!verifier.push(chunk as Buffer)) break;
    }
  } catch (error) {
    return refusal("file_unreadable", errorText(error));
  }
  return { ok: true, report: verifier.finish() };
}
