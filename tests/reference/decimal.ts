/** Exact decimals: sign * digits * 10^exponent with BigInts, digits without trailing zeros. */

export interface Exact {
  digits: bigint;
  exponent: bigint;
}

/** The exact value of a JSON number's text. */
export function exactOf(text: string): Exact {
  const [, sign, whole, fraction = "", power = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(
    text,
  )!;
  return normalise(BigInt(`${sign}1`) * BigInt(whole! + fraction), BigInt(power) - BigInt(fraction.length));
}

/** The same number with no trailing zero in its digits; zero has the exponent 0. */
export function normalise(digits: bigint, exponent: bigint): Exact {
  if (digits === 0n) return { digits: 0n, exponent: 0n };
  const text = String(digits);
  const zeros = text.length - text.replace(/0+$/, "").length;
  return { digits: digits / 10n ** BigInt(zeros), exponent: exponent + BigInt(zeros) };
}

export const equal = (a: Exact, b: Exact): boolean => a.digits === b.digits && a.exponent === b.exponent;

export const isInteger = (value: Exact): boolean => value.exponent >= 0n;

/** Negative, zero or positive as `a` is below, equal to or above `b`. Both are in the range of a double or near it. */
export function compare(a: Exact, b: Exact): number {
  let lowest = a.exponent;
  if (b.exponent < lowest) lowest = b.exponent;
  const left = a.digits * 10n ** (a.exponent - lowest);
  const right = b.digits * 10n ** (b.exponent - lowest);
  return left < right ? -1 : left > right ? 1 : 0;
}
