import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check, format } from "../../fpl-grammar/index.ts";
import { printPattern, printRegex, printText } from "../../fpl-grammar/print/expressions.ts";
import { isToolPattern } from "../../fpl-grammar/tool-patterns.ts";
import { readCases, showRules } from "./cases.ts";
import { documentText } from "./generate.ts";
import { formattingFault } from "./tree.ts";

const cases = readCases();

describe("formatting", () => {
  it.each(cases.map((one) => [one.title, one] as const))("%s", (_, one) => {
    expect(formattingFault(one.source)).toBeNull();
  });

  it("keeps generated documents", () => {
    let parsed = 0;
    fc.assert(
      fc.property(documentText, (text) => {
        const { text: printed } = format({ name: "g.fpl", text });
        if (printed !== null) parsed++;
        expect(formattingFault(text)).toBeNull();
      }),
      { numRuns: 300 },
    );
    expect(parsed).toBe(300);
  });

  it("keeps the meaning", () => {
    fc.assert(
      fc.property(documentText, (text) => {
        const before = check([{ name: "g.fpl", text }]).program;
        const after = check([{ name: "g.fpl", text: format({ name: "g.fpl", text }).text! }]).program;
        expect(after === null).toBe(before === null);
        if (before !== null) expect(showRules(after!)).toEqual(showRules(before));
      }),
      { numRuns: 100 },
    );
  });

  it("keeps every comment", () => {
    fc.assert(
      fc.property(documentText, (text) => {
        const comments = (source: string) => (source.match(/#c\d+/g) ?? []).sort();
        expect(comments(format({ name: "g.fpl", text }).text!)).toEqual(comments(text));
      }),
      { numRuns: 100 },
    );
  });
});

describe("texts", () => {
  const texts = fc.string({ unit: "binary", maxLength: 12 });
  const regexes = fc.array(fc.constantFrom("\\", '"', "d", "n", "u", "t", "r", "\n", "a", " ", "1"), {
    maxLength: 10,
  });

  it("read back as they were printed", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const source = `permit a/b reason ${printText(text)}`;
        const rule = check([{ name: "t.fpl", text: source }]).program?.agents[0]?.rules[0];
        expect(rule?.reason).toBe(text);
      }),
    );
  });

  it("patterns read back as they were printed", () => {
    fc.assert(
      fc.property(regexes, (parts) => {
        const pattern = parts.join("");
        const source = `deny a/b if x matches ${printRegex(pattern)}`;
        const condition = check([{ name: "t.fpl", text: source }]).program?.agents[0]?.rules[0]?.condition;
        expect(condition).toMatchObject({ kind: "matches", pattern });
      }),
    );
  });

  it("tool patterns read back as they were printed", () => {
    const characters = fc.constantFrom(..."aZ09._:@+-*/", "deny", "if", "30s", "1.5");
    fc.assert(
      fc.property(fc.array(characters, { minLength: 1, maxLength: 8 }), (parts) => {
        const pattern = parts.join("");
        fc.pre(isToolPattern(pattern));
        const source = `permit ${printPattern(pattern)} agent "a" { phase p { tools [${printPattern(pattern)}, ${printPattern(pattern)}] } }`;
        const { program, diagnostics } = check([{ name: "t.fpl", text: source }]);
        expect(program?.agents[1]?.rules[0]?.pattern, JSON.stringify(diagnostics)).toBe(pattern);
        expect(program?.agents[0]?.phases[0]?.tools).toEqual([pattern, pattern]);
      }),
      { numRuns: 3000 },
    );
  });
});
