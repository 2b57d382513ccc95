/** A policy that follows its origin over loopback: what goes wrong there, and what decides meanwhile. */
import { spawnSync } from "node:child_process";
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { FollowedPolicy } from "../../control/policy/follow.ts";
import { type Fetched, httpOrigin, MAX_FILE_BYTES } from "../../control/policy/origin.ts";
import { startPolling } from "../../control/policy/polling.ts";
import { policyRefusal } from "../../control/policy/refusals.ts";
import { newCore } from "../../hosts/node/core.ts";
import { type FollowOptions, followPolicy, openControl, readRecords } from "../../hosts/node/index.ts";
import { prepareSource } from "../../hosts/node/source.ts";
import { END_MS, fileOf, keyOf, NOW_MS, refundPolicy, trustIn } from "../hosts/policies.ts";
import { temporaryFolder } from "../hosts/records.ts";
import { type Fault, type Origin, startOrigin } from "./origin-server.ts";

const key = keyOf(1);
const small = fileOf(refundPolicy(100), 1, key);
const large = fileOf(refundPolicy(1_000), 2, key);
const refund = (amount: number) => JSON.stringify({ agent: "shop", tool: "stripe/refund", args: { amount } });

/** Of an origin that answers; also on a machine with other work. */
const timeoutMs = 30_000;
/** Of one that does not. */
const SHORT_MS = 2_000;
const timeoutOf = (fault: Fault) => (fault === "silent" || fault === "slow" ? SHORT_MS : timeoutMs);

async function followed(origin: string, more: Partial<FollowOptions> = {}): Promise<FollowedPolicy> {
  const options = { trust: trustIn(key), nowMs: () => NOW_MS, intervalMs: 3_600_000, timeoutMs };
  const { policy, close } = await followPolicy({ ...options, origin, ...more } as FollowOptions);
  onTestFinished(close);
  return policy;
}

/** What decides: the limit of the small or the large policy, or nothing. */
function deciding(policy: FollowedPolicy): "small" | "large" | "none" {
  const codes = [20, 500].map((amount) => policy.decide(refund(amount)).code);
  if (codes.every((code) => code === "no_policy")) return "none";
  return codes[1] === "rule_permit" ? "large" : "small";
}

