/** Where a Worker's bundle comes from, in workerd: what goes wrong there, and what decides meanwhile. */
import { expect, test } from "vitest";
import { type Fault, startOrigin } from "../../policy/origin-server.ts";
import { fileOf, keyOf, refundPolicy } from "../policies.ts";
import { deciding, key, large, poll, small, startWorker } from "./worker.ts";

const FAULTS: [Fault, string][] = [
  ["error", "origin_refused"],
  ["missing", "origin_refused"],
  ["redirect", "origin_refused"],
  ["cut", "origin_truncated"],
  ["cut, chunked", "origin_truncated"],
  ["silent", "origin_slow"],
  ["slow", "origin_slow"],
];

test.each(["alone", "control"])(
  "a web origin, %s: polled by its tag, its faults, its bundles",
  async (KIND) => {
    const origin = await startOrigin(fileOf(refundPolicy(100), 2, key));
    const worker = await startWorker({ KIND, ADDRESS: origin.address, TIMEOUT_MS: 6_000 });
    expect(await deciding(worker)).toBe("small");
    expect(await poll(worker)).toMatchObject({ staleSinceMs: null, identity: { sequence: 2, signed: true } });
    expect(origin.answers).toEqual([200, 304]);

    origin.file = fileOf(refundPolicy(1_000), 3, key);
    for (const [fault, code] of FAULTS) {
      origin.fault = fault;
      const status = await poll(worker);
      expect([fault, status.refusal?.code]).toEqual([fault, code]);
      expect(status).toMatchObject({ status: 200, identity: { sequence: 2 } });
      expect(status.staleSinceMs).toBeGreaterThan(0);
      expect(await deciding(worker)).toBe("small");
    }
    const stale = await worker.fetch("/healthz");
    expect([stale.status, await stale.json()]).toEqual([200, { status: "stale" }]);

    origin.fault = null;
    const bundles: [Uint8Array, string][] = [
      [fileOf(refundPolicy(1_000), 3, keyOf(2)), "signature_unknown_key"],
      [fileOf(refundPolicy(1_000), 3), "unsigned"],
      [fileOf(refundPolicy(1_000), 2, key), "sequence_reused"],
      [fileOf(refundPolicy(1_000), 1, key), "sequence_older"],
      [fileOf(refundPolicy(1_000), 3, key).subarray(0, 300), "container_truncated"],
      [Buffer.from("<!doctype html>"), "container_bad_magic"],
    ];
    for (const [file, code] of bundles) {
      origin.file = file;
      expect((await poll(worker)).refusal?.code).toBe(code);
      expect(await deciding(worker)).toBe("small");
    }
    origin.file = fileOf(refundPolicy(1_000), 3, key);
    expect(await poll(worker)).toMatchObject({ staleSinceMs: null, failures: 0, refusal: null });
    expect(await deciding(worker)).toBe("large");
    await origin.close();
    expect((await poll(worker)).refusal?.code).toBe("origin_unreachable");
    expect(await deciding(worker)).toBe("large");
  },
);

test.each(["alone", "control"])("an origin that is down at first, %s", async (KIND) => {
  const origin = await startOrigin(small);
  origin.fault = "error";
  const worker = await startWorker({ KIND, ADDRESS: origin.address });
  expect(await deciding(worker)).toBe("none");
  const health = await worker.fetch("/healthz");
  expect([health.status, await health.json()]).toEqual([503, { status: "no_policy" }]);
  origin.fault = null;
  // Asked for again by the next request, but not by each.
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await deciding(worker)).toBe("small");
});

test("a caller who leaves while the first poll goes on does not keep others from it", async () => {
  const origin = await startOrigin(small);
  origin.fault = "silent";
  const worker = await startWorker({ KIND: "alone", ADDRESS: origin.address, TIMEOUT_MS: 3_000 });
  const leaving = new AbortController();
  const left = worker.fetch("/healthz", { signal: leaving.signal }).catch(() => null);
  await new Promise((resolve) => setTimeout(resolve, 500));
  leaving.abort();
  await left;
  expect(await deciding(worker)).toBe("none");
  origin.fault = null;
  await new Promise((resolve) => setTimeout(resolve, 1_100));
  expect(await deciding(worker)).toBe("small");
});

test("an interval that is over: the request that finds so is decided by what is in use", async () => {
  const origin = await startOrigin(small);
  const worker = await startWorker({ ADDRESS: origin.address, INTERVAL_MS: 1 });
  expect(await deciding(worker)).toBe("small");
  origin.file = large;
  for (let tries = 0; tries < 100 && (await deciding(worker)) !== "large"; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await deciding(worker)).toBe("large");
});

/** What a publisher uses; miniflare's types are those of a package that is not installed. */
interface Namespace {
  put(key: string, value: ArrayBuffer, options?: { metadata: unknown }): Promise<void>;
  delete(key: string): Promise<void>;
}
interface Bucket {
  put(key: string, value: Uint8Array): Promise<unknown>;
  delete(key: string): Promise<void>;
}

test("KV: a key, its metadata as the tag", async () => {
  const worker = await startWorker({ KIND: "alone", ORIGIN: "kv" });
  expect(await poll(worker)).toMatchObject({ identity: null, refusal: { code: "origin_refused" } });
  const kv = (await worker.miniflare.getKVNamespace("KV")) as unknown as Namespace;
  const put = (file: Uint8Array, etag: string) =>
    kv.put("policy.fplb", new Uint8Array(file).buffer, { metadata: { etag } });
  await put(small, "one");
  expect(await poll(worker)).toMatchObject({ identity: { sequence: 1 }, refusal: null });
  // What has the same tag is not looked at.
  await put(large, "one");
  expect(await poll(worker)).toMatchObject({ identity: { sequence: 1 }, refusal: null });
  await put(large, "two");
  expect(await poll(worker)).toMatchObject({ identity: { sequence: 2 }, refusal: null });
  await kv.put("policy.fplb", new Uint8Array(small).buffer);
  expect(await poll(worker)).toMatchObject({
    identity: { sequence: 2 },
    refusal: { code: "sequence_older" },
  });
  await kv.delete("policy.fplb");
  expect(await poll(worker)).toMatchObject({
    identity: { sequence: 2 },
    refusal: { code: "origin_refused" },
  });
});

test("R2: an object, by its own ETag", async () => {
  const worker = await startWorker({ ORIGIN: "r2" });
  expect(await poll(worker)).toMatchObject({ identity: null, refusal: { code: "origin_refused" } });
  const bucket = (await worker.miniflare.getR2Bucket("R2")) as unknown as Bucket;
  const put = (file: Uint8Array) => bucket.put("policy.fplb", new Uint8Array(file));
  await put(small);
  expect(await poll(worker)).toMatchObject({ identity: { sequence: 1 }, refusal: null });
  const before = await poll(worker);
  expect(before).toMatchObject({ identity: { sequence: 1 }, staleSinceMs: null, refusal: null });
  await put(large);
  expect(await poll(worker)).toMatchObject({ identity: { sequence: 2 }, refusal: null });
  await put(small);
  expect(await poll(worker)).toMatchObject({
    identity: { sequence: 2 },
    refusal: { code: "sequence_older" },
  });
  await bucket.delete("policy.fplb");
  expect(await poll(worker)).toMatchObject({
    identity: { sequence: 2 },
    refusal: { code: "origin_refused" },
  });
  expect(await deciding(worker)).toBe("large");
});
