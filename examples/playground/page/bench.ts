/** The worker as the page sees it: one request at a time, and an end to those that take too long. */
import type { Answer, Message, Request } from "./protocol.ts";

const WORKER = "worker.js";
/** For one request: compiling, deciding and all cases. */
const TIME_LIMIT_MS = 20_000;

/** Where a browser has Trusted Types, the one address that may become a script. */
function workerAddress(): string {
  const types = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;
  if (types === undefined) return WORKER;
  const policy = types.createPolicy("playground", {
    createScriptURL(address) {
      if (address !== WORKER) throw new TypeError("the only script is the worker");
      return address;
    },
  });
  return policy.createScriptURL(WORKER);
}

interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(address: string): string },
  ): { createScriptURL(address: string): string };
}

export class Bench {
  readonly #address = workerAddress();
  #worker: Worker | null = null;
  #settle: ((answer: Answer) => void) | null = null;
  #refuse: ((error: Error) => void) | null = null;

  /** Whether the next request must bring the policy: the worker is new. */
  get isFresh(): boolean {
    return this.#worker === null;
  }

  /** Rejects when the worker fails, or takes longer than 20 seconds and is ended. Not to be called before the last one is settled. */
  async ask(request: Request): Promise<Answer> {
    const worker = this.#worker ?? this.#start();
    const answer = new Promise<Answer>((settle, refuse) => {
      this.#settle = settle;
      this.#refuse = refuse;
    });
    const limit = setTimeout(() => this.#end("this policy takes too long"), TIME_LIMIT_MS);
    worker.postMessage(request);
    try {
      return await answer;
    } finally {
      clearTimeout(limit);
    }
  }

  #start(): Worker {
    const worker = new Worker(this.#address, { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<Message>) => {
      if (data.kind === "answer") this.#settle?.(data.answer);
      else if (data.kind === "failed") this.#end(data.reason);
    });
    worker.addEventListener("error", ({ message }) => this.#end(message || "its worker does not start"));
    this.#worker = worker;
    return worker;
  }

  #end(reason: string): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#refuse?.(new Error(reason));
  }
}
