/** Names of meters as bundles and verdicts have them. */
import type { History } from "../../../fpl-grammar/program.ts";
import type { Meter } from "./meters.ts";

/** A limit's own name; of history what was asked. */
export function nameOf(meter: Meter): string {
  if (meter.family !== "history") return meter.name;
  const history = JSON.parse(meter.name) as History;
  const window = (title: string, ms: number | null): string =>
    ms === null ? "" : `, ${title}=${duration(ms)}`;
  switch (history.function) {
    case "count":
      return `session.count(${history.pattern}${window("window", history.windowMs)})`;
    case "sum":
      return `session.sum(${history.pattern}.${history.argument.join(".")}${window("window", history.windowMs)})`;
    case "denies":
      return `deny_count_within(${duration(history.windowMs)})`;
    case "contains":
      return `history.contains(${history.pattern}${window("within", history.windowMs)})`;
    case "sequence":
      return `history.sequence(${history.patterns.join(", ")})`;
  }
}

function duration(ms: number): string {
  const units: [string, number][] = [
    ["w", 604_800_000],
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["m", 60_000],
    ["s", 1000],
    ["ms", 1],
  ];
  const [unit, length] = units.find(([, one]) => ms % one === 0)!;
  return `${ms / length}${unit}`;
}
