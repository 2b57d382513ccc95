/** A policy that follows its origin, in a runtime without timers between requests: a request that finds the last poll too long ago begins the next. */
import { parseTrustFile, type TrustFile } from "../../bundles/trust/index.ts";
import { FollowedPolicy, type FollowStatus } from "../../control/policy/follow.ts";
import { type Machinery, prepare } from "../../control/policy/prepare.ts";
import { newCore } from "./core.ts";
import type { KeptBundle } from "./kept.ts";
import { NotConfigured, type WorkerSettings } from "./settings.ts";

export type WaitUntil = (work: Promise<unknown>) => void;

export interface FollowOptions extends WorkerSettings {
  readonly intervalMs: number;
  readonly now: () => number;
}

/** While there is no policy at all. */
const RETRY_MS = 1_000;
/** The runtime drops what a cancelled request has begun, and says nothing. */
const LOST_MS = 60_000;

export const MACHINERY: Machinery = { openCore: newCore };

export class WorkerPolicy {
  readonly followed: FollowedPolicy;
  readonly #intervalMs: number;
  readonly #now: () => number;

  constructor(followed: FollowedPolicy, { intervalMs, now }: FollowOptions) {
    this.followed = followed;
    this.#intervalMs = intervalMs;
    this.#now = now;
  }

  /**
   * Before each request. Waits for the poll while there is no policy; otherwise it goes on beside the request, which is decided by what is in use.
   * @param waitUntil keeps the runtime from ending before the poll has, also when the caller leaves.
   */
  async refresh(waitUntil: WaitUntil): Promise<void> {
    const { polledMs, identity } = this.followed.status;
    const intervalMs = identity === null ? Math.min(RETRY_MS, this.#intervalMs) : this.#intervalMs;
    const sinceMs = polledMs === null ? Number.POSITIVE_INFINITY : this.#now() - polledMs;
    // A clock that was set back is no reason to poll less.
    if (sinceMs >= 0 && sinceMs < intervalMs) return;
    const poll = this.followed.poll();
    waitUntil(poll);
    if (identity === null) await poll;
  }

  /** As of now; while there is no policy, of a poll that this waits for. */
  async status(waitUntil: WaitUntil): Promise<FollowStatus> {
    await this.refresh(waitUntil);
    return this.followed.status;
  }

  async poll(waitUntil: WaitUntil): Promise<FollowStatus> {
    const poll = this.followed.poll();
    waitUntil(poll);
    await poll;
    return this.followed.status;
  }
}

function trustOf(text: string): TrustFile {
  const parsed = parseTrustFile(new TextEncoder().encode(text));
  if (!parsed.ok) throw new NotConfigured(`trust: ${parsed.message} (${parsed.code})`);
  return parsed.trust;
}

/**
 * Nothing is polled yet.
 * @param kept remembers the newest bundle and keeps its file; without it only the isolate remembers, and `minimum_sequence` of the trust file.
 * Rejects with NotConfigured for a trust file that is none, and when there is no core.
 */
export async function followInWorker(
  options: FollowOptions,
  kept: KeptBundle | null = null,
): Promise<WorkerPolicy> {
  const { origin, now } = options;
  const trust = trustOf(options.trust);
  const followed = new FollowedPolicy({
    origin,
    clock: { now },
    empty: await newCore(),
    prepare: (file, moment) => {
      const verification = { trust, nowMs: now() };
      const { highest, accept, current } = moment;
      return kept === null
        ? prepare(file, verification, highest, MACHINERY, accept, current)
        : kept.prepare(file, moment, verification);
    },
    kept: (await kept?.open({ trust, nowMs: now() })) ?? undefined,
    lostAfterMs: LOST_MS,
  });
  return new WorkerPolicy(followed, options);
}
