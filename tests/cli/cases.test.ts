/** Test cases as text: what is read, and what is refused at which place. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type ActionStep, parseCases } from "../../cli/cases.ts";

const CODES = ["rule_permit", "default_deny"];

function parse(text: string) {
  return parseCases(new TextEncoder().encode(text), CODES);
}

describe("parseCases", () => {
  it("reads titles, JSON over several lines, facts, comments and expectations", () => {
    const { cases, errors } = parse(`# policy
case "first \\"one\\"" # a comment
  action {
    "tool": "a # b"
  }
  facts {"x": [1, {"y": "}"}]}
  expect permit code rule_permit rule 12
case "second" action {} expect deny rule sub/a.fpl:3
`);
    expect(errors).toEqual([]);
    const decoder = new TextDecoder();
    const first = cases.map(({ steps }) => steps[0] as ActionStep);
    const shown = cases.map(({ title, line }, index) => ({ title, line, expected: first[index]!.expect }));
    expect(shown).toEqual([
      {
        title: 'first "one"',
        line: 2,
        expected: { effect: "permit", code: "rule_permit", rule: { file: null, line: 12 } },
      },
      {
        title: "second",
        line: 8,
        expected: { effect: "deny", code: null, rule: { file: "sub/a.fpl", line: 3 } },
      },
    ]);
    expect(decoder.decode(first[0]!.action)).toBe('{\n    "tool": "a # b"\n  }');
    expect(decoder.decode(first[0]!.facts!)).toBe('{"x": [1, {"y": "}"}]}');
    expect(first[1]!.facts).toBeNull();
  });

  it.each([
    ["no expectation", 'case "a"\n  action {}\n', "1:1", "expects nothing"],
    ["no action", 'case "a"\n  expect deny\n', "1:1", "has no action"],
    ["an unknown word", 'case "a"\n  acton {}\n  expect deny\n', "2:3", "unknown word `acton`"],
    ["an unknown effect", 'case "a" action {} expect premit', "1:27", "unknown word `premit`"],
    [
      "an unknown code",
      'case "a" action {} expect deny code defualt_deny',
      "1:37",
      "unknown word `defualt_deny`",
    ],
    ["a bad place", 'case "a" action {} expect deny rule 0', "1:37", "is not the place of a rule"],
    [
      "a duplicate title",
      'case "a" action {} expect deny\ncase "a" action {} expect deny',
      "2:1",
      "stands twice",
    ],
    ["a duplicate part", 'case "a" action {} action {} expect deny', "1:20", "`action` stands twice"],
    ["a title without quotes", "case a action {} expect deny", "1:6", "expected the case's title"],
    ["a title that does not end", 'case "a\n action {} expect deny', "1:6", "is not a JSON string"],
    ["an action that is no object", 'case "a" action [] expect deny', "1:17", "expected a JSON object"],
    ["an action that does not close", 'case "ä" action {"a": [} expect deny', "1:17", "does not close"],
    ["something before the first case", 'cas "a"', "1:1", "unknown word `cas`"],
    ["the end after expect", 'case "a" action {} expect', "1:26", "the file ends here"],
  ])("refuses %s", (_, text, place, message) => {
    const { errors } = parse(text);
    expect(errors).toHaveLength(1);
    expect(`${errors[0]!.line}:${errors[0]!.column}`).toBe(place);
    expect(errors[0]!.message).toContain(message);
    expect(errors[0]!.help).not.toBe("");
  });

  it("goes on at the next case, so that each error is seen", () => {
    const { cases, errors } = parse('case "a" foo\ncase "b" action {} expect deny\ncase "c" action {}\n');
    expect(cases.map(({ title }) => title)).toEqual(["b"]);
    expect(errors.map(({ line }) => line)).toEqual([1, 3]);
  });

  it("suggests", () => {
    expect(parse('case "a" action {} expect premit').errors[0]!.help).toBe("did you mean `permit`?");
  });

  it("ends on any bytes", () => {
    const word = fc.constantFrom(
      "case",
      '"a"',
      "action",
      "{}",
      "{",
      "expect",
      "deny",
      "code",
      "rule",
      "#",
      "\n",
      "\u0000",
      "1",
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 30 }), (words) => {
        parse(words.join(" "));
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        parseCases(bytes, CODES);
      }),
      { numRuns: 300 },
    );
  });
});
