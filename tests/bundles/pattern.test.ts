import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compilePattern } from "../../bundles/compile/pattern/pattern.ts";
import { foldCase, unicodeClass } from "../../bundles/compile/pattern/sets.ts";
import type { Automaton } from "../../bundles/format/ir.ts";
import { DFA_ACCEPT, DFA_ACCEPT_END, MAX_DFA_STATES } from "../../engine/constants.ts";
import { runAutomaton, search } from "./run.ts";
import vectors from "./vectors/patterns.json" with { type: "json" };

interface Vector {
  pattern: string;
  match: string[];
  miss: string[];
  /** The reason for which it is refused. */
  refused?: string;
}

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** What JavaScript reads otherwise, or not at all: left out of the comparison with it. */
const NOT_JAVASCRIPT =
  /\\-|\(\?[a-zA-Z-]*[):]|\(\?P|\[\[:|\\[AzaQpP0]|\\x\{|\\s|\\S|\[\^?\]|\{x\}|a\{\$|a\]|\{"|\|\|/;

/** V8 finds `\B` between the two halves of a surrogate pair, against ECMA-262, section 22.2.7.2. */
const V8_SPLITS_PAIRS = /\\B/;

function naiveMinimum(automaton: Automaton): number {
  // Moore: refine by successors until nothing changes; unreachable states would count, and there are none.
  const { states, classes, flags, next } = automaton;
  let block: number[] = Array.from(flags, (flag) => ((flag & (DFA_ACCEPT | DFA_ACCEPT_END)) !== 0 ? 1 : 0));
  for (;;) {
    const keys = new Map<string, number>();
    const refined = block.map((own, state) => {
      const row = Array.from({ length: classes }, (_, at) => block[next[state * classes + at]!]);
      const key = `${own}:${row.join()}`;
      if (!keys.has(key)) keys.set(key, keys.size);
      return keys.get(key)!;
    });
    if (new Set(refined).size === new Set(block).size) return new Set(block).size;
    block = refined;
    expect(block.length).toBe(states);
  }
}

describe("vectors", () => {
  for (const vector of vectors as Vector[]) {
    test(JSON.stringify(vector.pattern), () => {
      const result = compilePattern({ kind: "search", pattern: vector.pattern });
      if (vector.refused !== undefined) {
        expect(result).toMatchObject({ reason: vector.refused, message: expect.any(String) });
        return;
      }
      expect(vector.match.length + vector.miss.length).toBeGreaterThan(0);
      expect(result).toHaveProperty("automaton");
      const automaton = search(vector.pattern);
      for (const text of vector.match)
        expect(runAutomaton(automaton, text), `matches ${JSON.stringify(text)}`).toBe(true);
      for (const text of vector.miss)
        expect(runAutomaton(automaton, text), `misses ${JSON.stringify(text)}`).toBe(false);
      expect(automaton.states).toBe(naiveMinimum(automaton));
    });
  }

  test("JavaScript agrees where its syntax is the same", () => {
    let compared = 0;
    for (const { pattern, match, miss, refused } of vectors as Vector[]) {
      if (refused !== undefined || NOT_JAVASCRIPT.test(pattern)) continue;
      const expression = new RegExp(pattern, "u");
      for (const text of match) expect(expression.test(text), `${pattern} on ${text}`).toBe(true);
      for (const text of miss) expect(expression.test(text), `${pattern} on ${text}`).toBe(false);
      compared++;
    }
    expect(compared).toBeGreaterThan(30);
  });
});

describe(`properties, seed ${SEED}`, () => {
  const atom = fc.constantFrom(
    "a",
    "b",
    "é",
    "😀",
    ".",
    "[ab]",
    "[^a]",
    "[^é]",
    "\\w",
    "\\W",
    "\\d",
    "\\b",
    "\\B",
    "^",
    "$",
    "\\n",
    " ",
    "[a-é]",
  );
  const { pattern } = fc.letrec<{ pattern: string; term: string }>((tie) => ({
    pattern: fc.oneof(
      { depthSize: "small" },
      tie("term"),
      fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => left + right),
      fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => `(?:${left}|${right})`),
      fc
        .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,2}", "{2,}", "*?"))
        .map(([inner, repeat]) => `(?:${inner})${repeat}`),
    ),
    term: atom,
  }));
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "é", "😀", "\n", " ", "0", "_", "z", "\u0800"),
    maxLength: 8,
  });

  test("a match is what JavaScript finds", () => {
    fc.assert(
      fc.property(pattern, fc.array(text, { minLength: 1, maxLength: 12 }), (source, texts) => {
        const automaton = search(source);
        const expression = new RegExp(source, "u");
        for (const one of texts) {
          if (V8_SPLITS_PAIRS.test(source) && one.includes("😀")) continue;
          expect(runAutomaton(automaton, one), JSON.stringify(one)).toBe(expression.test(one));
        }
      }),
      { seed: SEED, numRuns: 600 },
    );
  });

  test("the same with case ignored", () => {
    fc.assert(
      fc.property(pattern, text, (source, one) => {
        const expression = new RegExp(source, "iu");
        if (V8_SPLITS_PAIRS.test(source) && one.includes("😀")) return;
        // JavaScript's \b and \w under `iu` take U+017F and U+212A as letters; the alphabet here has neither.
        expect(runAutomaton(search(`(?i)${source}`), one.toUpperCase())).toBe(
          expression.test(one.toUpperCase()),
        );
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  test("automata are minimal, and equal for equal languages", () => {
    fc.assert(
      fc.property(pattern, (source) => {
        const automaton = search(source);
        expect(automaton.states).toBe(naiveMinimum(automaton));
        expect(search(`(?:${source}|${source})`)).toEqual(automaton);
        expect(search(`(?:(?:${source}){1,3})`)).toEqual(automaton);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  test("any text is read without a throw, and refusals say why", () => {
    const soup = fc.string({
      unit: fc.constantFrom(
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "?",
        "*",
        "+",
        "|",
        "^",
        "$",
        "\\",
        "-",
        ":",
        "<",
        "P",
        "Q",
        "E",
        "x",
        "i",
        "1",
        ",",
        "=",
        "!",
        "é",
      ),
      maxLength: 16,
    });
    fc.assert(
      fc.property(soup, (source) => {
        const result = compilePattern({ kind: "search", pattern: source });
        if ("message" in result) expect(result.message.length).toBeGreaterThan(5);
        else expect(result.automaton.states).toBeLessThanOrEqual(MAX_DFA_STATES);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });
});

describe("globs and egress lists", () => {
  const glob = (globs: string[], style: "host" | "path" | "name", text: string): boolean => {
    const result = compilePattern({ kind: "glob", globs, style });
    if (!("automaton" in result)) throw new Error(result.message);
    return runAutomaton(result.automaton, text);
  };
  const egress = (entries: string[], text: string, list: "allow" | "deny" = "allow"): boolean => {
    const result = compilePattern({ kind: "egress", entries, list });
    if (!("automaton" in result)) throw new Error(result.message);
    return runAutomaton(result.automaton, text);
  };
  test.each<[string[], "host" | "path" | "name", string, boolean]>([
    [["*.example.com"], "host", "a.example.com", true],
    [["*.example.com"], "host", "A.Example.COM", true],
    [["*.EXAMPLE.com"], "host", "a.b.example.com", true],
    [["*.example.com"], "host", "example.com", false],
    [["*.example.com"], "host", "a.example.com.evil", false],
    [["*.example.com"], "host", "axexample.com", false],
    [["a", "b*"], "host", "bcd", true],
    [["a", "b*"], "host", "ab", false],
    [["/v1/*"], "path", "/v1/x", true],
    [["/v1/*"], "path", "/v1/x/y", false],
    [["/v1/**"], "path", "/v1/x/y", true],
    [["/v1/**"], "path", "/v2/x", false],
    [["/V1"], "path", "/v1", false],
    [["/a.b"], "path", "/axb", false],
    [["claude-*"], "name", "claude-3\nx", true],
    [["claude-*"], "name", "Claude-3", false],
    [["é*"], "name", "éa", true],
    [["*"], "name", "", true],
    [[""], "name", "", true],
    [[""], "name", "x", false],
  ])("%j as %s on %j: %j", (globs, style, text, expected) => {
    expect(glob(globs, style, text)).toBe(expected);
  });
  test.each<[string[], string, boolean]>([
    [["api.example.com"], "api.example.com:443", true],
    [["api.example.com"], "api.example.com:", true],
    [["api.example.com"], "API.example.com:80", true],
    [["api.example.com"], "api.example.com", false],
    [["api.example.com"], "xapi.example.com:443", false],
    [["api.example.com"], "api.example.com.evil:443", false],
    [["api.example.com:443"], "api.example.com:443", true],
    [["api.example.com:443"], "api.example.com:", false],
    [["api.example.com:443"], "api.example.com:4430", false],
    [["*.example.com:*"], "a.example.com:8443", true],
    [["*"], ":", true],
    [["*:443"], "anything:443", true],
    [["*:443"], "fe80::443:80", false],
    [["[::1]:8080"], "::1:8080", true],
    [["[::1]"], "::1:", true],
    [["::1"], "::1:22", true],
    [["a.com", "b.com:1"], "b.com:1", true],
    [["a.com", "b.com:1"], "b.com:2", false],
  ])("egress %j on %j: %j", (entries, text, expected) => {
    expect(egress(entries, text)).toBe(expected);
  });
  test.each<[string[], string, boolean]>([
    [["a.com:1"], "a.com:1", true],
    [["a.com:1"], "a.com:2", false],
    [["a.com:1"], "a.com:", true],
    [["a.com:1"], ":1", true],
    [["a.com:1"], ":2", false],
    [["a.com:1"], ":", true],
    [["a.com"], ":2", true],
    [["a.com"], "b.com:", false],
    [["[::1]:80"], "::1:", true],
  ])("egress deny %j on %j: %j", (entries, text, expected) => {
    expect(egress(entries, text, "deny")).toBe(expected);
  });
});

describe("Unicode data", () => {
  test("is what the pinned package says", () => {
    const folder = mkdtempSync(join(tmpdir(), "unicode-"));
    try {
      const written = join(folder, "unicode-data.ts");
      const script = new URL("../../bundles/compile/pattern/unicode-build.mjs", import.meta.url);
      execFileSync(process.execPath, [fileURLToPath(script), written]);
      const committed = new URL("../../bundles/compile/pattern/unicode-data.ts", import.meta.url);
      expect(readFileSync(committed, "utf8")).toBe(readFileSync(written, "utf8"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each(["L", "Lu", "Ll", "Nd", "Zs", "P", "Greek", "Cyrillic", "Hebrew"])(
    "%s is JavaScript's, for what both know",
    (name) => {
      const property = name.length > 2 ? `Script=${name}` : name;
      const expression = new RegExp(`^\\p{${property}}$`, "u");
      const assigned = /^\P{Cn}$/u;
      const set = unicodeClass(name)!;
      for (let point = 0; point < 0x3000; point++) {
        const char = String.fromCodePoint(point);
        if (!assigned.test(char)) continue;
        const inside = set.some((first, at) => at % 2 === 0 && point >= first && point <= set[at + 1]!);
        expect(inside, `U+${point.toString(16)}`).toBe(expression.test(char));
      }
    },
  );

  test("folding is JavaScript's, for what both know", () => {
    for (let point = 0x41; point < 0x600; point++) {
      const expression = new RegExp(`^\\u{${point.toString(16)}}$`, "iu");
      const set = foldCase([point, point]);
      for (let at = 0; at < set.length; at += 2) {
        for (let other = set[at]!; other <= set[at + 1]!; other++) {
          expect(
            expression.test(String.fromCodePoint(other)),
            `U+${point.toString(16)} U+${other.toString(16)}`,
          ).toBe(true);
        }
      }
    }
  });
});

test("no pattern hangs the compiler", () => {
  const hard = [
    "(a|b)*a(a|b){20}c",
    "(.*a){30}",
    "((a?){30}){30}",
    "(\\pL|\\pN){1,1000}z",
    "(?i)([a-z]+[0-9]+){200}!",
    "(a.{0,9}){9}b",
  ];
  for (const pattern of hard) {
    const start = performance.now();
    compilePattern({ kind: "search", pattern });
    expect(performance.now() - start, pattern).toBeLessThan(15_000);
  }
});
