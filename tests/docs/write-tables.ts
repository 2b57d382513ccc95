/**
 * Writes docs/reference/verdict-codes.md and diagnostics.md from the code's tables: `node cli/run.mjs
 * tests/docs/write-tables.ts`. The tests compare the pages with the code.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { diagnosticCodes } from "../../cli/diagnostic-codes.ts";
import { CODES } from "../../engine/binding/codes.ts";
import { cell, ROOT } from "./pages.ts";

const CODE_GROUPS: readonly { title: string; below: number }[] = [
  { title: "Permit", below: 20 },
  { title: "Defer", below: 40 },
  { title: "Deny: rules, defaults, selectors", below: 60 },
  { title: "Deny: who, when, what shape", below: 100 },
  { title: "Refused: the action's text", below: 120 },
  { title: "Refused: the facts", below: 140 },
  { title: "Refused by the host", below: 256 },
];

/** By the first digit of the code. */
const DIAGNOSTIC_GROUPS: Record<string, string> = {
  "0": "Text and syntax",
  "1": "Names",
  "2": "Types and values",
  "3": "Declarations",
  "4": "Rules",
  "5": "Patterns and conditions that look wrong",
  "6": "Imports",
  "7": "Settings",
  "8": "The lock file",
  "9": "Compiling",
};

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, column) =>
    Math.max(...[title, ...rows.map((cells) => cells[column]!)].map((text) => [...text].length)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((text, column) => text.padEnd(widths[column]! + text.length - [...text].length)).join(" | ")} |\n`;
  return line(head) + line(widths.map((width) => "-".repeat(width))) + rows.map(line).join("");
}

function verdictCodes(): string {
  let page = `# Verdict codes

Every verdict carries one of these codes: what decided. The list is closed; a number or a name is never given a second
meaning. \`faramesh codes\` prints it. In TypeScript it is the type \`CodeName\`, so that a switch over it that misses a new
code does not compile.
`;
  let from = 0;
  for (const { title, below } of CODE_GROUPS) {
    const rows = CODES.filter(({ number }) => number >= from && number < below);
    const cells = rows.map(({ number, name, effect, text, next }) => [
      `${number}`,
      `\`${name}\``,
      effect,
      cell(text),
      cell(next),
    ]);
    page += `\n## ${title}\n\n${table(["number", "name", "effect", "meaning", "what to do"], cells)}`;
    from = below;
  }
  return page;
}

function diagnostics(): string {
  let page = `# Diagnostics

What \`faramesh check\` and \`faramesh build\` report, each with file, line, column, code and, where there is something to do, a
help. \`faramesh check --codes\` prints the list. An error stops a build; a warning does not, unless \`--strict\`; a note
only informs. \`{name}\` stands for what the message is about.
`;
  for (const [digit, title] of Object.entries(DIAGNOSTIC_GROUPS)) {
    const rows = diagnosticCodes().filter(({ code }) => code[1] === digit);
    const cells = rows.map(({ code, severity, message }) => [code, severity, cell(message)]);
    page += `\n## ${title}\n\n${table(["code", "severity", "message"], cells)}`;
  }
  return page;
}

writeFileSync(join(ROOT, "docs", "reference", "verdict-codes.md"), verdictCodes());
writeFileSync(join(ROOT, "docs", "reference", "diagnostics.md"), diagnostics());
