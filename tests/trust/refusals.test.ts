import { describe, expect, test } from "vitest";
import { encodeContainer } from "../../bundles/container.ts";
import { load } from "../../bundles/load.ts";
import { TRUST_REFUSALS, type TrustCode } from "../../bundles/trust/index.ts";
import { bundle, first, options, trustIn } from "./fixtures.ts";

import { digest, good, REFUSALS } from "./refusals.ts";

describe("refused", () => {
  test.each(REFUSALS)("%s", (_, file, given, code) => {
    const result = load(file, given);
    expect(result).toMatchObject({ ok: false, code, help: TRUST_REFUSALS[code].help });
    expect(!result.ok && result.message.startsWith(TRUST_REFUSALS[code].message)).toBe(true);
  });

  test("the tables of tests name every code", () => {
    const here = new Set(REFUSALS.map(([, , , code]) => code));
    const elsewhere = [
      "trust_unknown_field",
      "key_malformed",
      "key_unknown_field",
      "key_mismatch",
      "signature_already_present",
    ];
    expect(
      Object.keys(TRUST_REFUSALS)
        .filter((code) => !here.has(code as TrustCode))
        .sort(),
    ).toEqual(elsewhere.sort());
  });
});

describe("insecure, asked for explicitly", () => {
  test("an unsigned bundle loads and is not called signed", () => {
    const result = load(encodeContainer({ bundle, envelope: null }), { insecure: true });
    expect(result).toEqual({ ok: true, bundle, digest, signed: false, sequence: null, keys: [] });
  });

  test("a signed bundle is not called signed either, and its sequence is not taken", () => {
    expect(load(good, { insecure: true })).toMatchObject({
      ok: true,
      signed: false,
      sequence: null,
      keys: [],
    });
  });

  test.each([
    "container_truncated",
    "container_trailing_bytes",
    "envelope_malformed",
    "signature_missing",
    "digest_mismatch",
    "statement_malformed",
  ] as const)("%s is refused even so", (code) => {
    const [, file] = REFUSALS.find(([, , , expected]) => expected === code)!;
    expect(load(file, { insecure: true })).toMatchObject({ ok: false, code });
  });

  test.each([
    [{}],
    [{ insecure: false }],
    [{ insecure: "true" }],
    [{ trust: undefined, nowMs: 1, highest: null }],
    [{ insecure: true, trust: trustIn([first]) }],
  ])("%j is a programmer's error", (given) => expect(() => load(good, given as never)).toThrow(TypeError));

  test("a clock that is no number is a programmer's error", () => {
    expect(() => load(good, options({ nowMs: Number.NaN }))).toThrow(RangeError);
  });

  test("a remembered sequence that is no number is a programmer's error", () => {
    const highest = { sequence: Number.NaN, digest: "" };
    expect(() => load(good, options({ highest }))).toThrow(RangeError);
  });
});
