import { describe, expect, test } from "vitest";
import { fromBase64, toBase64 } from "../../bundles/trust/bytes.ts";
import { preAuthenticationEncoding } from "../../bundles/trust/envelope.ts";
import {
  formatInstant,
  generateKey,
  parseInstant,
  parsePrivateKey,
  parsePublicKey,
  parseTrustFile,
  printPrivateKey,
  printPublicKey,
  printTrustFile,
} from "../../bundles/trust/index.ts";
import { parseCanonical, parseJson, printCanonical } from "../../bundles/trust/json.ts";
import { bytes, first, second, text, trustIn } from "./fixtures.ts";

describe("base64 (RFC 4648 section 10)", () => {
  test.each([
    ["", ""],
    ["f", "Zg=="],
    ["fo", "Zm8="],
    ["foo", "Zm9v"],
    ["foob", "Zm9vYg=="],
    ["fooba", "Zm9vYmE="],
    ["foobar", "Zm9vYmFy"],
  ])("%j", (plain, encoded) => {
    expect(toBase64(bytes(plain))).toBe(encoded);
    expect(text(fromBase64(encoded)!)).toBe(plain);
  });

  test("every byte value survives", () => {
    const all = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(fromBase64(toBase64(all))).toEqual(all);
    expect(toBase64(all)).toBe(Buffer.from(all).toString("base64"));
  });

  test.each(["Zg", "Zg=", "Zh==", "Zm9=", "Zm9v\n", " Zm9v", "Zm-_", "Z===", "====", "Zg==Zg=="])(
    "%j is refused",
    (value) => {
      expect(fromBase64(value)).toBeNull();
    },
  );
});

test("pre-authentication encoding, the example of the DSSE specification", () => {
  const encoded = preAuthenticationEncoding("http://example.com/HelloWorld", bytes("hello world"));
  expect(text(encoded)).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
});

describe("instants", () => {
  test.each([
    "1970-01-01T00:00:00Z",
    "2000-02-29T23:59:59Z",
    "2027-12-31T12:30:45Z",
    "9999-12-31T23:59:59Z",
    "0000-03-01T00:00:00Z",
  ])("%s", (value) => {
    expect(parseInstant(value)).toBe(Date.parse(value));
    expect(formatInstant(Date.parse(value))).toBe(value);
  });

  test("every day of forty years agrees with the runtime's calendar", () => {
    for (let ms = Date.UTC(1990, 0, 1); ms < Date.UTC(2030, 0, 1); ms += 86_400_000) {
      expect(formatInstant(ms)).toBe(`${new Date(ms).toISOString().slice(0, 19)}Z`);
    }
  });

  test.each([
    "2027-02-29T00:00:00Z",
    "2027-13-01T00:00:00Z",
    "2027-01-01T24:00:00Z",
    "2027-01-01T00:00:60Z",
    "2027-01-01",
    "2027-01-01T00:00:00+00:00",
    "2027-1-1T0:0:0Z",
  ])("%s is refused", (value) => expect(parseInstant(value)).toBeNull());
});

describe("JSON", () => {
  const parse = (value: string | Uint8Array) =>
    parseJson(typeof value === "string" ? bytes(value) : value, 1_000, "trust_malformed");

  test("values, as maps and without special names", () => {
    const value = parse(' {"__proto__": [null, true, false, -1, 9007199254740991], "a": "\\u00e9\\n"} ');
    expect(value).toEqual(
      new Map<string, unknown>([
        ["__proto__", [null, true, false, -1, 9007199254740991]],
        ["a", "é\n"],
      ]),
    );
  });

  test.each([
    ['{"a":1,"a":1}', "line 1, column 8: field `a` appears twice"],
    ['{"a":1,"\\u0061":1}', "line 1, column 8: field `a` appears twice"],
    ['{\n  "a" 1}', "line 2, column 7: expected `:`"],
    ["{} {}", "line 1, column 4: expected the end of the text"],
    ["", "line 1, column 1: expected a value"],
    ["[1,]", "line 1, column 4: expected a value"],
    ['{"a":1,}', "line 1, column 8: expected a field name"],
    ["[1", "line 1, column 3: expected `,` or `]`"],
    ['"abc', "line 1, column 1: a string does not end"],
    ['"a\tb"', "line 1, column 1: a string holds a control character or an unknown escape"],
    ['"\\ud800"', "line 1, column 1: a string holds half of a surrogate pair"],
    ["1.5", "`1.5` is not a whole number"],
    ["1e3", "`1e3` is not a whole number"],
    ["-0", "`-0` is not a whole number"],
    ["01", "`01` is not a whole number"],
    ["9007199254740992", "is not a whole number"],
    ["[".repeat(17) + "]".repeat(17), "nested deeper than 16"],
    ["\ufeff{}", "expected a value"],
    [`"${"a".repeat(1_000)}"`, "longer than 1000 bytes"],
  ])("%j is refused", (value, message) => {
    expect(() => parse(value)).toThrow(message);
  });

  test("invalid UTF-8 is refused", () => {
    expect(() => parse(Uint8Array.of(0x22, 0xc3, 0x28, 0x22))).toThrow("not valid UTF-8");
  });

  test.each(['{"b":1,"a":1}', '{"a": 1}', '"\\u0061"', '"\\/"', "1 "])("%j is not canonical", (value) => {
    expect(() => parseCanonical(bytes(value), 100, "envelope_malformed")).toThrow("not in canonical form");
  });

  test("canonical text is what is printed", () => {
    const value = '{"":[],"a":{"b":"é\\u0000"},"\\\\":null}';
    expect(printCanonical(parse(value))).toBe('{"":[],"\\\\":null,"a":{"b":"é\\u0000"}}');
  });
});

