/** Puts the table and the plot of a run into docs. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../tests/conformance/host.ts";
import type { RuntimeResults } from "./index.ts";
import { drawRuntimes } from "./plot.ts";
import { tableOf } from "./report.ts";

const PAGE = join(ROOT, "docs/operations/performance.md");
const PLOT = join(ROOT, "docs/runtimes.svg");
const BETWEEN =
  /(?<=<!-- runtimes: filled from npm run bench:runtimes -->\n)[^<]*(?=<!-- end of runtimes -->)/;

/** Throws when the page has no place for the table. */
export function documentRuntimes(results: RuntimeResults): void {
  const text = readFileSync(PAGE, "utf8");
  if (!BETWEEN.test(text)) throw new Error(`${PAGE}: the markers of the runtimes are missing`);
  writeFileSync(PAGE, text.replace(BETWEEN, `\n${markdownOf(tableOf(results))}\n`));
  writeFileSync(PLOT, drawRuntimes(results));
}

function markdownOf([head, ...rows]: string[][]): string {
  const widths = head!.map((cell, column) =>
    Math.max(cell.length, ...rows.map((row) => row[column]!.length)),
  );
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |\n`;
  return [head!, widths.map((width) => "-".repeat(width)), ...rows].map(line).join("");
}
