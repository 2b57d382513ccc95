import { amountText, durationText, moneyDecimal, moneyText } from "../state/amounts.ts";
import type { LimitView } from "../state/meters.ts";
import type { SessionParty } from "../state/parties.ts";
import type { SessionStanding, SessionView } from "../state/session-view.ts";
import { printable, type Style, table } from "../style.ts";
import { timeText } from "./audit.ts";
import { limitJson, spanText } from "./explanation.ts";

const BAR_COLUMNS = 20;
const SHOWN_RESERVATIONS = 8;

function standingText(standing: SessionStanding, style: Style): string {
  return (standing === "open" ? style.green : style.red)(standing);
}

/** How much of a limit is used; `warn`: from which share on it is yellow. */
function bar(used: bigint, limit: bigint, warn: bigint | null, style: Style): string {
  const share = limit === 0n ? 1 : Math.min(1, Number(used) / Number(limit));
  const full = used > 0n ? Math.max(1, Math.floor(share * BAR_COLUMNS)) : 0;
  const isWarned = warn !== null && used >= warn;
  const paint = used >= limit ? style.red : isWarned ? style.yellow : style.green;
  return paint("█".repeat(full)) + style.dim("░".repeat(BAR_COLUMNS - full));
}

interface BarRow {
  title: string;
  used: bigint;
  limit: bigint;
  warnAt: bigint | null;
  text: string;
  span: string;
}

function limitRow(limit: LimitView): BarRow {
  const { family, name, unit, used, warnAt } = limit;
  const text = `${amountText(used, unit)} of ${amountText(limit.limit, unit)}${unit === "money" ? "" : ` ${unit}`}`;
  const exceeded = limit.onExceed === "deny" ? "" : `, then ${limit.onExceed}`;
  const span = `${spanText(limit)}${exceeded}`;
  return { title: `${family} ${printable(name)}`, used, limit: limit.limit, warnAt, text, span };
}

/** What `session { … }` bounds, as bars of the same kind. */
function boundRows({ calls, maxCalls, ageMs, maxDurationMs, idleMs, idleTimeoutMs }: SessionView): BarRow[] {
  const rows: BarRow[] = [];
  if (maxCalls !== null) {
    const text = `${calls.toLocaleString("en")} of ${maxCalls.toLocaleString("en")} calls`;
    rows.push({ title: "session calls", used: calls, limit: BigInt(maxCalls), warnAt: null, text, span: "" });
  }
  for (const [title, ms, limit] of [
    ["session duration", ageMs, maxDurationMs],
    ["session idle", idleMs, idleTimeoutMs],
  ] as const) {
    if (limit === null) continue;
    const text = `${durationText(ms)} of ${durationText(limit)}`;
    rows.push({ title, used: BigInt(ms), limit: BigInt(limit), warnAt: null, text, span: "" });
  }
  return rows;
}

function barLines(view: SessionView, style: Style): string {
  const rows = [...boundRows(view), ...view.limits.map(limitRow)];
  const width = Math.max(0, ...rows.map(({ title }) => title.length));
  const widest = Math.max(0, ...rows.map(({ text }) => text.length));
  return rows
    .map(({ title, used, limit, warnAt, text, span }) =>
      `  ${title.padEnd(width)}  ${bar(used, limit, warnAt, style)}  ${text.padEnd(widest)}  ${style.dim(span)}`.trimEnd(),
    )
    .join("\n");
}

function headLines(view: SessionView, nowMs: number): [string, string][] {
  const { agent, servedBy, purpose, phase, openedMs, ageMs, calls, cost, agentFrozen, children } = view;
  const lines: [string, string][] = [
    ["agent", `${agent}${servedBy === agent ? "" : ` (served by ${servedBy ?? "no block"})`}`],
    ["purpose", purpose ?? "-"],
  ];
  if (phase !== null) {
    const left = phase.durationMs === null ? null : phase.durationMs - (nowMs - phase.sinceMs);
    const next =
      left === null ? "" : `, ${durationText(left)} left${phase.next === null ? "" : `, then ${phase.next}`}`;
    lines.push(["phase", `${phase.name} for ${durationText(nowMs - phase.sinceMs)}${next}`]);
  }
  lines.push(["opened", `${timeText(openedMs)} UTC, ${durationText(ageMs)} ago`]);
  lines.push(["calls", calls.toLocaleString("en")], ["cost", moneyText(cost)]);
  if (children > 0) lines.push(["children", String(children)]);
  if (agentFrozen) lines.push(["flags", "the agent is frozen"]);
  return lines;
}

