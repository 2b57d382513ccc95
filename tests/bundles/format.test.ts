import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compile } from "../../bundles/compile/compile.ts";
import { decode, FormatError } from "../../bundles/format/decode.ts";
import { encode } from "../../bundles/format/encode.ts";
import { hashName } from "../../bundles/format/hash.ts";
import type { Ir } from "../../bundles/format/ir.ts";
import { canonicalJson } from "../../bundles/format/json.ts";
import { compareNumbers, compareText } from "../../bundles/format/order.ts";
import { EFFECT_PERMIT, MAX_RULES } from "../../engine/constants.ts";
import { check } from "../../fpl-grammar/index.ts";
import { agent, compare, constant, decimal, field, program, rule } from "./programs.ts";
import { sample } from "./sample.ts";

function build(source = sample()): { bundle: Uint8Array; ir: Ir } {
  const { bundle, ir, diagnostics } = compile(source);
  expect(diagnostics).toEqual([]);
  return { bundle: bundle!, ir: ir! };
}

function small(): Uint8Array {
  const condition = compare(field("args", "amount"), "<=", constant(decimal("500")));
  return build(program([agent("a", { rules: [rule("permit", "pay", condition), rule("deny", "pay/*")] })]))
    .bundle;
}

/** Text that differs when the IR does. */
function textOf(ir: Ir): string {
  return JSON.stringify(ir, (_, value) => (typeof value === "bigint" ? `${value}n` : value));
}

function refusal(bytes: Uint8Array): FormatError | null {
  try {
    decode(bytes);
    return null;
  } catch (error) {
    if (error instanceof FormatError) return error;
    throw error;
  }
}

describe("round trip", () => {
  test("decode gives the IR that was encoded, and encode the same bytes", () => {
    const { bundle, ir } = build();
    expect(decode(bundle)).toEqual(ir);
    expect(encode(decode(bundle))).toEqual(bundle);
  });

  test("a program without agents, and one agent without rules", () => {
    for (const source of [program([]), program([agent("a")])]) {
      const { bundle, ir } = build(source);
      expect(decode(bundle)).toEqual(ir);
    }
  });

  test("a bundle inside a larger buffer", () => {
    const { bundle, ir } = build();
    const room = new Uint8Array(bundle.length + 24);
    room.set(bundle, 11);
    expect(decode(room.subarray(11, 11 + bundle.length))).toEqual(ir);
  });
});

describe("only one encoding is read", () => {
  test("every single-byte flip is refused or is another IR", () => {
    const bytes = small();
    const original = textOf(decode(bytes));
    let refused = 0;
    for (let at = 0; at < bytes.length; at++) {
      for (const mask of [0x01, 0x80, 0xff]) {
        const flipped = bytes.slice();
        flipped[at]! ^= mask;
        if (refusal(flipped) !== null) refused++;
        else expect(textOf(decode(flipped)), `byte ${at}, mask ${mask}`).not.toBe(original);
      }
    }
    expect(refused).toBeGreaterThan((bytes.length * 3) / 2);
  });

  test("byte flips of the large sample is refused or is another IR", () => {
    const { bundle, ir } = build();
    const original = textOf(ir);
    for (let at = 0; at < bundle.length; at += 7) {
      const flipped = bundle.slice();
      flipped[at]! ^= 1 << (at % 8);
      if (refusal(flipped) === null) expect(textOf(decode(flipped)), `byte ${at}`).not.toBe(original);
    }
  });

  test("every truncation and every extension is refused", () => {
    const bytes = small();
    for (let length = 0; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length)), `${length} bytes`).not.toBeNull();
    }
    const longer = new Uint8Array(bytes.length + 8);
    longer.set(bytes);
    expect(refusal(longer)).not.toBeNull();
  });

  test("what is accepted encodes to what was read", () => {
    const bytes = small();
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1;
      if (refusal(flipped) === null) expect(encode(decode(flipped)), `byte ${at}`).toEqual(flipped);
    }
  });
});

