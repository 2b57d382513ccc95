/** The reference's tables are the code's tables. */
import { describe, expect, it } from "vitest";
import { CODES } from "../../engine/binding/codes.ts";
import { DIAGNOSTICS } from "../../fpl-grammar/index.ts";
import { readPage } from "./pages.ts";

/** Cells of every table row whose first cell matches. */
function rows(page: string, first: RegExp): string[][] {
  return readPage(page)
    .split("\n")
    .filter((line) => line.startsWith("| "))
    .map((line) => line.slice(2, -2).split(/ \| /))
    .filter((cells) => first.test(cells[0]!));
}

describe("reference tables", () => {
  it("verdict codes", () => {
    const shown = rows("docs/reference/verdict-codes.md", /^\d+$/);
    const known = CODES.map(({ number, name, effect, text, next }) => [`${number}`, `\`${name}\``, effect, text, next]);
    expect(shown).toEqual(known);
  });

  it("diagnostics", () => {
    const shown = rows("docs/reference/diagnostics.md", /^F\d{3}$/);
    const known = DIAGNOSTICS.map(({ code, severity, summary }) => [code, severity, summary]);
    expect(shown).toEqual(known);
  });
});
