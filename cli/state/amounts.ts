/** Amounts for people: money from millionths, sizes, durations, and what a call would add to a limit. */
import type { Ir, IrPattern } from "../../bundles/format/ir.ts";
import { STEP_INDEX } from "../../engine/constants.ts";
import type { LimitUnit } from "./meters.ts";

const MICROS = 1_000_000n;

/** `$12.50`; at least two decimals when there are any. */
export function moneyText(micros: bigint): string {
  const fraction = String(micros % MICROS)
    .padStart(6, "0")
    .replace(/0{1,4}$/, "");
  return `$${(micros / MICROS).toLocaleString("en")}${fraction === "00" ? "" : `.${fraction}`}`;
}

/** Millionths as a plain decimal, for JSON. */
export function moneyDecimal(micros: bigint): string {
  const fraction = String(micros % MICROS)
    .padStart(6, "0")
    .replace(/0+$/, "");
  return `${micros / MICROS}${fraction === "" ? "" : `.${fraction}`}`;
}

const SIZES = ["bytes", "kb", "mb", "gb", "tb"] as const;

function sizeText(bytes: bigint): string {
  let unit = 0;
  let size = Number(bytes);
  while (size >= 1024 && unit < SIZES.length - 1) {
    size /= 1024;
    unit++;
  }
  return unit === 0 ? `${bytes} bytes` : `${Math.floor(size * 10) / 10}${SIZES[unit]}`;
}

export function amountText(value: bigint, unit: LimitUnit): string {
  if (unit === "money") return moneyText(value);
  return unit === "bytes" ? sizeText(value) : value.toLocaleString("en");
}

const PARTS: readonly [unit: string, ms: number][] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
];

/** The two greatest units, such as `2h 5m`; below a second `0s`. */
export function durationText(ms: number): string {
  let rest = Math.max(0, Math.floor(ms / 1000)) * 1000;
  const parts: string[] = [];
  for (const [unit, length] of PARTS) {
    const count = Math.floor(rest / length);
    rest -= count * length;
    if (count > 0) parts.push(`${count}${unit}`);
    if (parts.length === 2 || (parts.length === 1 && count === 0)) break;
  }
  return parts.length === 0 ? "0s" : parts.join(" ");
}

/** Millionths of a JSON number or of its text; null when it is no amount. */
export function microsOf(value: unknown): bigint | null {
  if (typeof value !== "number" && typeof value !== "string") return null;
  const match = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,2}))?$/.exec(String(value));
  if (match === null) return null;
  const [, whole, fraction = "", exponent = "0"] = match;
  const shift = 6 - fraction.length + Number(exponent);
  const digits = BigInt(whole! + fraction);
  if (shift >= 0) return digits * 10n ** BigInt(shift);
  const divisor = 10n ** BigInt(-shift);
  return digits % divisor === 0n ? digits / divisor : null;
}

function argumentAt(ir: Ir, path: number, args: unknown): unknown {
  let at = args;
  for (const step of ir.paths[path]!.steps) {
    const key = step >= STEP_INDEX ? step - STEP_INDEX : ir.strings[step]!;
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<string | number, unknown>)[key];
  }
  return at;
}

/** What the call would cost, in millionths: the greatest of the costs that match and of `facts.cost.money`; null when it is not known. */
export function costOf(
  ir: Ir,
  patterns: readonly IrPattern[],
  action: Readonly<Record<string, unknown>>,
  facts: Readonly<Record<string, unknown>>,
): bigint | null {
  const stated = (facts.cost as { money?: unknown } | null | undefined)?.money ?? 0;
  const amounts = [stated].map(microsOf);
  for (const id of new Set(patterns.flatMap(({ costs }) => costs))) {
    const { micros, path } = ir.costs[id]!;
    amounts.push(path === null ? micros : microsOf(argumentAt(ir, path, action.args)));
  }
  let most = 0n;
  for (const amount of amounts) {
    if (amount === null) return null;
    if (amount > most) most = amount;
  }
  return most;
}
