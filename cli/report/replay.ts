import type { BacktestCounts, ChangedVerdict, JudgedVerdict } from "../replay/backtest.ts";
import type { Difference, ReplayCounts } from "../replay/replay.ts";
import { cut, effectStyle, printable, type Style, table } from "../style.ts";

const VALUE_COLUMNS = 100;

function plural(count: number, noun: string): string {
  return `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
}

/** What was not decided again, and why. */
function leftOut({ redacted, refused }: { redacted: number; refused: number }, end: string): string[] {
  const lines: string[] = [];
  if (redacted > 0) {
    lines.push(
      `  ${plural(redacted, "record")} with redacted values ${end}: \`--actions FILE\` gives the originals`,
    );
  }
  if (refused > 0) {
    lines.push(
      `  ${plural(refused, "record")} of calls that were refused before they were judged ${end}: their texts are not kept`,
    );
  }
  return lines;
}

/** The end of a replay without a difference. */
export function replayText(place: string, counts: ReplayCounts, style: Style): string {
  const { records, replayed, events, unknownState } = counts;
  const note = events > 0 ? `, ${plural(events, "event")} among them` : "";
  const lines = [
    `${style.green("✓")} ${place}: ${plural(records, "record")}, ${replayed.toLocaleString("en")} decided again to the same bytes${note}`,
    ...leftOut(counts, "only checked in chain and state"),
  ];
  if (unknownState > 0) {
    lines.push(
      `  ${plural(unknownState, "record")} on state from before the first record that is kept: only the chain was checked`,
    );
  }
  return `${lines.join("\n")}\n`;
}

/** The first difference, field by field. */
export function differenceText(
  place: string,
  { sequence, message, fields }: Difference,
  style: Style,
): string {
  const shown = (value: unknown) => cut(printable(JSON.stringify(value)), VALUE_COLUMNS);
  const lines = fields.flatMap(({ field, recorded, replayed }) => [
    `  ${style.bold(field)}`,
    `    ${style.red("- recorded")}  ${shown(recorded)}`,
    `    ${style.green("+ replayed")}  ${shown(replayed)}`,
  ]);
  const what = message ?? "decided again it is another record";
  return `${style.red("✗")} ${place}: record ${sequence}: ${printable(what)}\n${lines.map((line) => `${line}\n`).join("")}`;
}

function verdictText({ effect, code }: JudgedVerdict, other: JudgedVerdict): string {
  return effect === other.effect ? `${effect} (${code})` : effect;
}

function causeText({ rule, code, reason }: JudgedVerdict): string {
  const place = rule === null ? code : `${rule.file}:${rule.line}`;
  return reason === null ? place : `${place} “${reason}”`;
}

/** Every verdict that changes, and the counts. */
export function backtestText(
  place: string,
  counts: BacktestCounts,
  changed: readonly ChangedVerdict[],
  style: Style,
): string {
  const rows = changed.map(({ sequence, agent, tool, type, old, new: judged }) => [
    String(sequence),
    cut(printable(agent ?? "-"), 24),
    cut(printable(tool ?? type), 40),
    `${verdictText(old, judged)} → ${verdictText(judged, old)}`,
    cut(printable(causeText(judged)), 60),
  ]);
  const body =
    rows.length === 0
      ? ""
      : `${table([["#", "agent", "tool", "old → new", "because of"], ...rows], (text, row, column) => {
          if (row === 0) return style.dim(text);
          return column === 3 ? effectStyle(style, changed[row - 1]!.new.effect)(text) : text;
        })}\n`;
  const { records, judged, widened, narrowed, cause } = counts;
  const mark = counts.changed === 0 ? style.green("✓") : style.yellow("●");
  const parts = [`${widened} wider`, `${narrowed} narrower`, `${cause} of the same effect for another cause`];
  const summary =
    counts.changed === 0
      ? "no verdict changes"
      : `${plural(counts.changed, "verdict")} of ${judged.toLocaleString("en")} change: ${parts.join(", ")}`;
  const lines = [
    `${mark} ${place}: ${plural(records, "record")}, ${summary}`,
    ...leftOut(counts, "not judged, nor counted"),
  ];
  return `${body}${lines.join("\n")}\n`;
}
