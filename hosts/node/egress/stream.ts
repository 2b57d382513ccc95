/** A socket as bytes that are asked for: what is not asked for stays with the sender. */
import type { Duplex } from "node:stream";

/** The other side went away, or was too slow: nothing can be said to it any more. */
export class Gone extends Error {}

type Waiter = () => void;

/** One reader at a time. */
export class ByteStream {
  readonly socket: Duplex;
  #pending: Uint8Array | null = null;
  #ended = false;
  #wake: Waiter | null = null;

  constructor(socket: Duplex) {
    this.socket = socket;
    const wake = (): void => this.#wake?.();
    const end = (): void => {
      this.#ended = true;
      wake();
    };
    const readable = (): void => {
      // At the end of what came, which is told only to who reads on.
      if (this.#wake === null && socket.readableLength === 0) socket.read();
      wake();
    };
    socket.on("readable", readable);
    socket.on("close", wake);
    socket.on("end", end);
    // Without a listener it would end the process; `close` follows.
    socket.on("error", () => {});
  }

  /** What has come and was not taken. */
  get pending(): Uint8Array {
    return this.#pending ?? EMPTY;
  }

  /** Whether the other side can send no more, and all that it sent was taken. */
  get isOver(): boolean {
    return this.#ended || this.socket.destroyed;
  }

  /** Adds what is there to `pending`, without waiting. @returns whether there is something, or will never be. */
  fill(): boolean {
    const chunk: Uint8Array | null = this.socket.read();
    if (chunk !== null) this.#pending = join(this.pending, chunk);
    return this.#pending !== null || this.isOver;
  }

  /** Waits until one of both has bytes or is over. */
  static async either(one: ByteStream, other: ByteStream): Promise<void> {
    while (!one.fill() && !other.fill()) {
      await new Promise<void>((resolve) => {
        one.#wake = other.#wake = () => {
          one.#wake = other.#wake = null;
          resolve();
        };
      });
    }
  }

  /** Takes the first bytes of `pending`. */
  take(length: number): Uint8Array {
    const { pending } = this;
    this.#pending = length === pending.length ? null : pending.subarray(length);
    return pending.subarray(0, length);
  }

  /** Puts bytes in front of what comes. */
  unshift(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#pending = join(bytes, this.pending);
  }

  /**
   * Waits for bytes and adds them to `pending`. False: the other side sends no more. Null: none came in time.
   * Rejects with Gone when the connection broke.
   */
  async more(waitMs?: number): Promise<boolean | null> {
    const chunk = await this.#read(waitMs);
    if (!(chunk instanceof Uint8Array)) return chunk;
    this.#pending = join(this.pending, chunk);
    return true;
  }

  /** All that is there, or else the next bytes. Null: the other side sends no more. */
  async next(): Promise<Uint8Array | null> {
    if (this.#pending !== null) return this.take(this.#pending.length);
    const chunk = await this.#read();
    return chunk instanceof Uint8Array ? chunk : null;
  }

  async #read(waitMs?: number): Promise<Uint8Array | false | null> {
    const endMs = waitMs === undefined ? null : performance.now() + waitMs;
    for (;;) {
      const chunk: Uint8Array | null = this.socket.read();
      if (chunk !== null) return chunk;
      if (this.#ended) return false;
      if (this.socket.destroyed) throw new Gone("the connection broke");
      const leftMs = endMs === null ? null : endMs - performance.now();
      if (leftMs !== null && leftMs <= 0) return null;
      await this.#wait(leftMs);
    }
  }

  #wait(limitMs: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = limitMs === null ? null : setTimeout(() => this.#wake?.(), limitMs);
      this.#wake = () => {
        this.#wake = null;
        if (timer !== null) clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Resolves when the bytes are on their way and more may follow. Rejects with Gone when the connection broke. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    const { socket } = this;
    if (socket.destroyed || socket.writableEnded) throw new Gone("the connection broke");
    return socket.write(bytes) ? undefined : drained(socket);
  }

  /** Nothing more is sent; what was is delivered. */
  end(): void {
    if (!this.socket.destroyed && !this.socket.writableEnded) this.socket.end();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

const EMPTY = new Uint8Array(0);

function join(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  return second.length === 0 ? first : Buffer.concat([first, second]);
}

function drained(socket: Duplex): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off("drain", settle);
      socket.off("close", settle);
      if (socket.destroyed) reject(new Gone("the connection broke"));
      else resolve();
    };
    socket.on("drain", settle);
    socket.on("close", settle);
  });
}
