import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { encodeContainer } from "../../bundles/container.ts";
import { printTrustFile } from "../../bundles/trust/index.ts";
import { chainHash, genesis } from "../../control/audit/line.ts";
import { openPolicy, type Policy, PolicyRefused } from "../../hosts/node/index.ts";
import { bundleOf, END_MS, fileOf, keyOf, NOW_MS, refundPolicy, trustIn } from "./policies.ts";
import { temporaryFolder } from "./records.ts";

const first = keyOf(1);
const second = keyOf(2);
const small = refundPolicy(100);
const large = refundPolicy(1_000);
const nowMs = () => NOW_MS;
const refund = (amount: unknown) =>
  JSON.stringify({ agent: "shop", tool: "stripe/refund", args: { amount } });

/** A Buffer's `slice` is no copy. */
const ARRAYS: [string, (bytes: Uint8Array) => Uint8Array][] = [
  ["Uint8Array", (bytes) => new Uint8Array(bytes)],
  ["Buffer", (bytes) => Buffer.from(bytes)],
];

function opened(text = small, sequence = 1): Promise<Policy> {
  return openPolicy(fileOf(text, sequence, first), { trust: trustIn(first), nowMs });
}

async function refusedWith(opening: Promise<Policy>): Promise<string> {
  const error = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof PolicyRefused)) throw new Error(`not refused: ${error}`);
  expect(error.message.length > 0 && error.help.length > 0).toBe(true);
  return error.code;
}

describe("opening", () => {
  test("from files, with a trust file", async () => {
    const folder = temporaryFolder();
    const [bundle, trust] = [join(folder, "policy.fplb"), join(folder, "trust.json")];
    writeFileSync(bundle, fileOf(small, 7, first));
    writeFileSync(trust, printTrustFile(trustIn(first)));
    const policy = await openPolicy(bundle, { trust, nowMs });
    const core = readFileSync(new URL("../../engine/dist/core.wasm", import.meta.url));
    expect(policy.identity).toEqual({
      bundle: createHash("sha256").update(bundleOf(small)).digest("hex"),
      core: createHash("sha256").update(core).digest("hex"),
      signed: true,
      sequence: 7,
      keys: ["key-1"],
    });
    expect(policy.decide(refund(20))).toMatchObject({ effect: "permit", code: "rule_permit" });
  });

  test("unsigned only when asked for, and then it says so", async () => {
    const file = fileOf(small, 1);
    expect(await refusedWith(openPolicy(file, { trust: trustIn(first), nowMs }))).toBe("unsigned");
    const policy = await openPolicy(file, { insecure: true });
    expect(policy.identity).toMatchObject({ signed: false, sequence: null, keys: [] });
    const { entry } = policy.decideRecorded(refund(20));
    expect(JSON.parse(new TextDecoder().decode(entry!.record))).toMatchObject({ signed: false });
  });

  test("with neither trust nor insecure, or both, is a programmer's error", async () => {
    const file = fileOf(small, 1, first);
    await expect(openPolicy(file, {} as never)).rejects.toThrow(TypeError);
    await expect(openPolicy(file, { insecure: true, trust: trustIn(first) } as never)).rejects.toThrow(
      TypeError,
    );
  });

  test("whatever is wrong is a refusal with a code", async () => {
    const folder = temporaryFolder();
    const file = fileOf(small, 1, first);
    const trust = trustIn(first);
    const path = join(folder, "trust.json");
    writeFileSync(path, "{}");
    expect(await refusedWith(openPolicy(join(folder, "none"), { trust, nowMs }))).toBe("file_unreadable");
    expect(await refusedWith(openPolicy(folder, { trust, nowMs }))).toBe("file_unreadable");
    expect(await refusedWith(openPolicy(file, { trust: join(folder, "none"), nowMs }))).toBe(
      "file_unreadable",
    );
    expect(await refusedWith(openPolicy(file, { trust: path, nowMs }))).toBe("trust_malformed");
    expect(await refusedWith(openPolicy(file, { trust: trustIn(second), nowMs }))).toBe(
      "signature_unknown_key",
    );
    expect(await refusedWith(openPolicy(file, { trust, nowMs: () => END_MS }))).toBe("key_expired");
    expect(await refusedWith(openPolicy(file.slice(1), { trust, nowMs }))).toBe("container_bad_magic");
    const noBundle = encodeContainer({ bundle: new Uint8Array(100), envelope: null });
    expect(await refusedWith(openPolicy(noBundle, { insecure: true }))).toBe("bundle_refused");
  });

  test.each(ARRAYS)(
    "what the caller does to the bytes of a %s afterwards changes nothing",
    async (_, arrayOf) => {
      const file = arrayOf(fileOf(small, 1, first));
      const other = fileOf(large, 1, first);
      const opening = openPolicy(file, { trust: trustIn(first), nowMs });
      file.set(other.subarray(0, file.length));
      expect((await opening).decide(refund(500)).effect).toBe("defer");
    },
  );
});

