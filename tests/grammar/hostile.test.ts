/** Any text at all ends in diagnostics: never an exception, never a hang. */

import { describe, expect, it } from "vitest";
import { check, format, parse } from "../../fpl-grammar/index.ts";
import { MAX_SOURCE_LENGTH } from "../../fpl-grammar/lexer.ts";
import { MAX_ERRORS } from "../../fpl-grammar/parse.ts";

function codes(text: string): string[] {
  return [...new Set(check([{ name: "h.fpl", text }]).diagnostics.map(({ code }) => code))].sort();
}

/** Milliseconds of one check. */
function timed(text: string): number {
  const start = performance.now();
  check([{ name: "h.fpl", text }]);
  return performance.now() - start;
}

describe("characters", () => {
  it.each([
    ["NUL", "permit a/b\u0000"],
    ["NUL in a text", 'permit a/b reason "a\u0000b"'],
    ["escape character in a comment", "permit a/b # \u001b[2J"],
    ["invalid UTF-8, decoded to U+FFFD", 'permit a/b reason "\ufffd"'],
    ["a lone high surrogate", 'permit a/b reason "\ud800"'],
    ["a lone low surrogate", "permit a/b # \udc00"],
    ["a byte order mark", "\ufeffpermit a/b"],
    ["a right-to-left override", "permit a/b # \u202e"],
    ["a line separator", "permit a/b # x\u2028deny a/b"],
    ["a carriage return inside a line", "permit a/b # x\rdeny a/b"],
  ])("%s is refused", (_, text) => {
    expect(codes(text)).toContain("F001");
    expect(parse({ name: "h.fpl", text }).document).toBeNull();
    expect(format({ name: "h.fpl", text }).text).toBeNull();
  });

  it("carriage returns before newlines are white space", () => {
    const text = 'agent "a" {\r\n  default deny # c\r\n}\r\n';
    expect(format({ name: "h.fpl", text }).text).toBe('agent "a" {\n  default = deny # c\n}\n');
  });

  it("names the code point and the place", () => {
    const [found] = check([{ name: "h.fpl", text: "permit a/b\n  \u0000" }]).diagnostics;
    expect(found).toMatchObject({ code: "F001", span: { line: 2, column: 3, offset: 13, length: 1 } });
    expect(found!.message).toContain("U+0000");
  });
});

describe("sizes", () => {
  const shapes: [string, string][] = [
    ["open parentheses", `permit a/b if ${"(".repeat(1e5)}`],
    ["open brackets", `permit a/b if x in ${"[".repeat(1e5)}`],
    ["open blocks", "agent a {".repeat(2e4)],
    ["nested known blocks", "agent a { phase p { rules {".repeat(1e4)],
    ["closing braces", "}".repeat(1e5)],
    ["quotes", '"'.repeat(1e5)],
    ["a text without end", `permit a/b reason "${"x".repeat(1e6)}`],
    ["a text of escapes", `permit a/b reason "${"\\n".repeat(1e5)}"`],
    ["a long name", `permit ${"a".repeat(1e6)}`],
    ["a long number", `permit a/b if x == ${"9".repeat(1e5)}`],
    ["a long comment", `#${"x".repeat(1e6)}`],
    ["many negations", `permit a/b if ${"not ".repeat(1e5)}x`],
    ["alternating negations and parentheses", `permit a/b if ${"not (".repeat(1e5)}x`],
    ["a long disjunction", `permit a/b if ${"x == 1 or ".repeat(2e4)}x == 2`],
    ["a long list", `permit a/b if x in [${"1, ".repeat(2e4)}2]`],
    ["a long path", `permit a/b if ${"a.".repeat(2e4)}a == 1`],
    ["many junk statements", "zzz 5 ".repeat(5e4)],
    ["many junk lines", "zzz 5\n".repeat(5e4)],
    ["many wrong rules", "permit\n".repeat(2e4)],
    ["stars", `permit ${"*".repeat(1e5)}`],
    ["star segments", `permit ${"*/".repeat(1e4)}a`],
    ["many clauses", `permit a/b ${'query "a" "b" '.repeat(2e4)}`],
    ["dots", ".".repeat(1e5)],
    ["white space", " \n".repeat(2e5)],
  ];
  it.each(shapes)("%s: soon an answer", (_, text) => {
    expect(timed(text)).toBeLessThan(8_000);
  });

  it("a file over the limit is refused unread", () => {
    expect(codes(" ".repeat(MAX_SOURCE_LENGTH + 1))).toEqual(["F011"]);
  });

  it("stops after many errors and says so", () => {
    const { diagnostics } = parse({ name: "h.fpl", text: "premit a/b\n".repeat(1000) });
    expect(diagnostics).toHaveLength(MAX_ERRORS + 1);
    expect(diagnostics.at(-1)!.code).toBe("F014");
  });

  it("10,000 rules on as many tools stay in step with their number", () => {
    const rules = (count: number, tool: (index: number) => string) =>
      Array.from(
        { length: count },
        (_, index) => `permit ${tool(index)} if amount <= ${index} and x == "${index}"`,
      ).join("\n");
    timed(rules(1000, (index) => `a/b${index}`));
    const exact = timed(rules(10_000, (index) => `s${index % 50}/tool_${index}`));
    expect(exact).toBeLessThan(8_000);
    expect(timed(rules(10_000, (index) => `s${index}/*`))).toBeLessThan(exact * 4 + 1000);
    expect(timed(rules(10_000, () => "one/tool"))).toBeLessThan(exact * 4 + 1000);
    const denied = Array.from(
      { length: 5000 },
      (_, index) => `deny! s${index}/secret\npermit s${index}/*`,
    ).join("\n");
    expect(timed(denied)).toBeLessThan(exact * 4 + 1000);
  });
});

