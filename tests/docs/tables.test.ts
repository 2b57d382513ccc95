/** The reference's tables are the code's tables. */
import { describe, expect, it } from "vitest";
import { diagnosticCodes } from "../../cli/diagnostic-codes.ts";
import { CODES } from "../../engine/binding/codes.ts";
import { cell, readPage } from "./pages.ts";

/** Cells of every table row whose first cell matches. */
function rows(page: string, first: RegExp): string[][] {
  return readPage(page)
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) =>
      line
        .slice(2, -2)
        .split(/ \| /)
        .map((one) => one.trim()),
    )
    .filter((cells) => first.test(cells[0]!));
}

describe("reference tables", () => {
  it("verdict codes", () => {
    const shown = rows("docs/reference/verdict-codes.md", /^\d+$/);
    const known = CODES.map(({ number, name, effect, text, next }) => [
      `${number}`,
      `\`${name}\``,
      effect,
      cell(text),
      cell(next),
    ]);
    expect(shown).toEqual(known);
  });

  it("diagnostics", () => {
    const shown = rows("docs/reference/diagnostics.md", /^F\d{3}$/);
    const known = diagnosticCodes().map(({ code, severity, message }) => [code, severity, cell(message)]);
    expect(shown).toEqual(known);
  });
});
