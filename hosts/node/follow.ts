/** A policy that follows its origin: an address on the web, or a file that somebody replaces. */
import { readFile, stat } from "node:fs/promises";
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
import { type PolicyOptions, prepareSource } from "./source.ts";

export type FollowOptions = PolicyOptions &
  PollingChoice &
  WebChoice & {
    /** An address that begins with `https://` or `http://`, or the path of a file. */
    readonly origin: string;
  };

function schedule(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  timer.unref();
  return () => clearTimeout(timer);
}

/** Up to a tenth earlier, so that many processes that began at once do not ask at once. */
function scheduleLoosely(delayMs: number, run: () => void): () => void {
  return schedule(delayMs * (1 - Math.random() / 10), run);
}

const FILES: FilePorts<string> = {
  async look(path) {
    const status = await stat(path);
    // A pipe may never end.
    if (!status.isFile()) throw new Error(`${path} is no regular file`);
    const { size, mtimeMs, ino } = status;
    return { tag: `${ino}-${mtimeMs}-${size}`, bytes: size };
  },
  read: (path) => readFile(path),
};

/**
 * Follows an origin: polls it once now, and then again and again. Resolves also when there is no good bundle yet: `policy.status` says
 * why, and every decision is a deny until there is one. Rejects when there is no core,
 * and with TypeError for both `trust` and `insecure`, or neither.
 */
export async function followPolicy(options: FollowOptions): Promise<Followed> {
  demandVerification(options);
  const { origin: place, headers = {}, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const origin = /^https?:/.test(place)
    ? httpOrigin(place, { fetch, timeoutMs, schedule, headers })
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
