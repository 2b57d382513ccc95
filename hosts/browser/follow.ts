/** A policy that follows its origin, an address on the web. */
import type { Moment } from "../../control/policy/follow.ts";
import {
  DEFAULT_TIMEOUT_MS,
  type Followed,
  follow,
  type PollingChoice,
  type WebChoice,
} from "../../control/policy/polling.ts";
import { demandVerification } from "../../control/policy/source.ts";
import { newCore } from "./core.ts";
import { originAt, type Place, type PolicyOptions, prepareSource, schedule } from "./source.ts";

export type FollowOptions = PolicyOptions &
  PollingChoice &
  WebChoice & {
    /** An address of the web, also a relative one. */
    readonly origin: Place;
  };

/** Up to a tenth earlier, so that many pages that began at once do not ask at once. */
function scheduleLoosely(delayMs: number, run: () => void): () => void {
  return schedule(delayMs * (1 - Math.random() / 10), run);
}

/**
 * Follows an origin: polls it once now, and then again and again. Resolves also when there is no good bundle yet: `policy.status` says
 * why, and every decision is a deny until there is one. Rejects when there is no core,
 * and with TypeError for both `trust` and `insecure`, or neither.
 */
export async function followPolicy(options: FollowOptions): Promise<Followed> {
  demandVerification(options);
  const { origin, headers = {}, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const ports = {
    origin: originAt(origin, timeoutMs, headers),
    clock: { now: () => Date.now() },
    empty: await newCore(),
    prepare: (file: Uint8Array, { highest, accept, current }: Moment) =>
      prepareSource(file, options, highest, accept, current),
  };
  return follow(ports, options, scheduleLoosely);
}
