/** The reference page names every command and option; the lists of codes are complete. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diagnosticCodes } from "../../cli/diagnostic-codes.ts";
import { ENTRIES } from "../../cli/registry.ts";
import { ROOT } from "./command.ts";

describe("docs/reference/cli.md", () => {
  const page = readFileSync(join(ROOT, "docs/reference/cli.md"), "utf8");
  const usages = page.split("\n").join(" ");

  it.each(ENTRIES.map(({ name, load }) => ({ name, load })))("$name", async ({ name, load }) => {
    const { options } = await load();
    expect(page).toMatch(
      name === "completion" ? /faramesh completion bash/ : new RegExp(`^## .*${name}`, "m"),
    );
    for (const option of options) {
      const spelling =
        option.short === undefined ? `--${option.name}` : `(--${option.name}|-${option.short} )`;
      expect(usages, `${name} --${option.name}`).toMatch(new RegExp(spelling));
    }
  });
});

describe("diagnostic codes", () => {
  it("has each code once", () => {
    const codes = diagnosticCodes().map(({ code }) => code);
    expect(new Set(codes).size).toBe(codes.length);
    expect(codes).toEqual([...codes].sort());
  });
});