describe("deciding", () => {
  test("text, bytes and objects give the same verdict", async () => {
    const policy = await opened();
    const text = refund(20);
    for (const action of [text, new TextEncoder().encode(text), JSON.parse(text)]) {
      expect(policy.decide(action, { purpose: "support" })).toMatchObject({
        effect: "permit",
        code: "rule_permit",
      });
    }
    expect(policy.decide(refund(640))).toMatchObject({
      effect: "defer",
      reason: "a larger refund needs a person",
    });
  });

  const cyclic: Record<string, unknown> = { agent: "shop" };
  cyclic.self = cyclic;
  test.each<[string, unknown, unknown, string]>([
    ["an empty text", "", undefined, "invalid_json"],
    ["nothing", undefined, undefined, "invalid_json"],
    ["null", null, undefined, "invalid_json"],
    ["a number", 5, undefined, "invalid_json"],
    ["a cycle", cyclic, undefined, "invalid_json"],
    ["a large integer", { agent: "shop", tool: "orders/get", args: { id: 5n } }, undefined, "invalid_json"],
    ["what prints as nothing", { toJSON: () => undefined }, undefined, "invalid_json"],
    [
      "a getter that throws",
      {
        get agent() {
          throw new Error("mine");
        },
      },
      undefined,
      "invalid_json",
    ],
    ["a map", new Map([["agent", "shop"]]), undefined, "invalid_json"],
    ["a list", [], undefined, "invalid_json"],
    ["empty facts", refund(20), "", "facts_invalid"],
    ["facts of null", refund(20), null, "facts_invalid"],
    ["facts in a map", refund(20), new Map([["purpose", "x"]]), "facts_invalid"],
    ["facts in a buffer", refund(20), new ArrayBuffer(8), "facts_invalid"],
  ])("%s is a deny, not a throw", async (_, action, facts, code) => {
    const policy = await opened();
    expect(policy.decide(action as never, facts as never)).toMatchObject({ effect: "deny", code });
    const { verdict, entry } = policy.decideRecorded(action as never, facts as never);
    expect(verdict).toMatchObject({ effect: "deny", code });
    expect(entry).not.toBeNull();
  });

  test("the trace tells the same verdict and its steps", async () => {
    const traced = (await opened()).trace(refund(20));
    expect(traced.verdict.effect).toBe("permit");
    expect(traced.events.length).toBeGreaterThan(0);
  });
});

describe("recording", () => {
  test("records of one policy are chained, also across a reload", async () => {
    const policy = await opened();
    let previous = genesis().previous;
    for (let sequence = 0; sequence < 4; sequence++) {
      if (sequence === 2) await policy.reload(fileOf(large, 2, first));
      const { verdict, entry, failure } = policy.decideRecorded(refund(sequence * 200 + 1));
      expect(failure).toBeNull();
      expect(entry!.sequence).toBe(sequence);
      const record = JSON.parse(new TextDecoder().decode(entry!.record));
      expect(record).toMatchObject({
        sequence,
        effect: verdict.effect,
        previous: Buffer.from(previous).toString("hex"),
        bundle: policy.identity.bundle,
        engine: policy.identity.core,
        signed: true,
      });
      expect(entry!.hash).toEqual(chainHash(previous, entry!.record));
      previous = entry!.hash.slice();
      // The caller's own: the chain goes on without it.
      entry!.hash.fill(0);
    }
  });
});

