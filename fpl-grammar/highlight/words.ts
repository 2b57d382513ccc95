/** The words that are coloured, each taken from the table that gives it its meaning. */

import { BLOCKS, DOCUMENT, EFFECT_WORDS, type Form } from "../blocks.ts";
import { ROOT_NAMES } from "../check/names.ts";
import { FUNCTIONS, OLDER_FUNCTIONS } from "../functions.ts";
import compiled from "../generated/grammar.js";
import { RESERVED } from "../parse/literals.ts";

const CONTROL = ["if", "when"];
const CONSTANTS = ["true", "false", "nil", "null"];

const isName = (text: string): boolean => /^[a-z][a-z_]*$/.test(text);
const sorted = (words: Iterable<string>): string[] => [...new Set(words)].sort();

function statements(): [string, Form][] {
  return [DOCUMENT, ...Object.values(BLOCKS)].flatMap((table) => [...table.statements]);
}

/** Words that the grammar writes out, such as `reason` and `per`. */
function grammarWords(): string[] {
  type Terminal = { literal?: string; literals?: string[] };
  return compiled.ParserRules.flatMap(({ symbols }) =>
    (symbols as (string | Terminal)[]).flatMap((symbol) =>
      typeof symbol === "string" || symbol === null ? [] : [...(symbol.literals ?? []), symbol.literal ?? ""],
    ),
  ).filter(isName);
}

export const EFFECTS = sorted(Object.keys(EFFECT_WORDS).filter(isName));
export const BLOCK_WORDS = sorted(
  statements().flatMap(([word, { form }]) => (form === "block" ? [word] : [])),
);
export const FUNCTION_NAMES = sorted([...FUNCTIONS.keys(), ...OLDER_FUNCTIONS.keys()]);
export const ROOTS = sorted(ROOT_NAMES);
export const CONTROL_WORDS = RESERVED.filter((word) => CONTROL.includes(word));
export const CONSTANT_WORDS = RESERVED.filter((word) => CONSTANTS.includes(word));
export const OPERATOR_WORDS = RESERVED.filter((word) => !CONTROL.includes(word) && !CONSTANTS.includes(word));

/** Settings, statements and clauses. */
export const SETTING_WORDS = sorted(
  [...statements().map(([word]) => word), ...grammarWords()].filter(
    (word) => isName(word) && !EFFECTS.includes(word) && !RESERVED.includes(word) && word !== "args",
  ),
);
