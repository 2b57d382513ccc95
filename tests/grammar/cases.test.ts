import { describe, expect, it } from "vitest";
import { check, DIAGNOSTICS, format, type Span } from "../../fpl-grammar/index.ts";
import { parseCases, readCases, showDiagnostic, showRules, showState } from "./cases.ts";
import { IMPORTS } from "./imports.ts";

const cases = readCases();
const ENVIRONMENT = { REGION: "eu-central-1", HOST: "vault.internal", API_KEY: "never read" };

describe("the language", () => {
  it.each(cases.map((one) => [`${one.file}: ${one.title}`, one] as const))("%s", (_, one) => {
    const { program, diagnostics } = check([{ name: "policy.fpl", text: one.source }], IMPORTS, {
      environment: ENVIRONMENT,
    });
    const shown = diagnostics.map(showDiagnostic);
    const expected = one.expect[0] === "ok" ? [] : one.expect;
    expect(shown.map(place), shown.join("\n")).toEqual(expected.map(place));
    for (const { span } of diagnostics) if (span.file === "policy.fpl") expectPlace(span, one.source);
    for (const [index, line] of expected.entries()) expect(shown[index]).toContain(rest(line));
    if (one.print !== null) expect(format({ name: "policy.fpl", text: one.source }).text).toBe(one.print);
    if (one.rules !== null) expect(program === null ? null : showRules(program)).toEqual(one.rules);
    if (one.state !== null) expect(program === null ? null : showState(program)).toEqual(one.state);
    if (one.unenforced !== null) {
      expect(program?.unenforced.map(({ construct }) => construct)).toEqual(one.unenforced);
    }
  });

  it("shows every diagnostic in a case", () => {
    const shown = new Set(cases.flatMap((one) => one.expect.map((line) => line.slice(0, 4))));
    // These need characters that a text file cannot show, or a very large one: hostile.test.ts.
    for (const code of ["F011", "F014", "F409"]) shown.add(code);
    expect(Object.keys(DIAGNOSTICS).filter((code) => !shown.has(code))).toEqual([]);
  });
});

describe("the case reader", () => {
  it("refuses a case without expectation", () => {
    expect(() => parseCases("x", "=== a\npermit b\n")).toThrow("expects nothing");
    expect(() => parseCases("x", "=== a\npermit b\n--- expect\n\n")).toThrow("expects nothing");
  });

  it("refuses unknown and repeated sections and stray text", () => {
    expect(() => parseCases("x", "=== a\n--- expects\nok\n")).toThrow("unknown section");
    expect(() => parseCases("x", "=== a\n--- expect\nok\n--- expect\nok\n")).toThrow("twice");
    expect(() => parseCases("x", "permit b\n=== a\n--- expect\nok\n")).toThrow("before the first case");
  });
});

/** Line and column are those of the offset. */
function expectPlace({ offset, line, column, length }: Span, text: string): void {
  const before = text.slice(0, offset).split("\n");
  expect([before.length, [...before.at(-1)!].length + 1]).toEqual([line, column]);
  expect(offset + length).toBeLessThanOrEqual(text.length);
}

/** `CODE LINE:COLUMN+LENGTH` */
function place(line: string): string {
  return line.split(" ").slice(0, 2).join(" ");
}

function rest(line: string): string {
  return line.split(" ").slice(2).join(" ");
}