describe("reloading", () => {
  test("a newer bundle by another trusted key is taken into use", async () => {
    const policy = await opened();
    expect(policy.decide(refund(500)).effect).toBe("defer");
    const options = { trust: trustIn(first, second), nowMs };
    expect(await policy.reload(fileOf(large, 2, second), options)).toMatchObject({
      ok: true,
      identity: { sequence: 2, keys: ["key-2"] },
    });
    expect(policy.decide(refund(500)).effect).toBe("permit");
    expect(await policy.reload(fileOf(small, 3, second))).toMatchObject({ ok: true });
    expect(policy.decide(refund(500)).effect).toBe("defer");
  });

  test("refused, the last good policy stays", async () => {
    const policy = await opened(large, 5);
    const { identity } = policy;
    const trust = trustIn(first);
    const refused: [Uint8Array, string][] = [
      [fileOf(small, 4, first), "sequence_older"],
      [fileOf(small, 5, first), "sequence_reused"],
      [fileOf(small, 6, second), "signature_unknown_key"],
      [fileOf(small, 6), "unsigned"],
      [fileOf(small, 6, first).slice(0, -1), "container_truncated"],
      [new Uint8Array(0), "container_truncated"],
    ];
    for (const [file, code] of refused) {
      expect(await policy.reload(file, { trust, nowMs })).toMatchObject({ ok: false, code });
      expect(policy.identity).toBe(identity);
      expect(policy.decide(refund(500)).effect).toBe("permit");
    }
    expect(await policy.reload(fileOf(large, 5, first))).toMatchObject({ ok: true });
  });

  test("at once, they end in the newest", async () => {
    const policy = await opened();
    const results = await Promise.all(
      [3, 4, 2].map((sequence) => policy.reload(fileOf(large, sequence, first))),
    );
    expect(results.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(policy.identity.sequence).toBe(4);
  });
});

describe("the state file", () => {
  const trust = trustIn(first);

  test("closes the way back across restarts", async () => {
    const state = join(temporaryFolder(), "state.json");
    await openPolicy(fileOf(large, 5, first), { trust, nowMs, state });
    const remembered = readFileSync(state, "utf8");
    expect(JSON.parse(remembered)).toMatchObject({ sequence: 5, version: 1 });
    expect(await refusedWith(openPolicy(fileOf(small, 4, first), { trust, nowMs, state }))).toBe(
      "sequence_older",
    );
    expect(await refusedWith(openPolicy(fileOf(small, 5, first), { trust, nowMs, state }))).toBe(
      "sequence_reused",
    );
    expect(readFileSync(state, "utf8")).toBe(remembered);
    const policy = await openPolicy(fileOf(large, 5, first), { trust, nowMs, state });
    await policy.reload(fileOf(small, 6, first));
    expect(await refusedWith(openPolicy(fileOf(large, 5, first), { trust, nowMs, state }))).toBe(
      "sequence_older",
    );
  });

  test("a bundle that the core refuses is not remembered", async () => {
    const state = join(temporaryFolder(), "state.json");
    const { sign } = await import("../../bundles/trust/index.ts");
    const bundle = new Uint8Array(100);
    const signed = sign(bundle, {
      keys: [first],
      sequence: 9,
      sources: [],
      compiler: { name: "a", version: "1" },
    });
    const file = encodeContainer({ bundle, envelope: signed.ok ? signed.envelope : null });
    expect(await refusedWith(openPolicy(file, { trust, nowMs, state }))).toBe("bundle_refused");
    expect(existsSync(state)).toBe(false);
  });

  test.each([
    "",
    "{}",
    '{"digest":"","sequence":1,"version":1}\n',
    `{"digest":"${"a".repeat(64)}","sequence":9999999999999999,"version":1}\n`,
    `{"digest":"${"a".repeat(64)}","sequence":1,"version":1}`,
  ])("malformed, it refuses rather than forgets: %j", async (text) => {
    const state = join(temporaryFolder(), "state.json");
    writeFileSync(state, text);
    expect(await refusedWith(openPolicy(fileOf(small, 1, first), { trust, nowMs, state }))).toBe(
      "state_malformed",
    );
    expect(readFileSync(state, "utf8")).toBe(text);
  });

  test("that cannot be written, nothing is taken into use", async () => {
    const state = join(temporaryFolder(), "absent", "state.json");
    expect(await refusedWith(openPolicy(fileOf(small, 1, first), { trust, nowMs, state }))).toBe(
      "state_unwritable",
    );
  });
});
