import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { compile } from "../../bundles/compile/compile.ts";
import { decode, FormatError } from "../../bundles/format/decode.ts";
import { type Core, instantiate } from "../../engine/binding/index.ts";
import { MAX_OBLIGATION_BYTES, MAX_TEXT_BYTES, SECTION_STATE } from "../../engine/constants.ts";
import type { Condition, Program } from "../../fpl-grammar/program.ts";
import { agent, field, NO_ALERTS, program, rule, SPAN } from "./programs.ts";
import { runAutomaton, search } from "./run.ts";
import { sample } from "./sample.ts";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

let core: Core;
beforeAll(async () => {
  core = await instantiate(
    new Uint8Array(readFileSync(new URL("../../engine/dist/core.wasm", import.meta.url))),
  );
});

function load(source: Program): { ok: boolean } {
  const { bundle, diagnostics } = compile(source);
  expect(diagnostics).toEqual([]);
  return core.load(bundle!, { signed: false });
}

function isBundle(bytes: Uint8Array): boolean {
  try {
    decode(bytes);
    return true;
  } catch (error) {
    if (error instanceof FormatError) return false;
    throw error;
  }
}

function nest(depth: number): Condition {
  let condition: Condition = { kind: "truth", operand: field("args", "x"), span: SPAN };
  for (let level = 1; level < depth; level++) {
    const first: Condition = { kind: "truth", operand: field("args", "y"), span: SPAN };
    condition = { kind: level % 2 === 0 ? "and" : "or", terms: [first, condition], span: SPAN };
  }
  return condition;
}

describe("the core loads what the compiler writes", () => {
  const longest = "x".repeat(MAX_TEXT_BYTES);
  const alerts = Array.from({ length: 10 }, (_, id) => `${id}${longest.slice(1)}`);
  test.each<[string, Program]>([
    ["nothing", program([])],
    ["every table", sample()],
    ["the longest reason", program([agent("a", { rules: [rule("deny", "t", null, { reason: longest })] })])],
    [
      "the longest notify target",
      program([agent("a", { rules: [rule("deny", "t", null, { notify: longest })] })]),
    ],
    ["the longest name", program([agent(longest)])],
    ["many obligations", program([agent("a", { alerts: { ...NO_ALERTS, permit: alerts } })])],
    ["the deepest stack", program([agent("a", { rules: [rule("deny", "t", nest(64))] })])],
    [
      "a very long condition",
      program([
        agent("a", {
          rules: [
            rule("deny", "t", {
              kind: "in",
              left: field("args", "x"),
              list: Array.from({ length: 20_000 }, (_, id) => ({ kind: "string", value: `v${id}` })),
              span: SPAN,
            }),
          ],
        }),
      ]),
    ],
  ])("%s", (_, source) => {
    expect(load(source)).toMatchObject({ ok: true });
    expect(10 * 6 * MAX_TEXT_BYTES).toBeLessThan(MAX_OBLIGATION_BYTES);
  });
});

test("the core loads every STATE that decode accepts", () => {
  const { bundle } = compile(sample());
  const view = new DataView(bundle!.buffer);
  const [start, length] = [0, 4].map((at) => view.getUint32(16 + SECTION_STATE * 8 + at, true));
  let accepted = 0;
  for (let at = start!; at < start! + length!; at++) {
    for (const mask of [0x01, 0x80]) {
      const flipped = bundle!.slice();
      flipped[at]! ^= mask;
      if (!isBundle(flipped)) continue;
      accepted++;
      expect(core.load(flipped, { signed: false }), `byte ${at - start!}, mask ${mask}`).toMatchObject({
        ok: true,
      });
    }
  }
  expect(accepted).toBeGreaterThan(50);
});

test(`the core's search agrees with the automaton, seed ${SEED}`, () => {
  const piece = fc.constantFrom("a", "b", "[^a]", "\\b", "^", "$", ".", "(?:ab)*", "é", "\\w+", "|", "(?i)k");
  const text = fc.string({ unit: fc.constantFrom("a", "b", "é", "k", "K", "😀", " ", "\n"), maxLength: 12 });
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 6 }),
      fc.array(text, { maxLength: 6 }),
      (pieces, texts) => {
        const pattern = pieces.join("");
        const matches: Condition = {
          kind: "matches",
          left: field("args", "x"),
          pattern,
          patternSpan: SPAN,
          span: SPAN,
        };
        expect(load(program([agent("a", { rules: [rule("permit", "t", matches)] })]))).toMatchObject({
          ok: true,
        });
        for (const x of texts) {
          const { effect } = core.decide(JSON.stringify({ agent: "a", tool: "t", args: { x } }));
          expect(effect, JSON.stringify(x)).toBe(runAutomaton(search(pattern), x) ? "permit" : "deny");
        }
      },
    ),
    { seed: SEED, numRuns: 200 },
  );
});
