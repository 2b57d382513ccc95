/** The table of runtimes, and what is not in it. */
import type { Row, RuntimeResults } from "./index.ts";

const HEAD = ["runtime", "version", "load", "first", "decisions/s", "x Node", "recorded/s", "x Node"];
/** Columns of words; the others are numbers. */
const WORDS = 2;

const ms = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} ms`;
const ratio = (value: number): string => value.toFixed(value < 0.1 ? 3 : 2);
const whole = (value: number): string => Math.round(value).toLocaleString("en");

const cellsOf = (row: Row): string[] => [
  row.runtime,
  row.version,
  ms(row.loadMs),
  ms(row.firstMs),
  whole(row.decisionsPerSecond),
  ratio(row.ratios.decisionsPerSecond),
  whole(row.recordedPerSecond),
  ratio(row.ratios.recordedPerSecond),
];

/** Its first row is the head. */
export const tableOf = ({ rows }: RuntimeResults): string[][] => [HEAD, ...rows.map(cellsOf)];

export function printRuntimes(results: RuntimeResults, say: (line: string) => void): void {
  const { rules, actionBytes, rounds, rows, skipped } = results;
  say(`\n${rules} rules, ${actionBytes}-byte actions, medians of ${rounds} rounds; all permit the same`);
  const table = tableOf(results);
  const widths = HEAD.map((_, column) => Math.max(...table.map((cells) => cells[column]!.length)));
  const padded = (cells: string[]): string[] =>
    cells.map((cell, column) =>
      column < WORDS ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
    );
  const notes = ["", ...rows.map(({ note }) => note)];
  for (const [index, cells] of table.entries())
    say(`  ${padded(cells).join("  ")}  ${notes[index]}`.trimEnd());
  for (const { runtime, reason } of skipped) say(`  ${runtime}: skipped: ${reason}`);
}
