import type { CoverageReport, Share } from "../coverage.ts";
import { cut, printable, type Style, table } from "../style.ts";

const BAR_COLUMNS = 20;

function bar({ percent }: Share, threshold: number | null, style: Style): string {
  const full = Math.round((percent / 100) * BAR_COLUMNS);
  const paint = percent < (threshold ?? 0) ? style.red : percent === 100 ? style.green : style.yellow;
  return paint("█".repeat(full)) + style.dim("░".repeat(BAR_COLUMNS - full));
}

/** Two bars, a third where there are limits, then what no case has exercised. Ends in a newline. */
export function coverageText(
  policy: string,
  report: CoverageReport,
  display: (name: string) => string,
  threshold: number | null,
  style: Style,
): string {
  const shares: [string, Share][] = [
    ["rules", report.rules],
    ["conditions", report.conditions],
  ];
  if (report.limits.total > 0) shares.push(["limits", report.limits]);
  const bars = shares.map(([title, share]) => {
    const percent = `${share.percent.toFixed(1)} %`.padStart(7);
    return `  ${title.padEnd(10)}  ${bar(share, threshold, style)} ${percent}  ${style.dim(`${share.covered} of ${share.total}`)}\n`;
  });
  const { rules, conditions, limits } = report.uncovered;
  const paint = (text: string, _: number, column: number) => (column === 0 ? style.dim(text) : text);
  const ruleRows = rules.map(({ file, line, text }) => [
    `    ${display(file)}:${line}`,
    cut(printable(text), 90),
  ]);
  const conditionRows = conditions.map(({ file, line, column, text, never }) => [
    `    ${display(file)}:${line}:${column}`,
    `never ${never.join(" or ")}`,
    cut(printable(text), 70),
  ]);
  const parts = [`${style.bold("Coverage")} ${policy}\n`, ...bars];
  if (rules.length > 0) parts.push(`  rules that never applied\n${table(ruleRows, paint)}`);
  if (conditions.length > 0) parts.push(`  conditions seen one way only\n${table(conditionRows, paint)}`);
  const limitRows = limits.map(({ agent, family, name, unit }) => [
    `    ${agent === null ? "system" : printable(agent)}`,
    `${family} ${printable(name)}`,
    unit,
  ]);
  if (limits.length > 0) parts.push(`  limits that no case went over\n${table(limitRows, paint)}`);
  return parts.join("");
}
