import { bytesToHex } from "@noble/hashes/utils.js";
import type { SealedRecord } from "../../control/ports.ts";
import type { Verdict } from "../../engine/binding/index.ts";
import { cut, effectStyle, printable, type Style, table } from "../style.ts";
import { why } from "./verdicts.ts";

/** A record that verified, as far as reports look into it. */
export interface AuditRow {
  hash: string;
  record: {
    sequence: number;
    time: number | null;
    type: string;
    effect: string;
    code: Verdict["code"];
    detail: Verdict["detail"];
    agent: string | null;
    action: { agent?: string; tool?: string; session?: string; call_id?: string; type?: string } | null;
    inputs: { principal?: { id?: string; email?: string } } | null;
    rule: { id: string; file: string; line: number } | null;
    reason: string | null;
    bundle: string | null;
    action_digest: string | null;
  };
}

export function rowOf({ hash, record }: SealedRecord): AuditRow {
  return {
    hash: bytesToHex(hash),
    record: JSON.parse(new TextDecoder().decode(record)) as AuditRow["record"],
  };
}

/** The agent that called, else the policy's. */
export const agentOf = ({ record }: AuditRow): string | null => record.action?.agent ?? record.agent;
export const sessionOf = ({ record }: AuditRow): string | null => record.action?.session ?? null;
/** Null for an event, and for a call that was refused. */
export const toolOf = ({ record }: AuditRow): string | null => record.action?.tool ?? null;

const HEADING = ["#", "time (UTC)", "verdict", "agent", "tool", "rule", "why"];

export function timeText(time: number | null): string {
  return time === null ? "-" : new Date(time).toISOString().slice(0, 19).replace("T", " ");
}

function what(row: AuditRow): string {
  if (row.record.type !== "decision") return row.record.type;
  return toolOf(row) ?? "(refused)";
}

/** Verified records as an aligned table. */
export function auditTable(rows: readonly AuditRow[], width: number, style: Style): string {
  if (rows.length === 0) return "no records\n";
  const cells = rows.map((row) => auditCells(row, width));
  return table([HEADING, ...cells], (text, index, column) => {
    if (index === 0) return style.dim(text);
    if (column === 2) return effectStyle(style, text)(text);
    return column === 1 || column === 5 ? style.dim(text) : text;
  });
}

function auditCells(row: AuditRow, width: number): string[] {
  const { record } = row;
  return [
    String(record.sequence),
    timeText(record.time),
    record.effect,
    cut(printable(agentOf(row) ?? "-"), 24),
    cut(printable(what(row)), 40),
    record.rule === null ? "-" : cut(printable(`${record.rule.file}:${record.rule.line}`), 40),
    cut(printable(why(record)), Math.max(32, width - 100)),
  ];
}

/** One record with everything in it, for people. */
export function auditPage(row: AuditRow, style: Style): string {
  const { hash, record } = row;
  const effect = effectStyle(style, record.effect)(record.effect);
  const known: Record<string, string> = { hash, time: timeText(record.time), effect };
  const fields = Object.entries({ hash, ...record }).map(([name, value]) => {
    const text = known[name] ?? printable(typeof value === "string" ? value : JSON.stringify(value));
    return [name, text];
  });
  return table(fields as string[][], (text, _, column) => (column === 0 ? style.dim(text) : text));
}

const BAR_WIDTH = 30;
const MOST = 12;

/** Counts by one property. */
export type Counts = Map<string, number>;

export interface AuditStats {
  records: number;
  /** Unix milliseconds; null when no record has a time. */
  from: number | null;
  to: number | null;
  effect: Counts;
  code: Counts;
  agent: Counts;
  tool: Counts;
  type: Counts;
}

export function emptyStats(): AuditStats {
  const counts = { effect: new Map(), code: new Map(), agent: new Map(), tool: new Map(), type: new Map() };
  return { records: 0, from: null, to: null, ...counts };
}

export function countRow(stats: AuditStats, row: AuditRow): void {
  const { effect, code, type, time } = row.record;
  const count = (counts: Counts, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  stats.records++;
  count(stats.effect, effect);
  count(stats.code, code);
  count(stats.type, type);
  count(stats.agent, agentOf(row) ?? "-");
  if (type === "decision") count(stats.tool, toolOf(row) ?? "(refused)");
  if (time === null) return;
  stats.from = Math.min(stats.from ?? time, time);
  stats.to = Math.max(stats.to ?? time, time);
}

/** Greatest first, equal ones by name. */
export function ranked(counts: Counts): [string, number][] {
  return [...counts].sort(([left, a], [right, b]) => b - a || (left < right ? -1 : 1));
}

function chart(
  title: string,
  counts: Counts,
  style: Style,
  paint: (name: string) => (text: string) => string,
) {
  const all = ranked(counts);
  if (all.length === 0) return "";
  const shown = all.slice(0, MOST);
  const rest = all.slice(MOST);
  const most = shown[0]![1];
  const rows = shown.map(([name, count]) => [
    `  ${cut(printable(name), 40)}`,
    String(count),
    "█".repeat(Math.max(1, Math.round((count / most) * BAR_WIDTH))),
  ]);
  const left = rest.reduce((sum, [, count]) => sum + count, 0);
  if (left > 0) rows.push([`  ${rest.length} more`, String(left), ""]);
  const painted = table(rows, (text, row, column) => {
    return column === 2 && text !== "" ? paint(shown[row]![0])(text) : text;
  });
  return `\n${style.bold(title)}\n${painted}`;
}

/** Counts with bars, for a terminal. */
export function statsText(stats: AuditStats, style: Style): string {
  const { records, from, to } = stats;
  const span = from === null ? "" : `, ${timeText(from)} to ${timeText(to)} UTC`;
  const plain = () => style.cyan;
  return [
    `${records} record${records === 1 ? "" : "s"}${span}\n`,
    chart("verdicts", stats.effect, style, (name) => effectStyle(style, name)),
    chart("codes", stats.code, style, plain),
    chart("agents", stats.agent, style, plain),
    chart("tools", stats.tool, style, plain),
    stats.type.size > 1 ? chart("types", stats.type, style, plain) : "",
  ].join("");
}
