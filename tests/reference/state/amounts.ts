/** What a call costs and adds (engine/ABI.md "Meters"). */
import type { AgentPolicy } from "../../../fpl-grammar/program.ts";
import type { Action } from "../action.ts";
import { at } from "../condition.ts";
import { exactOf } from "../decimal.ts";
import type { Facts } from "../facts.ts";
import type { Json } from "../json.ts";
import { toolMatches } from "../names.ts";

/** An amount in millionths, or the argument that should have given it. */
export type Amount = { micros: bigint } | { unknown: string };

const MAX_MICROS = 10n ** 18n;

/** Millionths of a number of 0 or more with at most 6 decimals and below 10^12; null for any other text. */
export function microsOf(text: string): bigint | null {
  const { digits, exponent } = exactOf(text);
  if (digits < 0n || exponent < -6n || exponent > 12n) return null;
  const micros = digits * 10n ** (exponent + 6n);
  return micros < MAX_MICROS ? micros : null;
}

/** `ifMissing`: what an absent argument adds; null when it must be there. */
export function argumentAmount(action: Action, path: (string | number)[], ifMissing: bigint | null): Amount {
  const unknown = { unknown: String(path[0]) };
  const value: Json | undefined = at(action.args, path);
  if (value === undefined || value.kind === "null") {
    return ifMissing === null ? unknown : { micros: ifMissing };
  }
  const micros = value.kind === "number" ? microsOf(value.text) : null;
  return micros === null ? unknown : { micros };
}

/** The greatest of the costs that match and of the cost that the host gives. */
export function moneyOf(policy: AgentPolicy, action: Action, facts: Facts): Amount {
  let greatest = facts.cost?.money ?? 0n;
  for (const { pattern, amount } of policy.costs) {
    if (!toolMatches(pattern, action.tool)) continue;
    const cost: Amount =
      amount.kind === "money" ? { micros: BigInt(amount.micros) } : argumentAmount(action, amount.path, null);
    if ("unknown" in cost) return cost;
    if (cost.micros > greatest) greatest = cost.micros;
  }
  return { micros: greatest };
}
