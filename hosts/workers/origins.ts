/** Where a Worker's bundle comes from: an address on the web, a key of Workers KV, an object of R2. */
import { type BundleOrigin, type Fetched, httpOrigin, MAX_FILE_BYTES } from "../../control/policy/origin.ts";
import { DEFAULT_TIMEOUT_MS } from "../../control/policy/polling.ts";
import { policyRefusal } from "../../control/policy/refusals.ts";

/** What is used of a KV namespace. */
export interface KvNamespace {
  getWithMetadata(
    key: string,
    options: { type: "arrayBuffer" },
  ): Promise<{ value: ArrayBuffer | null; metadata: unknown }>;
}

/** What is used of an R2 bucket. */
export interface R2Bucket {
  get(
    key: string,
    options: { onlyIf?: { etagDoesNotMatch: string } },
  ): Promise<{
    readonly etag: string;
    readonly size: number;
    readonly body?: unknown;
    arrayBuffer?(): Promise<ArrayBuffer>;
  } | null>;
}

function schedule(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}

/** @param headers of every request, such as `authorization`. */
export function webOrigin(
  address: string,
  headers: Readonly<Record<string, string>> = {},
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): BundleOrigin {
  // Called as a method of nothing, as this runtime wants it.
  return httpOrigin(address, {
    fetch: (url, init) => fetch(url, withManual(init)),
    timeoutMs,
    schedule,
    headers,
  });
}

/** This runtime knows no `redirect: "error"`: a redirect is then an answer with its own status, which is refused. */
function withManual<Init extends { redirect: string }>(init: Init): Init & { redirect: "manual" } {
  return { ...init, redirect: "manual" };
}

/** A binding states no limit of its own. */
function within(timeoutMs: number, name: string, get: BundleOrigin["get"]): BundleOrigin {
  return {
    name,
    get: (tag) =>
      new Promise((resolve, reject) => {
        const cancel = schedule(timeoutMs, () =>
          resolve(refused("origin_slow", `${name}, longer than ${timeoutMs} ms`)),
        );
        get(tag).then(resolve, reject).finally(cancel);
      }),
  };
}

const refused = (code: Parameters<typeof policyRefusal>[0], detail: string): Fetched => ({
  kind: "refused",
  refusal: policyRefusal(code, detail),
});

/** A value of KV; published with metadata `{"etag": "…"}`, which saves work where it has not changed. KV may be a minute behind. */
export function kvOrigin(
  namespace: KvNamespace,
  key: string,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): BundleOrigin {
  return within(timeoutMs, `KV ${key}`, async (tag) => {
    const { value, metadata } = await namespace.getWithMetadata(key, { type: "arrayBuffer" });
    if (value === null) return refused("origin_refused", `KV has no ${key}`);
    const stated = (metadata as { etag?: unknown } | null)?.etag;
    const now = typeof stated === "string" ? stated : null;
    if (now !== null && now === tag) return { kind: "unchanged" };
    return { kind: "file", file: new Uint8Array(value), tag: now };
  });
}

/** An object of R2, by its own ETag. */
export function r2Origin(
  bucket: R2Bucket,
  key: string,
  timeoutMs: number = DEFAULT_TIMEOUT_MS,
): BundleOrigin {
  return within(timeoutMs, `R2 ${key}`, async (tag) => {
    const object = await bucket.get(key, tag === null ? {} : { onlyIf: { etagDoesNotMatch: tag } });
    if (object === null) return refused("origin_refused", `R2 has no ${key}`);
    // A condition that does not hold gives the object without its body.
    if (object.arrayBuffer === undefined || object.body === undefined) return { kind: "unchanged" };
    if (object.size > MAX_FILE_BYTES) return refused("origin_too_large", `${object.size} bytes`);
    return { kind: "file", file: new Uint8Array(await object.arrayBuffer()), tag: object.etag };
  });
}
