/**
 * What decided: the closed table of codes. Numbers are those of engine/constants.ts, names those that the core writes into verdicts
 * and records. A new code breaks every exhaustive switch over CodeName at build time.
 */
import type { Code } from "./code.ts";
import { DENIALS } from "./codes-deny.ts";
import { PERMITS_AND_DEFERS } from "./codes-permit.ts";
import { REFUSALS } from "./codes-refusal.ts";

export type { Code, Effect } from "./code.ts";

/** Ascending by number. */
export const CODES = [...PERMITS_AND_DEFERS, ...DENIALS, ...REFUSALS] as const satisfies readonly Code[];

export type CodeName = (typeof CODES)[number]["name"];

const byNumber: ReadonlyMap<number, (typeof CODES)[number]> = new Map(
  CODES.map((code) => [code.number, code]),
);

/** The row of that number, or undefined for a number outside the table. */
export function codeOf(number: number): (typeof CODES)[number] | undefined {
  return byNumber.get(number);
}

const byName: ReadonlyMap<string, (typeof CODES)[number]> = new Map(CODES.map((code) => [code.name, code]));

/** The row of that name. */
export function codeNamed(name: CodeName): (typeof CODES)[number] {
  return byName.get(name)!;
}