describe("refusals name section, byte and what was expected", () => {
  const change = (edit: (ir: Ir) => void): FormatError | null => {
    const ir = structuredClone(build().ir);
    edit(ir);
    return refusal(encode(ir));
  };
  const cases: [string, string, (ir: Ir) => void][] = [
    ["STRINGS", "strings out of order", (ir) => ir.strings.reverse()],
    ["STRINGS", "a string twice", (ir) => ir.strings.unshift(ir.strings[0]!)],
    ["NUMBERS", "a trailing zero", (ir) => Object.assign(ir.numbers.at(-1)!, { digits: "50", exponent: 1 })],
    ["NUMBERS", "numbers out of order", (ir) => ir.numbers.reverse()],
    ["NUMBERS", "20 digits", (ir) => Object.assign(ir.numbers.at(-1)!, { digits: "12345678901234567891" })],
    ["LISTS", "an unknown kind", (ir) => Object.assign(ir.lists.at(-1)!, { kind: 3 })],
    ["INDEX", "an id that is not there", (ir) => ir.lists[0]!.ids.push(1 << 20)],
    ["INDEX", "ids out of order", (ir) => ir.lists[0]!.ids.reverse()],
    ["PATHS", "an unknown root", (ir) => Object.assign(ir.paths.at(-1)!, { root: 11 })],
    ["PATHS", "a step into the tool's name", (ir) => Object.assign(ir.paths[0]!, { root: 1 })],
    ["DFAS", "a state that no byte leads to", (ir) => ir.automata[0]!.next.fill(0)],
    ["DFAS", "a dead state that accepts", (ir) => ir.automata[0]!.flags.fill(5)],
    ["DFAS", "classes out of order", (ir) => ir.automata[0]!.classOf.fill(1)],
    ["CODE", "an unknown operation", (ir) => Object.assign(ir.code[0]!, { op: 23 })],
    ["CODE", "an operand of another kind", (ir) => Object.assign(ir.code[0]!, { leftKind: 6 })],
    ["CODE", "an operand that is not there", (ir) => Object.assign(ir.code[0]!, { left: 1 << 20 })],
    [
      "RULES",
      "a stack that underflows",
      (ir) => Object.assign(ir.code.at(-1)!, { op: 1, leftKind: 0, left: 0, rightKind: 0, right: 0 }),
    ],
    [
      "RULES",
      "a skip beyond the rule",
      (ir) => Object.assign(ir.code.find((one) => one.op === 4)!, { left: 13 }),
    ],
    [
      "RULES",
      "a skip that goes nowhere",
      (ir) => Object.assign(ir.code.find((one) => one.op === 4)!, { left: 1 }),
    ],
    ["RULES", "a rule of another agent's phase", (ir) => Object.assign(ir.rules[0]!, { phase: 0 })],
    ["RULES", "rules out of order", (ir) => Object.assign(ir.rules.at(-1)!, { agent: null, phase: null })],
    [
      "PATTERNS",
      "a deny! rule among the others",
      (ir) => {
        const pattern = ir.patterns.find(({ always }) => always.length > 0)!;
        pattern.rules.push(...pattern.always.splice(0));
      },
    ],
    [
      "PATTERNS",
      "a permit among the deny! rules",
      (ir) => {
        const isPermit = (id: number): boolean => ir.rules[id]!.effect === EFFECT_PERMIT;
        const pattern = ir.patterns.find(({ rules }) => rules.some(isPermit))!;
        pattern.always.push(...pattern.rules.filter(isPermit));
      },
    ],
    ["PATTERNS", "a phase that the agent has not", (ir) => ir.patterns[0]!.phases.push(5)],
    ["PATTERNS", "a pattern that is found twice", (ir) => Object.assign(ir.exact[0]!, { target: 0 })],
    ["EXACT", "a name twice", (ir) => ir.exact.splice(1, 0, { ...ir.exact[0]! })],
    [
      "EXACT",
      "a tool's name over its limit",
      (ir) => Object.assign(ir.exact[0]!, { string: ir.strings.push("\u{10ffff}".repeat(65)) - 1 }),
    ],
    ["EXACT", "an agent that has no name", (ir) => ir.exact.pop()],
    ["GLOBS", "two ways to a node", (ir) => Object.assign(ir.globs[0]!, { segmentStar: 1 })],
    ["GLOBS", "a loop without a star", (ir) => Object.assign(ir.globs[1]!, { loop: 2 })],
    ["GLOBS", "a byte that no tool name has", (ir) => Object.assign(ir.globs[0]!.edges[0]!, { byte: 0x20 })],
    ["AGENTS", "agents out of order", (ir) => ir.agents.reverse()],
    ["AGENTS", "a default of deny!", (ir) => Object.assign(ir.agents[0]!, { defaultEffect: 0 })],
    ["AGENTS", "automata without a policy", (ir) => Object.assign(ir.agents[1]!, { hasEgress: false })],
    ["ITEMS", "a selector that permits", (ir) => Object.assign(ir.selectors[0]!, { onTimeout: 3 })],
    ["ITEMS", "an enum without values", (ir) => Object.assign(ir.arguments[1]!, { list: null })],
    ["ITEMS", "arguments out of order", (ir) => ir.arguments.reverse()],
    ["SYSTEM", "a whole day of offset", (ir) => Object.assign(ir.system, { utcOffsetMinutes: 1440 })],
    ["MANIFEST", "spaces in the manifest", (ir) => Object.assign(ir, { manifest: '{"a": 1}' })],
    ["MANIFEST", "a key twice in the manifest", (ir) => Object.assign(ir, { manifest: '{"a":1,"a":1}' })],
    ["DEBUG", "an identity that is no object", (ir) => Object.assign(ir.debug.rules[0]!, { identity: "[]" })],
  ];
  for (const [section, what, edit] of cases) {
    test(`${section}: ${what}`, () => {
      const error = change(edit);
      expect(error).toMatchObject({ section, offset: expect.any(Number), expected: expect.any(String) });
      expect(error!.message).toContain(`${section}, byte ${error!.offset}: expected`);
    });
  }

  test("padding that is not zero", () => {
    const bytes = small();
    const view = new DataView(bytes.buffer);
    const end = view.getUint32(16, true) + view.getUint32(20, true);
    expect(end % 8).not.toBe(0);
    bytes[end] = 1;
    expect(refusal(bytes)).toMatchObject({ section: "STRINGS", offset: end, expected: "zero" });
  });

  test("a hash slot in another place", () => {
    const bytes = small();
    const view = new DataView(bytes.buffer);
    const start = view.getUint32(16 + 9 * 8, true) + 8;
    const slots = bytes.slice(start, start + 64);
    bytes.set(slots.subarray(16), start);
    bytes.set(slots.subarray(0, 16), start + 48);
    expect(refusal(bytes)).toMatchObject({
      section: "EXACT",
      expected: "the one encoding of what the bundle says",
    });
  });
});