describe("an origin on the web", () => {
  test("is polled by its tag, and a newer bundle is taken into use", async () => {
    const origin = await startOrigin(small);
    const policy = await followed(origin.address);
    const seen: (number | null)[] = [];
    policy.onChange((identity) => seen.push(identity.sequence));
    expect(deciding(policy)).toBe("small");
    expect(await policy.poll()).toMatchObject({ ok: true, changed: false });
    origin.file = large;
    expect(await policy.poll()).toMatchObject({ ok: true, changed: true });
    expect(origin.answers).toEqual([200, 304, 200]);
    expect(deciding(policy)).toBe("large");
    expect(policy.status).toMatchObject({ staleSinceMs: null, failures: 0, refusal: null });
    expect(policy.identity).toMatchObject({ sequence: 2, signed: true, keys: ["key-1"] });
    expect(seen).toEqual([2]);
  });

  test("what is unchanged is verified anew: under keys that are not valid any more it counts as stale", async () => {
    let now = NOW_MS;
    const origin = await startOrigin(small);
    const policy = await followed(origin.address, { nowMs: () => now });
    expect(await policy.poll()).toMatchObject({ ok: true, changed: false });
    now = END_MS + 1;
    expect(await policy.poll()).toMatchObject({ ok: false });
    expect(origin.answers).toEqual([200, 304, 304]);
    expect(policy.status).toMatchObject({ failures: 1, identity: { sequence: 1 } });
    expect(policy.status.staleSinceMs).not.toBeNull();
    expect(deciding(policy)).toBe("small");
    now = NOW_MS;
    expect(await policy.poll()).toMatchObject({ ok: true, changed: false });
  });

  const FAULTS: [Fault, string][] = [
    ["error", "origin_refused"],
    ["missing", "origin_refused"],
    ["redirect", "origin_unreachable"],
    ["cut", "origin_truncated"],
    ["cut, chunked", "origin_truncated"],
    ["silent", "origin_slow"],
    ["slow", "origin_slow"],
  ];

  test.each(FAULTS)("%s: %s, and what was in use stays", async (fault, code) => {
    const origin = await startOrigin(small);
    const policy = await followed(origin.address, { timeoutMs: timeoutOf(fault) });
    origin.file = large;
    origin.fault = fault;
    for (let failures = 1; failures <= 2; failures++) {
      expect(await policy.poll()).toMatchObject({ ok: false, code });
      expect(policy.status).toMatchObject({ failures, refusal: { code }, identity: { sequence: 1 } });
    }
    expect(policy.status.staleSinceMs).toBeGreaterThan(0);
    expect(deciding(policy)).toBe("small");
    origin.fault = null;
    expect(await policy.poll()).toMatchObject({ ok: true, changed: true });
    expect(policy.status.staleSinceMs).toBeNull();
    expect(deciding(policy)).toBe("large");
  });

  test.each(FAULTS)("%s at first: every call is denied until there is a bundle", async (fault, code) => {
    const origin = await startOrigin(small);
    origin.fault = fault;
    const policy = await followed(origin.address, { timeoutMs: timeoutOf(fault) });
    expect(policy.status).toMatchObject({ identity: null, refusal: { code }, confirmedMs: null });
    expect(deciding(policy)).toBe("none");
    origin.fault = null;
    await policy.poll();
    expect(deciding(policy)).toBe("small");
  });

  test("a server that is not there", async () => {
    const origin = await startOrigin(small);
    const policy = await followed(origin.address);
    await origin.close();
    expect(await policy.poll()).toMatchObject({ ok: false, code: "origin_unreachable" });
    expect(deciding(policy)).toBe("small");
  });

  test("unchanged is no answer to who has nothing", async () => {
    const origin = await startOrigin(small);
    origin.fault = "lies";
    expect((await followed(origin.address)).status.refusal?.code).toBe("origin_refused");
  });

  const BUNDLES: [string, () => Uint8Array, string][] = [
    ["signed by another key", () => fileOf(refundPolicy(1_000), 2, keyOf(2)), "signature_unknown_key"],
    ["unsigned", () => fileOf(refundPolicy(1_000), 2), "unsigned"],
    ["of another policy with the same number", () => fileOf(refundPolicy(1_000), 2, key), "sequence_reused"],
    ["older", () => fileOf(refundPolicy(1_000), 1, key), "sequence_older"],
    ["a web page", () => Buffer.from("<!doctype html>"), "container_bad_magic"],
    ["nothing", () => new Uint8Array(0), "container_truncated"],
    [
      "altered",
      () => {
        const bytes = new Uint8Array(large);
        bytes[200]! ^= 1;
        return bytes;
      },
      "digest_mismatch",
    ],
  ];

  test.each(BUNDLES)("%s: refused", async (_, file, code) => {
    const origin = await startOrigin(fileOf(refundPolicy(100), 2, key));
    const policy = await followed(origin.address);
    origin.file = file();
    const poll = await policy.poll();
    expect(poll.ok ? "taken" : poll.code).toBe(code);
    expect(deciding(policy)).toBe("small");
    // The tag of what was refused is not remembered.
    expect(await policy.poll()).toMatchObject({ ok: false, code });
  });

  test("more than any bundle has", async () => {
    const piece = new Uint8Array(8 * 1_048_576);
    let given = 0;
    const origin = httpOrigin("https://bundles.example/policy.fplb", {
      fetch: async () =>
        new Response(
          new ReadableStream({
            pull: (stream) => {
              given += piece.length;
              stream.enqueue(piece);
            },
          }),
        ),
      timeoutMs: 1_000,
      schedule: () => () => {},
    });
    expect(await origin.get(null)).toMatchObject({ kind: "refused", refusal: { code: "origin_too_large" } });
    expect(given).toBeLessThan(MAX_FILE_BYTES + 4 * piece.length);
  });

  test("an address that is none is a programmer's error", () => {
    const parts = { fetch, timeoutMs: 1, schedule: () => () => {} };
    expect(() => httpOrigin("file:///etc/passwd", parts)).toThrow(RangeError);
  });

  test("no message holds what is secret of an address or its headers", async () => {
    const parts = { timeoutMs: 1, schedule: () => () => {} };
    const answers = [
      () => Promise.reject(new TypeError("fetch failed")),
      () => Promise.resolve(new Response(null, { status: 403 })),
    ];
    for (const answer of answers) {
      const origin = httpOrigin("https://bundles.example/p.fplb?token=s3cret", { ...parts, fetch: answer });
      expect(origin.name).toBe("https://bundles.example/p.fplb");
      expect(JSON.stringify(await origin.get(null))).not.toContain("s3cret");
    }
    const make = (address: string, headers: Record<string, string>) => () =>
      httpOrigin(address, { ...parts, fetch, headers });
    const refused = [
      make("https://me:s3cret@bundles.example/", {}),
      make("https://bundles.example/", { authorization: "s3cret\ns3cret" }),
    ];
    for (const one of refused) {
      expect(one).toThrow(RangeError);
      expect(one).not.toThrow("s3cret");
    }
  });
});

