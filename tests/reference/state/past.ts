/** What conditions can ask of the past: `session.calls` and the like, and the functions over history. */
import type { Computed, History } from "../../../fpl-grammar/program.ts";
import { type Exact, normalise } from "../decimal.ts";
import type { Question } from "../stages.ts";
import { entriesOf } from "./apply.ts";
import { happened, historyId, type Meter, metersOf, meterValue } from "./meters.ts";

/** Nothing without a session of which there is state. */
export function computedValue({ facts, memory }: Question, name: Computed): Exact | undefined {
  if (name === "delegation.depth") return normalise(BigInt(facts.delegation?.chain.length ?? 0), 0n);
  if (memory === null || memory.session === null) return undefined;
  const { session, now } = memory;
  if (name === "session.calls") return normalise(session.calls, 0n);
  if (name === "session.cost") return normalise(session.cost, -6n);
  return normalise((now - session.opened) / 1000n, 0n);
}

export function historyValue(
  { program, policy, memory }: Question,
  history: History,
): boolean | { least: Exact; greatest: Exact } | undefined {
  if (memory === null || memory.session === null) return undefined;
  const id = historyId(history);
  const meter = metersOf(program, policy).find((one) => one.id === id)!;
  const entries = entriesOf(memory.session, meter);
  if (meter.kind === "last" || meter.kind === "sequence") return happened(meter, entries, memory.now);
  const { least, greatest } = meterValue(meter, entries, memory.now);
  return { least: inUnits(meter, least), greatest: inUnits(meter, greatest) };
}

/** Sums of arguments are kept in millionths. */
const inUnits = ({ unit }: Meter, value: bigint): Exact => normalise(value, unit === "argument" ? -6n : 0n);
