import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../engine/build.mjs";
import { CODE_INTEGER_INEXACT, CODE_INVALID_JSON, CODE_NUMBER_OUT_OF_RANGE } from "../../engine/constants.ts";
import { generator, instantiate, openCore } from "./json-core.ts";

const core = openCore();
const SEED = 20261122;

/** The exact value of a decimal text: digits * 10^exponent, the digits not ending in zero. */
function exactValue(text: string): { digits: bigint; exponent: number } {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, "");
  const kept = all.replace(/0+$/, "");
  if (kept === "") return { digits: 0n, exponent: 0 };
  const value = BigInt(kept) * (sign === "-" ? -1n : 1n);
  return { digits: value, exponent: Number(exponent) - fraction.length + (all.length - kept.length) };
}

/** What the specification asks for, by the host's own conversions. */
function expected(text: string): string | number {
  const value = Number(text);
  if (!Number.isFinite(value)) return CODE_NUMBER_OUT_OF_RANGE;
  const canonical = String(value === 0 ? 0 : value);
  const before = exactValue(text);
  const after = exactValue(canonical);
  const isInteger = before.exponent >= 0;
  if (isInteger && (before.digits !== after.digits || before.exponent !== after.exponent))
    return CODE_INTEGER_INEXACT;
  return canonical;
}

function actual(text: string): string | number {
  const result = core.canonicalize(text);
  return typeof result === "string" ? result : result.code;
}

/** Checks many texts without the cost of an assertion for each. */
function agree(count: number, make: (below: (n: number) => number) => string): void {
  const below = generator(SEED);
  const wrong: { text: string; got: string | number; want: string | number }[] = [];
  for (let i = 0; i < count && wrong.length < 5; i++) {
    const text = make(below);
    const got = actual(text);
    const want = expected(text);
    if (got !== want) wrong.push({ text, got, want });
  }
  expect(wrong, `seed ${SEED}`).toEqual([]);
}

const view = new DataView(new ArrayBuffer(8));

function doubleOf(high: number, low: number): number {
  view.setUint32(0, high);
  view.setUint32(4, low);
  return view.getFloat64(0);
}

function finiteDouble(below: (n: number) => number): number {
  const value = doubleOf(below(2 ** 32), below(2 ** 32));
  return Number.isFinite(value) ? value : 1.5;
}

function digitsOf(below: (n: number) => number, count: number): string {
  let text = "";
  for (let i = 0; i < count; i++) text += below(10);
  return text;
}

/** The exact decimal expansion of significand * 2^exponent. */
function expand(significand: bigint, exponent: number): string {
  if (exponent >= 0) return String(significand << BigInt(exponent));
  return `${significand * 5n ** BigInt(-exponent)}e${exponent}`;
}