describe("key files", () => {
  test("a private key file holds its name and both halves, and reads back", () => {
    const file = printPrivateKey(first);
    expect(text(file)).toContain('"name":"key-1"');
    expect(parsePrivateKey(file)).toEqual({ ok: true, key: first });
  });

  test("a public key file reads back and holds no secret", () => {
    const file = printPublicKey(first);
    expect(text(file)).not.toContain("secret");
    const { seed: _, ...half } = first;
    expect(parsePublicKey(file)).toEqual({ ok: true, key: half });
  });

  test.each<[string, (file: string) => string, string]>([
    [
      "other public half",
      (file) => file.replace(toBase64(first.publicKey), toBase64(second.publicKey)),
      "key_mismatch",
    ],
    ["unknown field", (file) => file.replace('{"', '{"also":1,"'), "key_unknown_field"],
    ["duplicate field", (file) => file.replace('{"', '{"name":"x","'), "key_malformed"],
    ["wrong type line", (file) => file.replace("private key v1", "private key v2"), "key_malformed"],
    ["short secret", (file) => file.replace(toBase64(first.seed), "AAAA"), "key_malformed"],
    ["name with a space", (file) => file.replace("key-1", "key 1"), "key_malformed"],
    ["torn", (file) => file.slice(0, -10), "key_malformed"],
    ["empty", () => "", "key_malformed"],
  ])("private: %s", (_, edit, code) => {
    expect(parsePrivateKey(bytes(edit(text(printPrivateKey(first)))))).toMatchObject({ ok: false, code });
  });

  test("a private key file is not taken for a public one, nor the reverse", () => {
    expect(parsePublicKey(printPrivateKey(first))).toMatchObject({ ok: false, code: "key_unknown_field" });
    expect(parsePrivateKey(printPublicKey(first))).toMatchObject({ ok: false, code: "key_malformed" });
  });

  test("a seed or name of another shape is a programmer's error", () => {
    expect(() => generateKey(new Uint8Array(31), "a")).toThrow(RangeError);
    expect(() => generateKey("seed" as never, "a")).toThrow(TypeError);
    expect(() => generateKey(new Uint8Array(32), "")).toThrow(RangeError);
  });
});

describe("trust files", () => {
  const good = text(printTrustFile(trustIn([first, second], 2, { minimumSequence: 3 })));

  test("reads back", () => {
    expect(parseTrustFile(bytes(good))).toEqual({
      ok: true,
      trust: trustIn([first, second], 2, { minimumSequence: 3 }),
    });
  });

  test("`minimum_sequence` may be left out", () => {
    const file = bytes(good.replace(/ {2}"minimum_sequence": 3,\n/, ""));
    expect(parseTrustFile(file)).toMatchObject({ ok: true, trust: { minimumSequence: 0 } });
  });

  test.each<[string, string | RegExp, string, string]>([
    ["unknown field", '"threshold"', '"treshold": 1, "threshold"', "trust_unknown_field"],
    ["unknown field of a key", '"name": "key-1"', '"name": "key-1", "role": "x"', "trust_unknown_field"],
    ["duplicate field", '"threshold": 2', '"threshold": 1, "threshold": 2', "trust_malformed"],
    ["missing threshold", '"threshold": 2,', "", "trust_malformed"],
    ["threshold as text", '"threshold": 2', '"threshold": "2"', "trust_malformed"],
    ["fractional threshold", '"threshold": 2', '"threshold": 1.5', "trust_malformed"],
    ["threshold zero", '"threshold": 2', '"threshold": 0', "trust_threshold_invalid"],
    ["threshold below zero", '"threshold": 2', '"threshold": -1', "trust_threshold_invalid"],
    ["threshold over the keys", '"threshold": 2', '"threshold": 3', "trust_threshold_invalid"],
    ["no keys", /"keys": \[[\s\S]*\]/, '"keys": []', "trust_threshold_invalid"],
    ["keys as object", /"keys": \[[\s\S]*\]/, '"keys": {}', "trust_malformed"],
    ["same key twice", toBase64(second.publicKey), toBase64(first.publicKey), "trust_duplicate_key"],
    ["same name twice", "key-2", "key-1", "trust_duplicate_key"],
    ["unusable key", toBase64(second.publicKey), toBase64(new Uint8Array(32)), "trust_key_invalid"],
    ["short key", toBase64(second.publicKey), "AAAA", "trust_key_invalid"],
    ["key in hex", toBase64(second.publicKey), "zz", "trust_malformed"],
    ["version two", '"version": 1', '"version": 2', "trust_malformed"],
    ["negative minimum", '"minimum_sequence": 3', '"minimum_sequence": -3', "trust_malformed"],
    ["empty validity", "2028-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "trust_malformed"],
    ["date without a time", "2028-01-01T00:00:00Z", "2028-01-01", "trust_malformed"],
    ["name with a line break", '"key-1"', '"key\\n1"', "trust_malformed"],
    ["not JSON", "{", "<", "trust_malformed"],
  ])("%s is refused", (_, from, to, code) => {
    const file = good.replace(from, to);
    expect(file).not.toBe(good);
    const result = parseTrustFile(bytes(file));
    expect(result).toMatchObject({ ok: false, code });
    expect(!result.ok && result.message.length > 0 && result.help.length > 0).toBe(true);
  });
});
