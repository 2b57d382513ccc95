/** A policy that follows its origin: an address on the web, or a file that somebody replaces. */

import { type FilePorts, fileOrigin } from "../../control/policy/file-origin.ts";
import type { Moment } from "../../control/policy/follow.ts";
import { httpOrigin } from "../../control/policy/origin.ts";
import {
  DEFAULT_TIMEOUT_MS,
  type Followed,
  follow,
  type PollingChoice,
  type WebChoice,
} from "../../control/policy/polling.ts";
import { demandVerification } from "../../control/policy/source.ts";
import { newCore } from "./core.ts";
import { Deno } from "./runtime.ts";
import { type Place, type PolicyOptions, prepareSource } from "./source.ts";

export type FollowOptions = PolicyOptions &
  PollingChoice &
  WebChoice & {
    /** An address that begins with `https://` or `http://`, or the place of a file. */
    readonly origin: Place;
  };

function schedule(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}

/** Up to a tenth earlier, so that many processes that began at once do not ask at once. Keeps no process alive. */
function scheduleLoosely(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs * (1 - Math.random() / 10));
  Deno.unrefTimer(timer);
  return () => clearTimeout(timer);
}

const FILES: FilePorts<Place> = {
  async look(path) {
    const { size, mtime, ino } = await Deno.stat(path);
    return { tag: `${ino}-${mtime?.getTime()}-${size}`, bytes: size };
  },
  read: (path) => Deno.readFile(path),
};

/**
 * Follows an origin: polls it once now, and then again and again. Resolves also when there is no good bundle yet: `policy.status` says
 * why, and every decision is a deny until there is one. Rejects when there is no core,
 * and with TypeError for both `trust` and `insecure`, or neither.
 */
export async function followPolicy(options: FollowOptions): Promise<Followed> {
  demandVerification(options);
  const { origin: place, headers = {}, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const origin = /^https?:/.test(String(place))
    ? httpOrigin(String(place), { fetch, timeoutMs, schedule, headers })
    : fileOrigin(place, FILES);
  const ports = {
    origin,
    clock: { now: () => Date.now() },
    empty: await newCore(),
    prepare: (file: Uint8Array, { highest, accept, current }: Moment) =>
      prepareSource(file, options, highest, accept, current),
  };
  return follow(ports, options, scheduleLoosely);
}
