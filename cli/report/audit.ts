import type { Verdict } from "../../engine/binding/index.ts";
import { cut, effectStyle, printable, type Style, table } from "../style.ts";
import { why } from "./verdicts.ts";

/** A line of a record log, as far as the table shows it. */
export interface AuditRow {
  hash: string;
  record: {
    sequence: number;
    time: number | null;
    effect: string;
    code: Verdict["code"];
    detail: Verdict["detail"];
    agent: string | null;
    action: { agent?: string; tool?: string } | null;
    rule: { file: string; line: number } | null;
    reason: string | null;
  };
}

const HEADING = ["#", "time (UTC)", "verdict", "agent", "tool", "rule", "why"];

function timeText(time: number | null): string {
  return time === null ? "-" : new Date(time).toISOString().slice(0, 19).replace("T", " ");
}

/** Verified records as an aligned table. */
export function auditTable(rows: readonly AuditRow[], width: number, style: Style): string {
  if (rows.length === 0) return "no records\n";
  const cells = rows.map(({ record }) => [
    String(record.sequence),
    timeText(record.time),
    record.effect,
    cut(printable(record.action?.agent ?? record.agent ?? "-"), 24),
    cut(printable(record.action?.tool ?? "(refused)"), 40),
    record.rule === null ? "-" : cut(printable(`${record.rule.file}:${record.rule.line}`), 40),
    cut(printable(why(record)), Math.max(32, width - 100)),
  ]);
  return table([HEADING, ...cells], (text, row, column) => {
    if (row === 0) return style.dim(text);
    if (column === 2) return effectStyle(style, text)(text);
    return column === 1 || column === 5 ? style.dim(text) : text;
  });
}
