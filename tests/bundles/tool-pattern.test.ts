import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compile } from "../../bundles/compile/compile.ts";
import { agent, program, rule } from "./programs.ts";
import { matchingPatterns } from "./run.ts";
import vectors from "./vectors/tool-patterns.json" with { type: "json" };

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Whether a rule of this pattern is found for the tool, by the tables of a compiled bundle. */
function found(patterns: string[], tool: string): boolean[] {
  const { ir, diagnostics } = compile(
    program([agent("a", { rules: patterns.map((pattern) => rule("permit", pattern)) })]),
  );
  expect(diagnostics).toEqual([]);
  const rules = new Set(matchingPatterns(ir!, 0, tool).flatMap((id) => ir!.patterns[id]!.rules));
  return patterns.map((_, id) => rules.has(id));
}

/** LANGUAGE section 3, segment by segment. */
function naive(pattern: string[], tool: string[]): boolean {
  const [head, ...rest] = pattern;
  if (head === undefined) return tool.length === 0;
  if (head === "**") return naive(rest, tool) || (tool.length > 0 && naive(pattern, tool.slice(1)));
  if (tool.length === 0) return false;
  if (head === "*" && rest.length === 0) return true;
  const expression = new RegExp(`^${head.replace(/[.+]/g, "\\$&").replace(/\*/g, ".*")}$`);
  return expression.test(tool[0]!) && naive(rest, tool.slice(1));
}

describe("vectors", () => {
  for (const { pattern, match = [], miss = [], refused } of vectors) {
    test(JSON.stringify(pattern), () => {
      if (refused) {
        const { bundle, diagnostics } = compile(program([agent("a", { rules: [rule("permit", pattern)] })]));
        expect(bundle).toBeNull();
        expect(diagnostics).toMatchObject([{ severity: "error", code: "F912" }]);
        return;
      }
      expect(match.length).toBeGreaterThan(0);
      for (const tool of match) expect(found([pattern], tool), tool).toEqual([true]);
      for (const tool of miss) expect(found([pattern], tool), tool).toEqual([false]);
    });
  }
});

test(`many patterns in one table agree with the definition, seed ${SEED}`, () => {
  const segment = fc.constantFrom("a", "b", "ab", "ba", "a*", "*b", "*", "**", "a*b", "*a*");
  const pattern = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("/"));
  const tool = fc
    .array(fc.constantFrom("a", "b", "ab", "ba", "aab", "bab"), { minLength: 1, maxLength: 4 })
    .map((segments) => segments.join("/"));
  fc.assert(
    fc.property(
      fc.array(pattern, { minLength: 1, maxLength: 8 }),
      fc.array(tool, { maxLength: 6 }),
      (patterns, tools) => {
        for (const name of tools) {
          const expected = patterns.map((one) => naive(one.split("/"), name.split("/")));
          expect(found(patterns, name), name).toEqual(expected);
        }
      },
    ),
    { seed: SEED, numRuns: 400 },
  );
});

test("scopes do not mix", () => {
  const { ir } = compile(
    program(
      [
        agent("a", { rules: [rule("permit", "x"), rule("permit", "y*")] }),
        agent("b", { rules: [rule("deny", "x")] }),
      ],
      {
        system: {
          version: null,
          utcOffsetMinutes: 0,
          missingFieldsApply: false,
          onPolicyLoadFailure: "deny_all",
          maxOutputBytes: null,
          rules: [rule("deny!", "x"), rule("deny!", "*")],
        },
      },
    ),
  );
  const rules = (owner: number | null, tool: string) =>
    matchingPatterns(ir!, owner, tool).flatMap((id) => [
      ...ir!.patterns[id]!.always,
      ...ir!.patterns[id]!.rules,
    ]);
  expect(rules(null, "x")).toEqual([0, 1]);
  expect(rules(0, "x")).toEqual([2]);
  expect(rules(1, "x")).toEqual([4]);
  expect(rules(1, "y")).toEqual([]);
});
