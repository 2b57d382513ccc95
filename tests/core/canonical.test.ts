import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { CODE_CANONICAL_TOO_LARGE, MAX_CANONICAL_BYTES } from "../../engine/constants.ts";
import { canonicalOf, generator, type Json, openCore } from "./json-core.ts";

const core = openCore();
const SEED = 8785;

const VECTORS = fileURLToPath(new URL("../../../shared/data/rfc8785/", import.meta.url));
const hasVectors = existsSync(VECTORS);
if (!hasVectors)
  console.warn("skipped: the RFC 8785 files are not beside this checkout (../shared/data/rfc8785)");

describe.skipIf(!hasVectors)("the files of RFC 8785", () => {
  const names = hasVectors ? readdirSync(`${VECTORS}input`) : [];

  test("are all there", () => {
    expect(names.length).toBeGreaterThanOrEqual(6);
  });

  test.each(names)("%s, byte for byte", (name) => {
    const result = core.canonicalize(readFileSync(`${VECTORS}input/${name}`));
    if (typeof result !== "string") throw new Error(`refused: ${JSON.stringify(result)}`);
    const hex = readFileSync(`${VECTORS}outhex/${name.replace(/\.json$/, ".txt")}`, "utf8").replace(
      /\s+/g,
      "",
    );
    expect(Buffer.from(result).toString("hex")).toBe(hex.toLowerCase());
  });
});

describe("strings", () => {
  test("every escape has its one form (section 3.2.2.2)", () => {
    const all = Array.from(
      { length: 0x20 },
      (_, code) => `\\u00${code.toString(16).toUpperCase().padStart(2, "0")}`,
    );
    const text = `"${all.join("")}\\u0022\\u005c\\u002F\\/\\"\\\\\\b\\f\\n\\r\\t\\u007f\\u00e9\\u20AC\\ud83d\\uDE00"`;
    expect(core.canonicalize(text)).toBe(JSON.stringify(JSON.parse(text)));
  });

  test("an escape at every place of a string of every length up to 40", () => {
    for (let length = 1; length <= 40; length++) {
      for (let place = 0; place < length; place++) {
        for (const written of ["\\u0001", "\\n", "\\\\", "\\u0041", "\\ud83d\\ude00"]) {
          const text = `"${"x".repeat(place)}${written}${"é".repeat(length - place - 1)}"`;
          expect(core.canonicalize(text), text).toBe(JSON.stringify(JSON.parse(text)));
        }
      }
    }
  });
});

describe("members", () => {
  test("are sorted by UTF-16 code units, not by code points", () => {
    const keys = [
      "\u{1f600}",
      "\ufb33",
      "\ue000",
      "\uffff",
      "\ud7ff",
      "\u{10ffff}",
      "z",
      "",
      "za",
      "\u{10000}",
      "\u007f",
      "é",
    ];
    const source = `{${keys.map((key, index) => `${JSON.stringify(key)}:${index}`).join(",")}}`;
    expect(core.canonicalize(source)).toBe(canonicalOf(JSON.parse(source) as Json));
  });

  test("many, with long common beginnings, in any order", () => {
    const below = generator(SEED);
    for (const count of [2, 11, 12, 13, 14, 100, 1000]) {
      const keys = new Set<string>();
      while (keys.size < count) {
        const stem = "shared-beginning".slice(0, below(17));
        keys.add(
          stem +
            String.fromCodePoint([0x61, 0xe9, 0xe000, 0x1f600, 0xfffd][below(5)]!).repeat(below(9)) +
            below(999),
        );
      }
      const source = `{${[...keys].map((key) => `${JSON.stringify(key)}:{"b":[],"a":{}}`).join(" ,\n")}}`;
      expect(core.canonicalize(source)).toBe(canonicalOf(JSON.parse(source) as Json));
    }
  });
});

function randomString(below: (n: number) => number): string {
  const alphabet = [
    '"',
    "\\",
    "/",
    "\n",
    "\u0000",
    "a",
    "b",
    "Z",
    " ",
    "é",
    "€",
    "\ue000",
    "\u{1f600}",
    "\u007f",
  ];
  return Array.from(
    { length: below(3) === 0 ? below(40) : below(6) },
    () => alphabet[below(alphabet.length)],
  ).join("");
}

function randomJson(below: (n: number) => number, depth: number): Json {
  const kind = below(depth > 5 ? 5 : 7);
  if (kind === 0) return [null, true, false][below(3)]!;
  if (kind === 1) return below(100_000) - 50_000;
  if (kind === 2) return (below(2 ** 32) - 2 ** 31) * 10 ** (below(60) - 30);
  if (kind <= 4) return randomString(below);
  if (kind === 5) return Array.from({ length: below(5) }, () => randomJson(below, depth + 1));
  const members = Array.from({ length: below(below(8) === 0 ? 20 : 5) }, () => [
    randomString(below),
    randomJson(below, depth + 1),
  ]);
  return Object.fromEntries(members) as Json;
}

describe("whole documents", () => {
  test("agree with an independent implementation, and once more with themselves", () => {
    const below = generator(SEED);
    for (let i = 0; i < 20_000; i++) {
      const value = randomJson(below, 0);
      const source = JSON.stringify(value, null, below(3));
      const result = core.canonicalize(source);
      expect(result, `seed ${SEED}, document ${i}`).toBe(canonicalOf(JSON.parse(source) as Json));
      expect(core.canonicalize(result as string)).toBe(result);
    }
  });

  test("the canonical form has a limit of its own, met exactly", () => {
    const twenty = MAX_CANONICAL_BYTES - 2;
    const count = Math.floor((twenty + 1) / 22);
    const filler = twenty - (count * 22 - 1);
    const list = (padding: number) =>
      `[${"1e20,".repeat(count - 1)}${`1e20${padding >= 2 ? `,${"1".repeat(Math.min(padding - 1, 15))}` : ""}`}]`;
    const fits = list(filler);
    const result = core.canonicalize(fits);
    if (typeof result !== "string") throw new Error(JSON.stringify(result));
    expect(result.length).toBeLessThanOrEqual(MAX_CANONICAL_BYTES);
    expect(core.canonicalize(fits.replace("]", ",1e20]"))).toMatchObject({ code: CODE_CANONICAL_TOO_LARGE });
  });

  test("a string that fills the limit is written whole, and the size of the text alone decides", () => {
    const text = `"${"x".repeat(MAX_CANONICAL_BYTES - 2)}"`;
    expect(core.canonicalize(text)).toBe(text);
  });
});
