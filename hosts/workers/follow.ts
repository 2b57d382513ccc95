/** A policy that follows its origin, in a runtime without timers between requests: a request that finds the last poll too long ago begins the next. */
import { parseTrustFile } from "../../bundles/trust/index.ts";
import { FollowedPolicy } from "../../control/policy/follow.ts";
import type { BundleOrigin } from "../../control/policy/origin.ts";
import { type BundleMemory, prepare } from "../../control/policy/prepare.ts";
import { PolicyRefused } from "../../control/policy/refusals.ts";
import { type CoreModule, coresOf } from "./core.ts";

export interface FollowOptions {
  readonly core: CoreModule;
  readonly origin: BundleOrigin;
  /** Text of the trust file, which is pinned by deploying it. */
  readonly trust: string;
  /** Remembers the newest bundle, so that a new isolate does not accept an older one. A Durable Object's `bundleMemory` does; without it only the isolate remembers, and `minimum_sequence` of the trust file. */
  readonly memory?: BundleMemory;
  /** A poll that is older is done again; 30 seconds when left out. */
  readonly intervalMs?: number;
  /** `Date.now` when left out. */
  readonly now?: () => number;
}

const DEFAULT_INTERVAL_MS = 30_000;

export class WorkerPolicy {
  readonly followed: FollowedPolicy;
  readonly #intervalMs: number;
  readonly #now: () => number;

  constructor(followed: FollowedPolicy, intervalMs: number, now: () => number) {
    this.followed = followed;
    this.#intervalMs = intervalMs;
    this.#now = now;
  }

  /**
   * Before each request. Waits for the first poll, and for one after a failure while there is no policy at all; otherwise the poll goes on
   * beside the request, which is decided by what is in use.
   * @param waitUntil keeps the runtime from ending before the poll has.
   */
  async refresh(waitUntil: (work: Promise<unknown>) => void): Promise<void> {
    const { polledMs, identity } = this.followed.status;
    if (polledMs !== null && this.#now() - polledMs < this.#intervalMs) return;
    const poll = this.followed.poll();
    if (identity === null) await poll;
    else waitUntil(poll);
  }
}

/** Nothing is polled yet. Throws PolicyRefused for a trust file that is none; rejects when there is no core. */
export async function followInWorker(options: FollowOptions): Promise<WorkerPolicy> {
  const { core, origin, trust, memory, intervalMs = DEFAULT_INTERVAL_MS, now = Date.now } = options;
  const parsed = parseTrustFile(new TextEncoder().encode(trust));
  if (!parsed.ok) throw new PolicyRefused(parsed);
  const newCore = coresOf(core);
  const followed = new FollowedPolicy({
    origin,
    clock: { now },
    empty: await newCore(),
    prepare: (file, highest) =>
      prepare(file, { trust: parsed.trust, nowMs: now(), memory }, highest, { openCore: newCore }),
  });
  return new WorkerPolicy(followed, intervalMs, now);
}
