/** What decided, with what it means and what the caller can do next: the table of code-table.ts and its texts. */
import type { Code } from "./code.ts";
import { CODE_TABLE, type CodeName } from "./code-table.ts";
import { DENIAL_TEXTS } from "./codes-deny.ts";
import { PERMIT_AND_DEFER_TEXTS } from "./codes-permit.ts";
import { REFUSAL_TEXTS } from "./codes-refusal.ts";

export type { Code, Effect } from "./code.ts";
export type { CodeName } from "./code-table.ts";

type NamedCode = Code & { readonly name: CodeName };

function withTexts(): readonly NamedCode[] {
  const texts = { ...PERMIT_AND_DEFER_TEXTS, ...DENIAL_TEXTS, ...REFUSAL_TEXTS };
  return CODE_TABLE.map((row) => ({ ...row, ...texts[row.name] }));
}

/** Ascending by number. */
export const CODES: readonly NamedCode[] = /* @__PURE__ */ withTexts();

/** The row of that number, or undefined for a number outside the table. */
export function codeOf(number: number): NamedCode | undefined {
  return CODES.find((code) => code.number === number);
}

/** The row of that name. */
export function codeNamed(name: CodeName): NamedCode {
  return CODES.find((code) => code.name === name)!;
}
