/** Nonces of accepted requests, until no request with them could be accepted any more. */
export type NonceOutcome = "noted" | "seen" | "full";

/** Atomic: of two calls with one key, over all processes that share the cache, one gets `noted`. */
export interface ReplayCache {
  /** Rejects when it cannot tell. `seen` where it may have been noted before. */
  note(key: string, untilMs: number, nowMs: number): Promise<NonceOutcome>;
}

/** For one process. Restarting forgets: requests that were accepted shortly before are accepted again, for as long as their signature lives. */
export class MemoryReplayCache implements ReplayCache {
  readonly #limit: number;
  readonly #until = new Map<string, number>();
  /** The latest end of all that was forgotten: what ends no later may be one of those. */
  #forgottenMs = Number.NEGATIVE_INFINITY;

  constructor(limit = 100_000) {
    this.#limit = limit;
  }

  async note(key: string, untilMs: number, nowMs: number): Promise<NonceOutcome> {
    if (this.#until.has(key) || untilMs <= this.#forgottenMs) return "seen";
    if (this.#until.size >= this.#limit) this.#forget(nowMs);
    if (this.#until.size >= this.#limit) return "full";
    this.#until.set(key, untilMs);
    return "noted";
  }

  #forget(nowMs: number): void {
    for (const [key, untilMs] of this.#until) {
      if (untilMs >= nowMs) continue;
      this.#until.delete(key);
      this.#forgottenMs = Math.max(this.#forgottenMs, untilMs);
    }
  }
}
