/** One connection to the control socket: requests one after the other, each answered before the next is read. */
import type { Socket } from "node:net";
import { MAX_REQUEST_BYTES, RequestFault } from "./wire.ts";

/** From the end of one answer, or the connection's beginning, to the end of the next request. */
export const REQUEST_MS = 5_000;
/** For an answer to be taken. */
const ANSWER_MS = 5_000;
const NEWLINE = 10;

/** Answers a line with a line; never rejects. */
export type Respond = (line: Uint8Array) => Promise<string>;

export function refusalLine({ code, message }: RequestFault): string {
  return JSON.stringify({ ok: false, code, message });
}

export class Connection {
  readonly #socket: Socket;
  readonly #respond: Respond;
  #timer: NodeJS.Timeout | null = null;
  #isBusy = false;
  #isClosing = false;
  readonly ended: Promise<void>;

  constructor(socket: Socket, respond: Respond) {
    this.#socket = socket;
    this.#respond = respond;
    // Whoever waits for an answer is no reason to keep the process.
    socket.unref();
    socket.on("error", () => {});
    this.ended = this.#serve().finally(() => {
      this.#disarm();
      socket.destroy();
    });
  }

  /** After the answer that is under way, if any. */
  close(): Promise<void> {
    this.#isClosing = true;
    if (!this.#isBusy) this.#socket.destroy();
    return this.ended;
  }

  async #serve(): Promise<void> {
    const held: Buffer[] = [];
    let bytes = 0;
    this.#arm(REQUEST_MS);
    try {
      for await (const chunk of this.#socket as AsyncIterable<Buffer>) {
        let rest = chunk;
        for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
          const line = Buffer.concat([...held.splice(0), rest.subarray(0, end)]);
          rest = rest.subarray(end + 1);
          bytes = 0;
          if (!(await this.#answer(line))) return;
        }
        bytes += rest.length;
        if (bytes > MAX_REQUEST_BYTES) return await this.#tooLarge();
        if (rest.length > 0) held.push(rest);
      }
    } catch {
      // The other side has gone, or took too long: nobody is there to tell.
    }
  }

  /** @returns whether to go on. */
  async #answer(line: Buffer): Promise<boolean> {
    this.#disarm();
    if (line.length > MAX_REQUEST_BYTES) {
      await this.#tooLarge();
      return false;
    }
    this.#isBusy = true;
    await this.#write(await this.#respond(line));
    this.#isBusy = false;
    this.#arm(REQUEST_MS);
    return !this.#isClosing;
  }

  async #tooLarge(): Promise<void> {
    await this.#write(refusalLine(new RequestFault("request_too_large", "the connection is closed")));
  }

  async #write(line: string): Promise<void> {
    this.#arm(ANSWER_MS);
    // The callback of a write is called, with an error, when the socket is destroyed.
    await new Promise<void>((resolve, reject) => {
      this.#socket.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
    });
    this.#disarm();
  }

  #arm(ms: number): void {
    this.#disarm();
    this.#timer = setTimeout(() => this.#socket.destroy(), ms);
    this.#timer.unref();
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
