/** The checkpoints of a folder that this process holds, made in a thread of their own and begun again when it fails. */
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { parseCheckpoints, type SignedCheckpoint } from "../../../control/audit/checkpoint.ts";
import { errorText } from "../files.ts";
import { releaseOwn } from "../lock.ts";
import { NOTARY_LOCK } from "../log/notary.ts";
import type { CheckpointOptions } from "../log/timer.ts";
import { type HostRefusal, refusal } from "../refusals.ts";
import type { Every, FromThread, ThreadData, ToThread } from "./messages.ts";

/** What the build makes of worker.ts. */
const WORKER = new URL("../dist/checkpoints.mjs", import.meta.url);
/** A command that makes a checkpoint holds the notary's lock for a moment. */
const LOCKED_MS = 5_000;
const LOCKED_STEP_MS = 100;
/** Before a thread that failed is followed by another. */
const RESTART_MS = 2_000;
/** For the last checkpoint, when the control plane is closed. */
const STOP_MS = 60_000;

export interface ThreadOptions extends Pick<CheckpointOptions, "key" | "origin" | "onCheckpoint"> {
  /** Told of every failure: a checkpoint that could not be made, a thread that ended. Decisions go on, and it is tried again. */
  readonly onFailure?: ((failure: Error) => void) | undefined;
  /** Another program for the thread, for tests. */
  readonly worker?: URL;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export class CheckpointThread {
  readonly #folder: string;
  readonly #options: ThreadOptions;
  #every: Every;
  #worker: Worker | null = null;
  #restarting: Promise<void> | null = null;
  #ended: Promise<void> = Promise.resolve();
  #closing: Promise<void> | null = null;
  /** Ends the wait before a restart. */
  #wake = (): void => {};
  /** The newest one. */
  latest: SignedCheckpoint | null = null;
  /** Why there is none since; null again with the next one that is made. */
  failure: Error | null = null;

  /** For `startThread`. */
  constructor(folder: string, options: ThreadOptions, every: Every) {
    this.#folder = folder;
    this.#options = options;
    this.#every = every;
  }

  /** From now on. */
  every(every: Every): void {
    this.#every = every;
    this.#tell({ type: "every", ...every });
  }

  /** Waits while another notary has the lock, for a short time. @returns why there is no thread, or null. */
  async start(): Promise<HostRefusal | null> {
    const until = performance.now() + LOCKED_MS;
    for (;;) {
      const refused = await this.#begin();
      if (refused === null || refused.code !== "log_locked" || performance.now() > until) return refused;
      await pause(LOCKED_STEP_MS);
    }
  }

  /** After a last checkpoint. Resolves in any case. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#wake();
    await this.#restarting;
    const worker = this.#worker;
    if (worker === null) return;
    worker.ref();
    const exited = new Promise((resolve) => worker.once("exit", resolve));
    this.#tell({ type: "stop" });
    const timer = setTimeout(() => void worker.terminate(), STOP_MS);
    await exited;
    clearTimeout(timer);
    await this.#ended;
  }

  #tell(message: ToThread): void {
    this.#worker?.postMessage(message);
  }

  /** Resolves when the thread has its lock, or says why not. */
  #begin(): Promise<HostRefusal | null> {
    const { key, origin = key.name, worker: program = WORKER } = this.#options;
    const workerData: ThreadData = { folder: this.#folder, key, origin, ...this.#every };
    return new Promise((resolve) => {
      let isOpen = false;
      let isStopped = false;
      let cause: unknown = null;
      let refused: HostRefusal | null = null;
      let worker: Worker;
      try {
        worker = new Worker(program, { workerData });
      } catch (error) {
        resolve(refusal("checkpoint_refused", `the thread that makes them: ${errorText(error)}`));
        return;
      }
      worker.on("message", (message: FromThread) => {
        if (message.type === "refused") refused = message.refusal;
        else if (message.type === "stopped") isStopped = true;
        else if (message.type === "open") {
          isOpen = true;
          this.#worker = worker;
          worker.unref();
          this.#noted(message.note, false);
          resolve(null);
        } else if (message.type === "made") this.#noted(message.note, true);
        else this.#fail(new Error(message.message));
      });
      worker.on("error", (error) => {
        cause = error;
      });
      worker.on("exit", () => {
        const text = cause === null ? "it ended" : errorText(cause);
        if (isOpen) this.#ended = this.#exited(isStopped, text);
        else resolve(refused ?? refusal("checkpoint_refused", `the thread that makes them: ${text}`));
      });
    });
  }

  #noted(note: string | null, isNew: boolean): void {
    const checkpoint = note === null ? null : (parseCheckpoints(`${note}\n`).checkpoints.at(-1) ?? null);
    if (checkpoint === null) return;
    this.latest = checkpoint;
    if (!isNew) return;
    this.failure = null;
    try {
      this.#options.onCheckpoint?.(checkpoint);
    } catch (error) {
      this.#fail(new Error(errorText(error)));
    }
  }

  #fail(failure: Error): void {
    this.failure = failure;
    this.#options.onFailure?.(failure);
  }

  async #exited(isStopped: boolean, text: string): Promise<void> {
    this.#worker = null;
    if (isStopped) return;
    // The lock names this process, which goes on: nobody would take it for stale.
    await releaseOwn(join(this.#folder, NOTARY_LOCK)).catch(() => {});
    this.#fail(new Error(`the thread that makes checkpoints failed: ${text}`));
    if (this.#closing === null) this.#restarting ??= this.#restart();
  }

  /** What is only to be begun again is no reason to keep the process. */
  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RESTART_MS);
      timer.unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #restart(): Promise<void> {
    for (;;) {
      await this.#rest();
      if (this.#closing !== null) break;
      const refused = await this.#begin();
      if (refused === null) break;
      this.#fail(new Error(refused.message));
    }
    this.#restarting = null;
  }
}

/** Refused as `openNotary`; `log_locked` when another notary has the log for longer than a moment. */
export async function startThread(
  folder: string,
  options: ThreadOptions,
  every: Every,
): Promise<{ ok: true; thread: CheckpointThread } | HostRefusal> {
  const thread = new CheckpointThread(folder, options, every);
  const refused = await thread.start();
  return refused ?? { ok: true, thread };
}
