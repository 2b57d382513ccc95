import type { CaseOutcome, SuiteOutcome } from "../suite.ts";

/** The outcomes as JUnit XML, one suite for each cases file. */
export function junitXml(suites: readonly SuiteOutcome[]): string {
  const total = suites.reduce((sum, suite) => sum + suite.outcomes.length, 0);
  const failed = suites.reduce((sum, suite) => sum + suite.outcomes.filter(({ ok }) => !ok).length, 0);
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="faramesh test" tests="${total}" failures="${failed}">`,
    ...suites.flatMap((suite) => {
      const failures = suite.outcomes.filter(({ ok }) => !ok).length;
      const head = `  <testsuite name="${escapeXml(suite.file)}" tests="${suite.outcomes.length}" failures="${failures}">`;
      return [head, ...suite.outcomes.flatMap((outcome) => caseXml(suite.file, outcome)), "  </testsuite>"];
    }),
    "</testsuites>",
  ];
  return `${lines.join("\n")}\n`;
}

function caseXml(file: string, { title, line, ok, problem, detail }: CaseOutcome): string[] {
  const attributes = `name="${escapeXml(title)}" classname="${escapeXml(file)}" file="${escapeXml(file)}" line="${line}"`;
  if (ok) return [`    <testcase ${attributes}/>`];
  return [
    `    <testcase ${attributes}>`,
    `      <failure message="${escapeXml(problem)}">${escapeXml(detail)}</failure>`,
    "    </testcase>",
  ];
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
  "\n": "&#10;",
};

/** Characters that XML 1.0 cannot hold become U+FFFD. */
function escapeXml(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"'\n]/g, (character) => ENTITIES[character]!);
}
