/** Files of tokens, and what `delegate` prints of grants. */
import { formatInstant, parseInstant } from "../../bundles/trust/index.ts";
import type { DelegationFault, Grant } from "../../control/delegation/index.ts";
import type { Invocation } from "../command.ts";
import { type CommandError, misuse, refused } from "../errors.ts";
import { readBytes } from "../io.ts";

const UNITS: readonly [string, number][] = [
  ["w", 604_800_000],
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1_000],
];
const MAX_FILE_BYTES = 0x200000;

/** Milliseconds of a text such as `15m`. Throws CommandError. */
export function readDuration(name: string, text: string): number {
  const [, count, unit] = /^([1-9][0-9]{0,8})([smhdw])$/.exec(text) ?? [];
  const factor = UNITS.find(([one]) => one === unit)?.[1];
  if (factor === undefined)
    throw misuse(`\`--${name}\` cannot be \`${text}\``, "a duration like 30s, 15m, 24h, 7d or 2w");
  return Number(count) * factor;
}

/** A whole number of the largest unit that it is a multiple of. */
export function durationText(ms: number): string {
  const [unit, factor] = UNITS.find(([, size]) => ms % size === 0) ?? ["ms", 1];
  return `${ms / factor}${unit}`;
}

/** The time of `--at`, or the present. Throws CommandError. */
export function readTime(invocation: Invocation): number {
  const text = invocation.value("at");
  if (text === null) return Date.now();
  const ms = parseInstant(text);
  if (ms === null) throw misuse(`\`--at\` cannot be \`${text}\``, "a time like 2027-01-31T00:00:00Z");
  return ms;
}

/** The tokens of files, one a line, in their order. Throws CommandError. */
export function readTokens(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    const text = new TextDecoder().decode(readBytes(path, MAX_FILE_BYTES));
    const lines = text.replace(/\n$/, "").split("\n");
    if (text === "")
      throw refused(path, "there is no token in it", "give a file that `faramesh delegate grant` wrote");
    return lines;
  });
}

export function refuseFault(place: string, { fault, message, help }: DelegationFault): CommandError {
  return refused(place, `${message} (${fault})`, help);
}

/** A grant for `--json`; the compiled scope by its length only. */
export function grantJson(grant: Grant, digest: string): Record<string, unknown> {
  const { bundle, holder, ...rest } = grant;
  return {
    digest,
    ...rest,
    bundle_bytes: bundle.length,
    holder: holder === null ? null : Buffer.from(holder).toString("base64"),
  };
}

/** One row of a table: what was granted, and until when. */
export function grantRow(grant: Grant, digest: string): string[] {
  const { from, to, ceiling, depth, granted, expires, scope } = grant;
  const time = `${formatInstant(granted)} to ${formatInstant(expires)}`;
  return [
    `  ${from} -> ${to}`,
    time,
    `ceiling ${ceiling}`,
    `depth ${depth}`,
    digest.slice(0, 16),
    scope.join(", "),
  ];
}