describe("comparing patterns", () => {
  const rules = (count: number, rule: (index: number) => string) =>
    Array.from({ length: count }, (_, index) => rule(index)).join("\n");
  /** Texts of a and b with stars between: most pairs need a search to tell apart. */
  const intricate = (index: number) =>
    Array.from({ length: 14 }, (_, bit) => "ab"[(index >> bit) & 1]!).join("*");

  it.each([
    ["suffix globs", rules(3000, (index) => `permit *_do${index} when amount <= ${index}`)],
    ["invalid patterns", rules(3000, (index) => `permit tool${index}**x when amount <= ${index}`)],
    ["unknown effects", rules(3000, (index) => `premit tool${index} when amount <= ${index}`)],
    [
      "globs under deny!",
      rules(2000, (index) => `deny! a${index}/*\npermit a${index}/b${index} when x == 1`),
    ],
    [
      "stars on both sides",
      rules(3000, (index) =>
        index % 2 ? `deny! *x${index}* when a == 1` : `permit *y${index}* when b == 2`,
      ),
    ],
    ["suffixes under deny!", rules(3000, (index) => `${index % 2 ? "deny! *x" : "permit *y"}${index}`)],
    ["tool blocks", `${rules(2000, (index) => `tool *_${index} { }\npermit *_a${index} when x == 1`)}`],
  ])(
    "%s: soon, and nothing is left out",
    (_, text) => {
      const start = performance.now();
      expect(codes(text)).not.toContain("F409");
      expect(performance.now() - start).toBeLessThan(20_000);
    },
    120_000,
  );

  it.each([
    ["rules", rules(2000, (index) => `permit *${intricate(index)}* when a == ${index}`), "never apply"],
    [
      "overlaps",
      rules(1500, (index) =>
        index % 2 ? `deny! *${intricate(index)}*` : `permit **/*${intricate(index)}*/**/a*/**/c`,
      ),
      "overlaps",
    ],
    [
      "tool blocks",
      rules(2000, (index) => `tool *${intricate(index)}* { }\npermit *${intricate(index)}* when a == 1`),
      "arguments",
    ],
  ])(
    "intricate %s: soon, and what is left out is said once",
    (_, text, what) => {
      const start = performance.now();
      const { program, diagnostics } = check([{ name: "h.fpl", text }]);
      expect(performance.now() - start).toBeLessThan(20_000);
      expect(program).not.toBeNull();
      const said = diagnostics.filter(({ code, message }) => code === "F409" && message.includes(what));
      expect(said).toHaveLength(1);
      expect(said[0]!.severity).toBe("warning");
    },
    120_000,
  );
});

describe("wrong callers", () => {
  it("nothing to check is an empty program", () => {
    const { program, diagnostics } = check([]);
    expect(diagnostics).toEqual([]);
    expect(program).toMatchObject({ agents: [], files: [] });
  });

  it("sources may come in any order", () => {
    const files = [
      { name: "b.fpl", text: "permit b/x" },
      { name: "a.fpl", text: "permit a/x" },
    ];
    const forward = check(files);
    expect(forward).toEqual(check([...files].reverse()));
    expect(forward.program?.agents[0]?.rules.map(({ pattern }) => pattern)).toEqual(["a/x", "b/x"]);
  });

  it("an agent in two files is a conflict", () => {
    const files = ["a.fpl", "b.fpl"].map((name) => ({ name, text: 'agent "a" { default deny }' }));
    const { program, diagnostics } = check(files);
    expect(program).toBeNull();
    expect(diagnostics.map(({ code, span }) => [code, span.file])).toEqual([["F301", "b.fpl"]]);
  });
});
