/** Which limits a call is asked about, with what they hold and what the call would add: step 6 for people. */
import type { Ir } from "../../bundles/format/ir.ts";
import { costOf } from "./amounts.ts";
import { isLimit, isMeterOf, isMoment, type LimitView, limitView, type PartyState } from "./meters.ts";
import { matchingPatterns, servingAgent } from "./patterns.ts";

export interface AskedLimit extends LimitView {
  /** What the call would add; null when only the core can tell. */
  adds: bigint | null;
  /** Whether the call would go over it. */
  over: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

function addsOf({ unit }: LimitView, cost: bigint | null, facts: Fields): bigint | null {
  if (unit === "calls") return 1n;
  if (unit === "bytes") return 0n;
  if (unit === "values") return null;
  if (unit === "money") return cost;
  const tokens = (facts.cost as { tokens?: unknown } | null | undefined)?.tokens;
  return Number.isSafeInteger(tokens) ? BigInt(tokens as number) : null;
}

/** Limits of the acting party that match the call, in the order of the table. */
export function askedLimits(
  ir: Ir,
  action: Fields,
  facts: Fields,
  party: PartyState,
  nowMs: number,
): AskedLimit[] {
  if (typeof action.agent !== "string" || typeof action.tool !== "string") return [];
  const serving = servingAgent(ir, action.agent);
  const patterns = matchingPatterns(ir, serving, action.tool);
  const cost = costOf(ir, patterns, action, facts);
  const ids = [...new Set(patterns.flatMap(({ meters }) => meters))].sort((left, right) => left - right);
  return ids.flatMap((id) => {
    const meter = ir.meters[id]!;
    if (!isLimit(meter) || isMoment(meter) || !isMeterOf(meter, serving)) return [];
    const view = limitView(ir, id, party, nowMs);
    if (view.scope === "session" && party.session === null) return [];
    const adds = addsOf(view, cost, facts);
    return [{ ...view, adds, over: isOver(view, adds) }];
  });
}

/** What is not known adds nothing, but then a limit that is used up is over; whether a value was there before, the core alone can tell. */
function isOver({ used, limit, unit }: LimitView, adds: bigint | null): boolean {
  if (adds !== null) return used + adds > limit;
  return unit !== "values" && used >= limit;
}