describe("parts", () => {
  test("text orders as its UTF-8 bytes do", () => {
    const texts = ["", "a", "ab", "b", "\u00e9", "\ud7ff", "\ue000", "\uffff", "\u{10000}", "\u{10ffff}"];
    const bytes = (text: string) => Buffer.from(text, "utf8");
    for (const left of texts) {
      for (const right of texts) {
        expect(Math.sign(compareText(left, right))).toBe(Buffer.compare(bytes(left), bytes(right)));
      }
    }
  });

  test("numbers order by value", () => {
    const texts = [
      "-1000",
      "-2.5",
      "-0.001",
      "0",
      "0.001",
      "0.01",
      "0.1",
      "1",
      "1.5",
      "9",
      "10",
      "99",
      "100.01",
    ];
    for (const [i, left] of texts.entries()) {
      for (const [j, right] of texts.entries()) {
        expect(Math.sign(compareNumbers(decimal(left), decimal(right))) + 0).toBe(Math.sign(i - j));
      }
    }
  });

  test("the hash of a name", () => {
    // By hand for the empty name in scope 0: four rounds of FNV-1a over zero bytes, then the mix.
    let hash = 0x811c9dc5n;
    for (let round = 0; round < 4; round++) hash = (hash * 0x01000193n) % 2n ** 32n;
    hash ^= hash >> 15n;
    hash = (hash * 0x2c1b3c6dn) % 2n ** 32n;
    hash ^= hash >> 13n;
    expect(hashName(0, new Uint8Array())).toBe(Number(hash));
  });

  test("canonical JSON", () => {
    expect(canonicalJson({ b: [1, "\u0007\n\u00e9"], a: null, "\u{10000}": true, "\uffff": 1e21 })).toBe(
      '{"a":null,"b":[1,"\\u0007\\n\u00e9"],"\u{10000}":true,"\uffff":1e+21}',
    );
  });

  test("the packed verdict has room for every rule", () => {
    expect((MAX_RULES + 1) * 2 ** 11).toBeLessThan(2 ** 32);
  });
});

describe("FORMAT.md", () => {
  const page = readFileSync(new URL("../../bundles/FORMAT.md", import.meta.url), "utf8");

  test("the worked example is what the compiler writes", () => {
    const text = /```fpl\n([\s\S]*?)```/.exec(page)![1]!;
    const { program: checked } = check([{ name: "policy.fpl", text }]);
    const { bundle } = build(checked!);
    const hex = [...page.matchAll(/^([0-9a-f]{4}) {2}((?:[0-9a-f]{2} ?)+)/gm)];
    const bytes = hex.flatMap((line) => line[2]!.trim().split(/\s+/));
    expect(bytes.join(" ")).toBe(Array.from(bundle, (byte) => byte.toString(16).padStart(2, "0")).join(" "));
    let offset = 0;
    for (const line of hex) {
      expect(Number.parseInt(line[1]!, 16)).toBe(offset);
      offset += line[2]!.trim().split(/\s+/).length;
    }
  });

  test("the descriptor that it gives is that of the example's meter", () => {
    const { meters } = build(
      check([{ name: "policy.fpl", text: /```fpl\n([\s\S]*?)```/.exec(page)![1]! }]).program!,
    ).ir;
    const digest = createHash("sha256")
      .update(/`(\["budget",.*?\])`/.exec(page)![1]!)
      .digest("hex");
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(meters[0]!.key);
    expect(bytes.toString("hex")).toBe(`0380${digest.slice(0, 12)}`);
  });
});
