import { describe, expect, test } from "vitest";
import { decodeContainer } from "../../bundles/container.ts";
import { load } from "../../bundles/load.ts";
import { addSignature, sha256Hex, sign, verify } from "../../bundles/trust/index.ts";
import {
  bundle,
  bytes,
  changed,
  containerBy,
  envelopeBy,
  first,
  keyOf,
  NOW_MS,
  options,
  otherBundle,
  second,
  third,
  trustIn,
  withEnvelope,
} from "./fixtures.ts";

const good = containerBy([first]);
const digest = sha256Hex(bundle);

test("a signed bundle loads and says by whom", () => {
  const result = load(good, options());
  expect(result).toEqual({
    ok: true,
    bundle,
    digest: sha256Hex(bundle),
    signed: true,
    sequence: 7,
    keys: ["key-1"],
  });
});

test("signing is deterministic, whatever the order of keys and sources", () => {
  const sources = [
    { name: "b.fpl", sha256: "b".repeat(64) },
    { name: "a.fpl", sha256: "a".repeat(64) },
  ];
  const rest = { sequence: 1, compiler: { name: "faramesh", version: "0.1.0" } };
  const one = sign(bundle, { keys: [first, second], sources, ...rest });
  const two = sign(bundle, { keys: [second, first], sources: [...sources].reverse(), ...rest });
  expect(one).toEqual(two);
  expect(one.ok).toBe(true);
});

describe("single-byte flips", () => {
  const trust = options({ trust: trustIn([first, second]) });

  test("every byte of a signed container, every bit of its header", () => {
    const file = containerBy([first, second]);
    const survivors: number[] = [];
    for (let at = 0; at < file.length; at++) {
      const bits = at < 16 ? [1, 2, 4, 8, 16, 32, 64, 128] : [1 << (at % 7)];
      for (const bit of bits) {
        if (load(changed(file, at, file[at]! ^ bit), trust).ok) survivors.push(at);
      }
    }
    expect(survivors).toEqual([]);
  });

  test("every byte of an envelope, also replaced by another base64 digit", () => {
    const envelope = envelopeBy([first]);
    const survivors: number[] = [];
    for (let at = 0; at < envelope.length; at++) {
      const other = envelope[at] === 0x41 ? 0x42 : 0x41;
      const given = { trust: trustIn([first]), nowMs: NOW_MS, highest: null };
      if (verify(bundle, changed(envelope, at, other), given).ok) survivors.push(at);
    }
    expect(survivors).toEqual([]);
  });

  test("every truncation is refused", () => {
    const file = containerBy([first]);
    for (let length = 0; length < file.length; length++) {
      expect(decodeContainer(file.subarray(0, length)).ok).toBe(false);
    }
  });
});

describe("thresholds and rotation", () => {
  test("two key holders sign one after the other", () => {
    const added = addSignature(bundle, envelopeBy([second]), first);
    if (!added.ok) throw new Error(added.message);
    const result = load(withEnvelope(added.envelope), options({ trust: trustIn([first, second, third], 2) }));
    expect(result.ok && [...result.keys].sort()).toEqual(["key-1", "key-2"]);
    expect(added.envelope).toEqual(envelopeBy([first, second]));
  });

  test("a key does not sign twice", () => {
    expect(addSignature(bundle, envelopeBy([first]), first)).toMatchObject({
      ok: false,
      code: "signature_already_present",
    });
    const rest = { sequence: 1, sources: [], compiler: { name: "faramesh", version: "0.1.0" } };
    expect(sign(bundle, { keys: [first, first], ...rest })).toMatchObject({
      ok: false,
      code: "signature_already_present",
    });
    expect(sign(bundle, { keys: [], ...rest })).toMatchObject({ ok: false, code: "signature_missing" });
  });

  test("a signature is not added to an envelope about another bundle or a malformed one", () => {
    expect(addSignature(otherBundle, envelopeBy([first]), second)).toMatchObject({
      ok: false,
      code: "digest_mismatch",
    });
    expect(addSignature(bundle, bytes("{}"), second)).toMatchObject({
      ok: false,
      code: "envelope_malformed",
    });
  });

  test.each([-1, 1.5, 2 ** 53])("sequence %d is not signed", (sequence) => {
    const result = sign(bundle, {
      keys: [first],
      sequence,
      sources: [],
      compiler: { name: "faramesh", version: "1" },
    });
    expect(result).toMatchObject({ ok: false, code: "statement_malformed" });
  });

  test("rotation: both keys trusted, then the new one signs, then the old one goes", () => {
    const newer = keyOf(9);
    const both = trustIn([first, newer]);
    expect(load(containerBy([first], 7), options({ trust: both })).ok).toBe(true);
    expect(load(containerBy([newer], 8), options({ trust: both })).ok).toBe(true);
    expect(load(containerBy([newer], 8), options({ trust: trustIn([newer]) })).ok).toBe(true);
    expect(load(containerBy([first], 9), options({ trust: trustIn([newer]) }))).toMatchObject({
      code: "signature_unknown_key",
    });
  });

  test("the same bundle again, and a newer one, are no rollback", () => {
    const highest = { sequence: 7, digest };
    expect(load(good, options({ highest })).ok).toBe(true);
    expect(load(containerBy([first], 8, otherBundle), options({ highest })).ok).toBe(true);
  });
});

describe("a policy source", () => {
  const source = {
    sequence: 0,
    sources: [],
    compiler: { name: "faramesh", version: "0.1.0" },
    kind: "source" as const,
  };
  const given = { trust: trustIn([first]), nowMs: NOW_MS, highest: null };

  test("is signed as one and never passes for a bundle, nor the reverse", () => {
    const signed = sign(bundle, { keys: [first], ...source });
    if (!signed.ok) throw new Error(signed.message);
    expect(verify(bundle, signed.envelope, { ...given, kind: "source" })).toMatchObject({
      ok: true,
      keys: ["key-1"],
    });
    const wrong = { ok: false, code: "statement_type_wrong" };
    expect(verify(bundle, signed.envelope, given)).toMatchObject(wrong);
    expect(load(withEnvelope(signed.envelope), options())).toMatchObject(wrong);
    expect(load(withEnvelope(signed.envelope), { insecure: true })).toMatchObject(wrong);
    expect(addSignature(bundle, signed.envelope, second)).toMatchObject(wrong);
    expect(verify(bundle, envelopeBy([first]), { ...given, kind: "source" })).toMatchObject(wrong);
  });
});
