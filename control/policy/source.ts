/** Where a policy comes from: bundles and trust files by their places, or as bytes. One for every host, which names and reads places its own way. */
import { type HighestSequence, parseTrustFile, type TrustFile } from "../../bundles/trust/index.ts";
import type { Prepare } from "./policy.ts";
import { type Accept, type BundleMemory, type Machinery, prepare, type Ready } from "./prepare.ts";
import { errorLine, type PolicyRefusal, policyRefusal } from "./refusals.ts";

/** Verified against a trust file, which is the rule; or explicitly not, for experiments. */
export type SourceOptions<Place extends string | URL> =
  | {
      /** The trust file: its place, or as `parseTrustFile` gave it. */
      trust: TrustFile | Place;
      /** What remembers the newest bundle used, across restarts; one per policy. */
      state?: string;
      /** The present in Unix milliseconds; the machine's clock when left out. */
      nowMs?: () => number;
      insecure?: never;
    }
  | { insecure: true; trust?: never; state?: never };

export interface SourcePorts<Place> {
  /** Bytes that nobody else changes. A rejection is `file_unreadable`. */
  read(place: Place): Promise<Uint8Array | PolicyRefusal>;
  /** What `state` names. */
  memory(state: string): BundleMemory;
  /** Unix milliseconds. */
  now(): number;
  readonly machinery: Machinery;
}

/**
 * Asked before anything is read, also of callers without types.
 * @throws TypeError for both `trust` and `insecure`, or neither.
 */
export function demandVerification(options: { trust?: unknown; insecure?: boolean } | undefined): void {
  if (options === undefined || (options.insecure === true) === (options.trust !== undefined))
    throw new TypeError("options must have either `trust` or `insecure: true`");
}

/** How a host prepares what its callers name. `highest`: the newest bundle that the policy has used so far, as far as memory goes. */
export function sourcesOf<Place extends string | URL>(
  ports: SourcePorts<Place>,
): Prepare<Place | Uint8Array, SourceOptions<Place>> {
  return async (
    source,
    options,
    highest,
    accept,
    current = null,
  ): Promise<({ ok: true } & Ready) | PolicyRefusal> => {
    demandVerification(options);
    // Copied, and not by `slice`, which for a Buffer gives a view of the same memory: what is verified must be what is loaded,
    // whatever the caller does to the buffer meanwhile.
    const file = source instanceof Uint8Array ? new Uint8Array(source) : await readPlace(ports, source);
    if (!(file instanceof Uint8Array)) return file;
    return prepareFile(ports, file, options, highest, accept, current);
  };
}

async function prepareFile<Place extends string | URL>(
  ports: SourcePorts<Place>,
  file: Uint8Array,
  options: SourceOptions<Place>,
  highest: HighestSequence | null,
  accept: Accept | undefined,
  current: Ready | null,
): Promise<({ ok: true } & Ready) | PolicyRefusal> {
  const { machinery } = ports;
  if (options.insecure === true) return prepare(file, options, highest, machinery, accept, current);
  const trust = await readTrust(ports, options.trust);
  if (!trust.ok) return trust;
  const nowMs = options.nowMs?.() ?? ports.now();
  const memory = options.state === undefined ? undefined : ports.memory(options.state);
  return prepare(file, { trust: trust.trust, nowMs, memory }, highest, machinery, accept, current);
}

async function readPlace<Place>(
  ports: SourcePorts<Place>,
  place: Place,
): Promise<Uint8Array | PolicyRefusal> {
  try {
    return await ports.read(place);
  } catch (error) {
    return policyRefusal("file_unreadable", errorLine(error));
  }
}

async function readTrust<Place extends string | URL>(
  ports: SourcePorts<Place>,
  trust: TrustFile | Place,
): Promise<{ ok: true; trust: TrustFile } | PolicyRefusal> {
  if (typeof trust !== "string" && !(trust instanceof URL)) return { ok: true, trust };
  const file = await readPlace(ports, trust);
  return file instanceof Uint8Array ? parseTrustFile(file) : file;
}