function reservationLines({ reservations }: SessionView, nowMs: number, style: Style): string {
  if (reservations.length === 0) return "";
  // A call that costs nothing is open too, until it is settled: many of them say no more than how many.
  const costing = reservations.filter(({ money, tokens }) => money > 0n || tokens > 0n);
  const free = reservations.length - costing.length;
  const shown = costing.slice(-SHOWN_RESERVATIONS);
  const rows = shown.map(({ sequence, timeMs, money, tokens }) => [
    `    ${sequence}`,
    moneyText(money),
    tokens === 0n ? "" : `${tokens} tokens`,
    `${durationText(nowMs - timeMs)} ago`,
  ]);
  const more = costing.length - shown.length;
  const title = `  open reservations ${style.dim(`${reservations.length}${more > 0 ? `, the last ${shown.length} of ${costing.length} that cost` : ""}`)}\n`;
  const calls = free === 1 ? "1 call" : `${free} calls`;
  const folded = free === 0 ? "" : `    ${calls} of ${moneyText(0n)}\n`;
  const listed =
    rows.length === 0 ? "" : table(rows, (text, _, column) => (column === 3 ? style.dim(text) : text));
  return title + listed + folded;
}

function approvalLines({ approvals, pending }: SessionView, nowMs: number, style: Style): string {
  const lines: string[] = [];
  for (const { digest, expiresMs } of approvals) {
    lines.push(
      `  approved, not used yet  ${digest.slice(0, 16)}… ${style.dim(`for ${durationText(expiresMs - nowMs)}`)}`,
    );
  }
  for (const digest of pending) lines.push(`  waits for an approval   ${digest}…`);
  return lines.map((line) => `${line}\n`).join("");
}

/** One party of a session, for people. */
export function sessionText(view: SessionView, style: Style): string {
  const nowMs = view.openedMs + view.ageMs;
  const title = `${style.bold(printable(view.session))}  ${standingText(view.standing, style)}\n`;
  const head = table(
    headLines(view, nowMs).map(([label, value]) => [`  ${label}`, printable(value)]),
    (text, _, column) => (column === 0 ? style.dim(text) : text),
  );
  const bars = barLines(view, style);
  return [
    title,
    head,
    bars === "" ? "" : `\n${bars}\n`,
    [reservationLines(view, nowMs, style), approvalLines(view, nowMs, style)]
      .filter((part) => part !== "")
      .map((part) => `\n${part}`)
      .join(""),
  ].join("");
}

/** The documented JSON of a party. Times are Unix milliseconds, money is decimal text. */
export function sessionJson(view: SessionView) {
  const { calls, cost, limits, reservations, ...rest } = view;
  return {
    ...rest,
    calls: Number(calls),
    cost: moneyDecimal(cost),
    limits: limits.map(limitJson),
    reservations: reservations.map(({ sequence, timeMs, money, tokens }) => ({
      sequence,
      timeMs,
      money: moneyDecimal(money),
      tokens: Number(tokens),
    })),
  };
}

/** `session ls`. */
export function sessionTable(
  parties: readonly (SessionParty & { standing: SessionStanding | null })[],
  nowMs: number,
  style: Style,
): string {
  if (parties.length === 0) return "no sessions\n";
  const rows = parties.map(({ session, agent, state, standing }) => [
    printable(session),
    printable(agent),
    standing ?? "damaged",
    state === null ? "-" : durationText(Math.max(nowMs, state.lastMs) - state.openedMs),
    state === null ? "-" : String(state.calls),
    state === null ? "-" : moneyText(state.cost),
    state === null || state.purpose === "" ? "-" : printable(state.purpose),
  ]);
  return table(
    [["session", "agent", "state", "age", "calls", "cost", "purpose"], ...rows],
    (text, row, column) => {
      if (row === 0) return style.dim(text);
      if (column !== 2) return text;
      return (text.trim() === "open" ? style.green : style.red)(text);
    },
  );
}