test("a file as the origin, replaced by renaming; gone, what was in use stays", async () => {
  const path = join(temporaryFolder(), "policy.fplb");
  writeFileSync(path, small);
  const policy = await followed(path);
  expect(deciding(policy)).toBe("small");
  writeFileSync(`${path}.new`, large);
  renameSync(`${path}.new`, path);
  expect(await policy.poll()).toMatchObject({ ok: true, changed: true });
  expect(await policy.poll()).toMatchObject({ ok: true, changed: false });
  rmSync(path);
  expect(await policy.poll()).toMatchObject({ ok: false, code: "file_unreadable" });
  expect(deciding(policy)).toBe("large");
});

test.skipIf(process.platform === "win32")("a pipe is no origin, and is not waited for", async () => {
  const path = join(temporaryFolder(), "pipe");
  expect(spawnSync("mkfifo", [path]).status).toBe(0);
  expect((await followed(path)).status.refusal?.code).toBe("file_unreadable");
});

describe("what is required of bundles", () => {
  const unwanted = () => policyRefusal("checkpoints_missing", "in a test");

  test("holds for a poll that is under way", async () => {
    let prepared = (): void => {};
    let goOn = (): void => {};
    const isPrepared = new Promise<void>((resolve) => {
      prepared = resolve;
    });
    const mayGoOn = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const policy = new FollowedPolicy({
      origin: { name: "test", get: async () => ({ kind: "file", file: small, tag: null }) },
      clock: { now: () => NOW_MS },
      empty: await newCore(),
      prepare: async (file, { highest, accept }) => {
        const options = { trust: trustIn(key), nowMs: () => NOW_MS };
        const ready = await prepareSource(file, options, highest, accept);
        prepared();
        await mayGoOn;
        return ready;
      },
    });
    const poll = policy.poll();
    await isPrepared;
    expect(policy.require(unwanted)).toBeNull();
    goOn();
    expect(await poll).toMatchObject({ ok: false, code: "checkpoints_missing" });
    expect(deciding(policy)).toBe("none");
  });

  test("is so by every control plane that decides by it, until it is closed", async () => {
    const origin = await startOrigin(small);
    const policy = await followed(origin.address);
    const strict = await openControl({ policy, folder: temporaryFolder() });
    const lax = await openControl({ policy, folder: temporaryFolder(), checkpoints: "elsewhere" });
    onTestFinished(() => lax.close());
    origin.file = fileOf(`runtime { checkpoint_every = 20 }\n${refundPolicy(1_000)}`, 2, key);
    expect(await policy.poll()).toMatchObject({ ok: false, code: "checkpoints_missing" });
    expect(deciding(policy)).toBe("small");
    await strict.close();
    expect(await policy.poll()).toMatchObject({ ok: true, changed: true });
    const refused = openControl({ policy, folder: temporaryFolder() });
    await expect(refused).rejects.toMatchObject({ code: "checkpoints_missing" });
    origin.file = fileOf(`runtime { checkpoint_every = 30 }\n${refundPolicy(100)}`, 3, key);
    expect(await policy.poll()).toMatchObject({ ok: true, changed: true });
  });
});

test("the state file keeps a restart from an older bundle, and one that cannot be written keeps the policy", async () => {
  const folder = temporaryFolder();
  const origin = await startOrigin(large);
  const state = join(folder, "state");
  await followed(origin.address, { state });
  expect(JSON.parse(readFileSync(state, "utf8"))).toMatchObject({ sequence: 2 });
  origin.file = small;
  const again = await followed(origin.address, { state });
  expect(again.status.refusal?.code).toBe("sequence_older");
  expect(deciding(again)).toBe("none");
  const lost = await followed(origin.address, { state: join(folder, "no such folder", "state") });
  expect(lost.status.refusal?.code).toBe("state_unwritable");
  expect(deciding(lost)).toBe("none");
});