describe("numbers are written as the nearest double's shortest text", () => {
  test.each([
    ["0", "0"],
    ["-0", "0"],
    ["-0.0e5", "0"],
    ["1.0", "1"],
    ["20.50", "20.5"],
    ["-1e3", "-1000"],
    ["1E2", "100"],
    ["123e-2", "1.23"],
    ["0.000001", "0.000001"],
    ["0.0000001", "1e-7"],
    ["1e20", "100000000000000000000"],
    ["1e21", "1e+21"],
    ["1e23", "1e+23"],
    ["9007199254740992", "9007199254740992"],
    ["0.1000000000000000055511151231257827", "0.1"],
    ["0.30000000000000004", "0.30000000000000004"],
    ["5e-324", "5e-324"],
    ["2.4703282292062328e-324", "5e-324"],
    ["2.4703282292062327e-324", "0"],
    ["-1e-400", "0"],
    ["2.2250738585072011e-308", "2.225073858507201e-308"],
    ["1.7976931348623157e308", "1.7976931348623157e+308"],
    ["9007199254740993.5", "9007199254740994"],
    [`0.${"0".repeat(400)}1e400`, "0.1"],
    [`0.${"0".repeat(2000)}1e99999999999999999999`, CODE_NUMBER_OUT_OF_RANGE],
    [`0e${"9".repeat(40)}`, "0"],
    [`1e-${"9".repeat(40)}`, "0"],
    ["1.7976931348623159e308", CODE_NUMBER_OUT_OF_RANGE],
    ["1e309", CODE_NUMBER_OUT_OF_RANGE],
    ["-1e400", CODE_NUMBER_OUT_OF_RANGE],
    ["12345678901234567890", CODE_INTEGER_INEXACT],
    ["9007199254740993", CODE_INTEGER_INEXACT],
    ["-9007199254740993.000", CODE_INTEGER_INEXACT],
    ["1234567890123456789e1", CODE_INTEGER_INEXACT],
    ["01", CODE_INVALID_JSON],
    ["-", CODE_INVALID_JSON],
    ["1.", CODE_INVALID_JSON],
    [".5", CODE_INVALID_JSON],
    ["+1", CODE_INVALID_JSON],
    ["1e", CODE_INVALID_JSON],
    ["1e+", CODE_INVALID_JSON],
    ["1.e1", CODE_INVALID_JSON],
    ["-01", CODE_INVALID_JSON],
    ["0x10", CODE_INVALID_JSON],
    ["1_000", CODE_INVALID_JSON],
  ])("%s gives %s", (text, result) => {
    expect(actual(text)).toBe(result);
  });

  test("the texts of random doubles", () => {
    agree(80_000, (below) => String(finiteDouble(below)));
  });

  test("doubles at the ends of the range: subnormal, and with few bits set", () => {
    agree(20_000, (below) => String(doubleOf(below(2 ** 32) & 0x800fffff, below(2 ** 32) >>> below(32))));
    agree(20_000, (below) => String(doubleOf(below(0x7ff) << 20, below(2) === 0 ? 0 : 1 << below(32))));
  });

  test("decimals of 1 to 40 digits before, and behind the point, with any exponent", () => {
    agree(40_000, (below) => {
      const sign = below(2) === 0 ? "" : "-";
      const whole = `${1 + below(9)}${digitsOf(below, below(40))}`;
      const fraction = below(2) === 0 ? "" : `.${digitsOf(below, 1 + below(40))}`;
      return `${sign}${whole}${fraction}e${below(680) - 350}`;
    });
    agree(40_000, (below) => `0.${digitsOf(below, 1 + below(25))}`);
    agree(20_000, (below) => `${1 + below(9)}${digitsOf(below, below(24))}`);
  });

  test("points half-way between doubles, and a digit to either side of them", () => {
    agree(10_000, (below) => {
      const bits = below(2) === 0 ? 53 : 1 + below(53);
      const significand = (1n << 53n) | (BigInt(below(2 ** 32)) << 21n) | BigInt(below(2 ** 21)) | 1n;
      const exact = expand(significand >> BigInt(53 - bits), below(2040) - 1080);
      const [digits = "", exponent = "0"] = exact.split("e");
      const side = below(3);
      const shifted = `${Number(exponent) - 30}`;
      if (side === 0) return exact;
      if (side === 1) return `${digits}${"0".repeat(29)}1e${shifted}`;
      return `${BigInt(digits) - 1n}${"9".repeat(30)}e${shifted}`;
    });
  });

  test("a million digits are read in a moment, and the last of them can decide", () => {
    const tie = String((1n << 53n) + 1n);
    const zeros = "0".repeat(1_000_000);
    const start = performance.now();
    expect(actual(`${tie}.${zeros}1`)).toBe("9007199254740994");
    expect(actual(`${tie}.5${zeros}`)).toBe("9007199254740994");
    expect(actual(`${"9".repeat(1_000_000)}`)).toBe(CODE_NUMBER_OUT_OF_RANGE);
    expect(actual(`0.${"7".repeat(1_000_000)}`)).toBe("0.7777777777777778");
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

const PROBE = `
import { parse } from "./json/parse";
import { firstOf, nextOf } from "./json/tape";
import { compareEntry, compareInteger, compareNodes, compareRead, exponent, integer, mantissa, negative, readEntry, readInteger, readNode } from "./number/decimal";

const TAPE: usize = 0x20000;
const SCRATCH: usize = 0x30000;
export const text: usize = 0x10000;
export const entry: usize = 0x18000;

export function reserve(): void { memory.grow(8); }
export function read(length: u32): u32 { return parse(text, length, TAPE, SCRATCH); }
export function comparePair(): i32 { return compareNodes(firstOf(TAPE), nextOf(firstOf(TAPE))); }
export function compareWithEntry(): i32 { return compareEntry(TAPE, entry); }
export function compareEntries(): i32 {
  readEntry(entry);
  return compareRead(load<u64>(entry, 16), load<i32>(entry, 24), load<u32>(entry, 28) != 0);
}
export function compareWithInteger(value: u32): i32 { readNode(TAPE); return compareInteger(value); }
export function readInteger32(maximum: u32): bool { return readInteger(TAPE, maximum); }
export function value(): u32 { readNode(TAPE); store<u64>(entry, mantissa); store<i32>(entry, exponent, 8); store<u32>(entry, negative, 12); return 0; }
export function lastInteger(): u32 { return <u32>integer; }
`;

describe("exact decimal values", () => {
  let call: ReturnType<typeof instantiate>["call"];
  let memory: DataView;
  const TEXT = 0x10000;
  const ENTRY = 0x18000;

  beforeAll(async () => {
    const wasm = await compile(undefined, "engine/assembly/probe.ts", { "engine/assembly/probe.ts": PROBE });
    const module = instantiate(wasm);
    call = module.call;
    call("reserve")();
    memory = new DataView(module.memory.buffer);
  });

  function read(text: string): void {
    const written = new TextEncoder().encodeInto(text, new Uint8Array(memory.buffer, TEXT, 0x8000)).written;
    expect(call("read")(written), text).toBe(0);
  }

  function order(
    left: { digits: bigint; exponent: number },
    right: { digits: bigint; exponent: number },
  ): number {
    const shift = Math.min(left.exponent, right.exponent);
    const a = left.digits * 10n ** BigInt(left.exponent - shift);
    const b = right.digits * 10n ** BigInt(right.exponent - shift);
    return a < b ? -1 : a > b ? 1 : 0;
  }

  function writeEntry(at: number, value: { digits: bigint; exponent: number }): void {
    memory.setBigUint64(at, value.digits < 0n ? -value.digits : value.digits, true);
    memory.setInt32(at + 8, value.exponent, true);
    memory.setUint32(at + 12, value.digits < 0n ? 1 : 0, true);
  }

  function randomText(below: (n: number) => number): string {
    const sign = below(3) === 0 ? "-" : "";
    const kind = below(5);
    if (kind === 0) return `${sign}${below(3)}`;
    if (kind === 1) return `${sign}${below(1000)}.${digitsOf(below, 1 + below(6))}`;
    if (kind === 2) return String(finiteDouble(below));
    if (kind === 3) return `${sign}${1 + below(9)}e${below(40) - 20}`;
    return `${sign}${1 + below(9)}${digitsOf(below, below(15))}`;
  }

  test.each([
    ["0", 0n, 0, 0],
    ["-0.0", 0n, 0, 0],
    ["100", 1n, 2, 0],
    ["-20.50", 205n, -1, 1],
    ["100000000000000000000", 1n, 20, 0],
    ["1.5e-7", 15n, -8, 0],
    ["1e+21", 1n, 21, 0],
    ["1001.001", 1001001n, -3, 0],
    ["1.7976931348623157e308", 17976931348623157n, 292, 0],
  ])("%s is read exactly", (text, mantissa, exponent, negative) => {
    read(text);
    call("value")();
    expect(memory.getBigUint64(ENTRY, true)).toBe(mantissa);
    expect(memory.getInt32(ENTRY + 8, true)).toBe(exponent);
    expect(memory.getUint32(ENTRY + 12, true)).toBe(negative);
  });

  test("two numbers of a text compare as their canonical texts do", () => {
    const below = generator(SEED);
    for (let i = 0; i < 20_000; i++) {
      const left = randomText(below);
      const right = below(4) === 0 ? left : randomText(below);
      read(`[${left},${right}]`);
      const want = order(exactValue(String(Number(left))), exactValue(String(Number(right))));
      if (call("comparePair")() !== want) throw new Error(`${left} and ${right}: not ${want}`);
    }
  });

  test("a number compares with a bundle's number, which may have 19 digits", () => {
    const below = generator(SEED + 1);
    for (let i = 0; i < 20_000; i++) {
      const left = randomText(below);
      const digits = `${1 + below(9)}${digitsOf(below, below(19))}`;
      const right = exactValue(below(3) === 0 ? left : `${below(2) ? "-" : ""}${digits}e${below(40) - 25}`);
      const value = exactValue(String(Number(left)));
      read(left);
      writeEntry(ENTRY, right);
      const want = order(value, right);
      if (call("compareWithEntry")() !== want)
        throw new Error(`${left} and ${right.digits}e${right.exponent}: not ${want}`);
      writeEntry(ENTRY, value);
      writeEntry(ENTRY + 16, right);
      if (call("compareEntries")() !== want)
        throw new Error(`entries ${left}, ${right.digits}e${right.exponent}: not ${want}`);
    }
  });

  test("a number compares with a length, and gives an integer up to a maximum", () => {
    for (const [text, value, want] of [
      ["3", 3, 0],
      ["3.0", 3, 0],
      ["2.9", 3, -1],
      ["-1", 0, -1],
      ["1e3", 999, 1],
      ["0", 0, 0],
    ] as const) {
      read(text);
      expect(call("compareWithInteger")(value), text).toBe(want);
    }
    for (const [text, want] of [
      ["65535", 65535],
      ["65536", null],
      ["6.5535e4", 65535],
      ["0", 0],
      ["-1", null],
      ["1.5", null],
      ["1e300", null],
      ["100", 100],
    ] as const) {
      read(text);
      expect(call("readInteger32")(65535) !== 0, text).toBe(want !== null);
      if (want !== null) expect(call("lastInteger")(), text).toBe(want);
    }
  });
});
