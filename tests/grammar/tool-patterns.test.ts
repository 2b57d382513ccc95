/** Inclusion and overlap of tool patterns, against a matcher that tries every split. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  includes,
  isToolPattern,
  literalPrefix,
  literalSuffix,
  longestLiteral,
  overlap,
  sampleName,
} from "../../fpl-grammar/tool-patterns.ts";

/** By the definition, segment by segment. */
function matches(pattern: string[], name: string[]): boolean {
  const [first, ...rest] = pattern;
  if (first === undefined) return name.length === 0;
  if (first === "**") return matches(rest, name) || (name.length > 0 && matches(pattern, name.slice(1)));
  if (name.length === 0) return false;
  if (first === "*" && rest.length === 0) return true;
  const expression = new RegExp(`^${first.replace(/[.+]/g, "\\$&").replace(/\*/g, "[^/]*")}$`);
  return expression.test(name[0]!) && matches(rest, name.slice(1));
}

function matchesTool(pattern: string, name: string): boolean {
  return matches(pattern.split("/"), name.split("/"));
}

const segment = fc.constantFrom("a", "b", "ab", "*", "**", "a*", "*b", "a*b");
const pattern = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const NAMES = namesUpTo(3);

function namesUpTo(length: number): string[] {
  const parts = ["a", "b", "ab", "ba", "aab", "c"];
  let names = [...parts];
  let last = names;
  for (let count = 1; count < length; count++) {
    last = last.flatMap((name) => parts.map((part) => `${name}/${part}`));
    names = [...names, ...last];
  }
  return names;
}

describe("tool patterns", () => {
  it("match as defined", () => {
    fc.assert(
      fc.property(pattern, fc.constantFrom(...NAMES), (text, name) => {
        expect(overlap(text, name)).toBe(matchesTool(text, name) ? name : null);
      }),
      { numRuns: 2000 },
    );
  });

  it("inclusion holds for every name, and fails on some otherwise", () => {
    fc.assert(
      fc.property(pattern, pattern, (outer, inner) => {
        const outside = NAMES.filter((name) => matchesTool(inner, name) && !matchesTool(outer, name));
        if (includes(outer, inner)) expect(outside).toEqual([]);
        else if (!(inner.match(/\*/g)?.length ?? 0)) expect(matchesTool(outer, inner)).toBe(false);
        if (outside.length > 0) expect(includes(outer, inner)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it("inclusion implies a common literal prefix, on which the index relies", () => {
    fc.assert(
      fc.property(pattern, pattern, (outer, inner) => {
        if (includes(outer, inner)) expect(literalPrefix(inner).startsWith(literalPrefix(outer))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it("inclusion implies a common literal suffix, and the literals of the outer in a sample of the inner", () => {
    fc.assert(
      fc.property(pattern, pattern, (outer, inner) => {
        const sample = sampleName(inner);
        expect(matchesTool(inner, sample)).toBe(true);
        for (const name of NAMES.filter((each) => matchesTool(outer, each))) {
          expect(name.endsWith(literalSuffix(outer)) && name.includes(longestLiteral(outer))).toBe(true);
        }
        if (NAMES.some((name) => matchesTool(inner, name) && !matchesTool(outer, name))) return;
        if (!matchesTool(outer, sample)) return;
        expect(literalSuffix(inner).endsWith(literalSuffix(outer))).toBe(true);
        expect(sample).toContain(longestLiteral(outer));
      }),
      { numRuns: 1000 },
    );
  });

  it("an overlap has a witness that both match, and none is missed", () => {
    fc.assert(
      fc.property(pattern, pattern, (left, right) => {
        const witness = overlap(left, right);
        if (witness !== null)
          expect([matchesTool(left, witness), matchesTool(right, witness)]).toEqual([true, true]);
        else expect(NAMES.filter((name) => matchesTool(left, name) && matchesTool(right, name))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it.each(["*", "**", "a", "a/*", "a/**/b", "a.b:c@d+e-f_g", "a*b*c/d"])("%s is a pattern", (text) => {
    expect(isToolPattern(text)).toBe(true);
  });

  it.each(["", "/", "a/", "/a", "a//b", "a b", "a/**b", "***", "a!", "é", "a\n", `${"a".repeat(257)}`])(
    "%j is no pattern",
    (text) => {
      expect(isToolPattern(text)).toBe(false);
    },
  );
});