test("a poll that the runtime dropped is given up, and what it still finds has no effect", async () => {
  let nowMs = NOW_MS;
  const answers: ((fetched: Fetched) => void)[] = [];
  const policy = new FollowedPolicy({
    origin: { name: "asked", get: () => new Promise((resolve) => answers.push(resolve)) },
    clock: { now: () => nowMs },
    empty: await newCore(),
    prepare: (file, { highest }) =>
      prepareSource(file, { trust: trustIn(key), nowMs: () => NOW_MS }, highest),
    lostAfterMs: 1_000,
  });
  const dropped = policy.poll();
  nowMs += 1_000;
  expect(policy.poll()).toBe(dropped);
  nowMs++;
  const next = policy.poll();
  expect(next).not.toBe(dropped);
  answers[1]!({ kind: "file", file: large, tag: "large" });
  expect(await next).toMatchObject({ ok: true, identity: { sequence: 2 } });
  answers[0]!({ kind: "file", file: small, tag: "small" });
  expect(await dropped).toMatchObject({ ok: false, code: "origin_slow" });
  expect(policy.status).toMatchObject({ failures: 0, identity: { sequence: 2 } });
  expect(deciding(policy)).toBe("large");
  const last = policy.poll();
  expect(policy.poll()).toBe(last);
  answers[2]!({ kind: "unchanged" });
  expect(await last).toMatchObject({ ok: true, changed: false });
});

test("polls go on by themselves, and wait longer after each failure", async () => {
  const origin = await startOrigin(small);
  const policy = await followed(origin.address);
  const delays: number[] = [];
  let run: () => void = () => {};
  const polling = startPolling(policy, {
    intervalMs: 10,
    maxIntervalMs: 50,
    schedule: (delayMs, next) => {
      delays.push(delayMs);
      run = next;
      return () => {
        run = () => {};
      };
    },
  });
  const step = async (): Promise<void> => {
    const before = delays.length;
    run();
    while (delays.length === before) await new Promise((resolve) => setTimeout(resolve, 1));
  };
  await step();
  origin.fault = "error";
  for (let failures = 0; failures < 4; failures++) await step();
  origin.fault = null;
  await step();
  expect(delays).toEqual([10, 10, 10, 20, 40, 50, 10]);
  polling.stop();
});

test("polls go on when whoever hears of them throws", async () => {
  const policy = await followed((await startOrigin(small)).address);
  const listeners = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  onTestFinished(() => {
    process.removeAllListeners("unhandledRejection");
    for (const listener of listeners) process.on("unhandledRejection", listener);
  });
  const heard = new Promise((resolve) => process.once("unhandledRejection", resolve));
  const runs: (() => void)[] = [];
  const schedule = (_: number, run: () => void) => {
    runs.push(run);
    return () => {};
  };
  const onPoll = (): void => {
    throw new Error("a fault of the listener");
  };
  const polling = startPolling(policy, { intervalMs: 10, maxIntervalMs: 10, schedule, onPoll });
  runs[0]!();
  expect(await heard).toMatchObject({ message: "a fault of the listener" });
  expect(runs).toHaveLength(2);
  polling.stop();
});

/** Serves the two policies in turn, the newer one always with a greater number. */
function alternate(origin: Origin, sequence: number): void {
  origin.file = fileOf(refundPolicy(sequence % 2 === 0 ? 1_000 : 100), sequence, key);
}

test("swaps under load: every call is decided by one bundle wholly, and none is lost", async () => {
  const origin = await startOrigin(small);
  const policy = await followed(origin.address);
  const folder = temporaryFolder();
  const control = await openControl({ policy, folder });
  onTestFinished(() => control.close());
  let done = false;
  let decisions = 0;
  const call = { agent: "shop", action: refund(500) };
  const callers = Array.from({ length: 16 }, async () => {
    for (; !done; decisions++) expect((await control.decide(call)).sequence).not.toBeNull();
  });
  const bundles = new Map([[policy.identity!.bundle, "rule_defer"]]);
  for (let sequence = 2; sequence <= 25; sequence++) {
    alternate(origin, sequence);
    const poll = await policy.poll();
    if (!poll.ok) throw new Error(poll.message);
    bundles.set(poll.identity.bundle, sequence % 2 === 0 ? "rule_permit" : "rule_defer");
    const before = decisions;
    while (decisions < before + 50) await new Promise((resolve) => setImmediate(resolve));
  }
  done = true;
  await Promise.all(callers);
  expect(bundles.size).toBe(2);
  const codes = new Map<string, number>();
  let records = 0;
  for await (const { record } of readRecords(join(folder, "records"), { from: 0, to: null })) {
    const { bundle, code } = JSON.parse(new TextDecoder().decode(record)) as { bundle: string; code: string };
    expect(code).toBe(bundles.get(bundle));
    codes.set(code, (codes.get(code) ?? 0) + 1);
    records++;
  }
  expect(records).toBe(decisions);
  expect(codes.get("rule_permit")).toBeGreaterThan(500);
  expect(codes.get("rule_defer")).toBeGreaterThan(500);
});
