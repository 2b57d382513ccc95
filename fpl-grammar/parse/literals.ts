/** Numbers, durations and sizes as written, and back. */

import type { DurationUnit, SizeUnit } from "../ast.ts";
import type { Decimal } from "../program.ts";

export const MAX_SIGNIFICANT_DIGITS = 19;
/** A decimal's leading digit stands between 10^-MAX_MAGNITUDE and 10^MAX_MAGNITUDE: further than any double. */
export const MAX_MAGNITUDE = 400;

export const ZERO: Decimal = { negative: false, digits: "0", exponent: 0 };

/** Exact value of `-12.50e3`, an optional `$` allowed; null if too long or too far from 1. */
export function parseDecimal(text: string): Decimal | null {
  const match = /^(-?)\$?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text);
  if (match === null) return null;
  const [, sign, whole, fraction = "", power = "0"] = match;
  if (power.length > 6) return null;
  const all = `${whole}${fraction}`.replace(/^0+/, "");
  if (all === "") return ZERO;
  let last = all.length;
  while (all[last - 1] === "0") last--;
  const digits = all.slice(0, last);
  const exponent = Number(power) - fraction.length + (all.length - digits.length);
  if (digits.length > MAX_SIGNIFICANT_DIGITS) return null;
  if (Math.abs(exponent + digits.length) > MAX_MAGNITUDE) return null;
  return { negative: sign === "-", digits, exponent };
}

/** The shortest plain decimal for moderate exponents, else scientific; `parseDecimal` gives the same value back. */
export function printDecimal(value: Decimal): string {
  const sign = value.negative ? "-" : "";
  const { digits, exponent } = value;
  if (exponent >= 0 && digits.length + exponent <= 21) return sign + digits + "0".repeat(exponent);
  const point = digits.length + exponent;
  if (exponent < 0 && point > 0) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  if (exponent < 0 && point > -7) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits}e${exponent}`;
}

/** Money has two decimals unless it needs more, or none. */
export function printMoney(value: Decimal): string {
  const plain = printDecimal(value);
  const sign = plain.startsWith("-") ? "-" : "";
  const amount = plain.slice(sign.length);
  return `${sign}$${/\.\d$/.test(amount) ? `${amount}0` : amount}`;
}

export function decimalOf(integer: number): Decimal {
  return parseDecimal(String(integer)) ?? ZERO;
}

/** Number of digits after the decimal point. */
export function decimals(value: Decimal): number {
  return Math.max(0, -value.exponent);
}

/** The value as a number if it is an integer that a double holds exactly, else null. */
export function integerOf(value: Decimal): number | null {
  if (value.exponent < 0 || value.digits.length + value.exponent > 16) return null;
  const result = Number(printDecimal(value));
  return Number.isSafeInteger(result) ? result : null;
}

/** Whole millionths below 10^18 as decimal text; null for a negative value, a greater one, and one with more than 6 decimals. */
export function microsOf(value: Decimal): string | null {
  const exponent = value.exponent + 6;
  if (value.negative || exponent < 0 || value.digits.length + exponent > 18) return null;
  return value.digits === "0" ? "0" : value.digits + "0".repeat(exponent);
}

/** -1, 0 or 1. Exact. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  const least = Math.min(left.exponent, right.exponent);
  const leftValue = scaled(left, least);
  const rightValue = scaled(right, least);
  return leftValue < rightValue ? -1 : leftValue > rightValue ? 1 : 0;
}

function scaled(value: Decimal, exponent: number): bigint {
  const whole = BigInt(value.digits) * 10n ** BigInt(value.exponent - exponent);
  return value.negative ? -whole : whole;
}

const DURATION_MS: Record<DurationUnit, number> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const SIZE_BYTES: Record<SizeUnit, number> = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 };

/** `15m`: null if it is not a duration or not exact in milliseconds. */
export function parseDuration(text: string): { amount: number; unit: DurationUnit } | null {
  const match = /^(\d{1,16})(ms|[smhdw])$/.exec(text);
  if (match === null) return null;
  const amount = Number(match[1]);
  const unit = match[2] as DurationUnit;
  return Number.isSafeInteger(amount * DURATION_MS[unit]) ? { amount, unit } : null;
}

export function durationMs(amount: number, unit: DurationUnit): number {
  return amount * DURATION_MS[unit];
}

/** `10mb`, powers of 1024: null if it is not a size or not exact in bytes. */
export function parseSize(text: string): { amount: number; unit: SizeUnit } | null {
  const match = /^(\d{1,16})([kmg]?b)$/.exec(text);
  if (match === null) return null;
  const amount = Number(match[1]);
  const unit = match[2] as SizeUnit;
  return Number.isSafeInteger(amount * SIZE_BYTES[unit]) ? { amount, unit } : null;
}

export function sizeBytes(amount: number, unit: SizeUnit): number {
  return amount * SIZE_BYTES[unit];
}

/** Operators and constants that are spelled as words, and cannot be bare names. */
export const RESERVED: readonly string[] = [
  "and",
  "or",
  "not",
  "in",
  "contains",
  "starts_with",
  "ends_with",
  "matches",
  "under",
  "when",
  "if",
  "true",
  "false",
  "nil",
  "null",
];

const reserved = new Set(RESERVED);

export function isReserved(text: string): boolean {
  return reserved.has(text);
}

export function isIdentifier(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9_-]*$/.test(text);
}

/** Whether a name can stand without quotes. */
export function isPlainWord(text: string): boolean {
  return isIdentifier(text) && !isReserved(text);
}
