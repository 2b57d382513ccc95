/** Where a policy comes from: bundles and trust files by their addresses or as bytes. */
import { type BundleOrigin, type Fetch, httpOrigin } from "../../control/policy/origin.ts";
import { DEFAULT_TIMEOUT_MS } from "../../control/policy/polling.ts";
import { type SourceOptions, sourcesOf } from "../../control/policy/source.ts";
import { newCore } from "./core.ts";
import { storedMemory } from "./state.ts";

/** An address of the web, also a relative one. */
export type Place = string | URL;

/** `trust` may be an address; `state` is a name in the browser's database. */
export type PolicyOptions = SourceOptions<Place>;

export function schedule(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}

/** Asks the server also for what the browser has, so that nothing old is taken for the present. */
const fetchPresent: Fetch = (address, init) => {
  const present = { ...init, cache: "no-cache" };
  return fetch(address, present);
};

/** @throws TypeError or RangeError for what is no address of the web. */
export function originAt(
  place: Place,
  timeoutMs: number,
  headers: Readonly<Record<string, string>>,
): BundleOrigin {
  // As `fetch` resolves it, in a page and in a worker.
  const address = new Request(place).url;
  return httpOrigin(address, { fetch: fetchPresent, timeoutMs, schedule, headers });
}

export const prepareSource = sourcesOf<Place>({
  async read(place) {
    const fetched = await originAt(place, DEFAULT_TIMEOUT_MS, {}).get(null);
    if (fetched.kind === "file") return fetched.file;
    if (fetched.kind === "refused") return fetched.refusal;
    throw new Error(`${place} is unchanged since nothing`);
  },
  memory: storedMemory,
  now: () => Date.now(),
  machinery: { openCore: newCore },
});
