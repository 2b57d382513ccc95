/** JSON text in one of its many spellings: white space, order of keys, escapes, notation of numbers. */
import type { Random } from "./random.ts";

export function spellString(random: Random, text: string): string {
  const plain = random.chance(0.85);
  const characters = [...text].map((character) => {
    if (!plain && random.chance(0.3)) return unitEscapes(random, character);
    return /["\\\u0000-\u001f]/.test(character) ? JSON.stringify(character).slice(1, -1) : character;
  });
  return `"${characters.join("")}"`;
}

const unitEscapes = (random: Random, character: string): string =>
  character
    .split("")
    .map((unit) => {
      const hexadecimal = unit.charCodeAt(0).toString(16).padStart(4, "0");
      return `\\u${random.chance(0.5) ? hexadecimal.toUpperCase() : hexadecimal}`;
    })
    .join("");

/** A decimal in the same value's other notations. */
export function spellNumber(random: Random, decimal: string): string {
  if (random.chance(0.7) || /[eE]/.test(decimal)) return decimal;
  const [whole, fraction] = decimal.split(".") as [string, string | undefined];
  return random.weighted<string>([
    [2, () => `${decimal}${fraction === undefined ? ".0" : "00"}`],
    [1, () => `${decimal}${random.pick(["e0", "E0", "e+0", "e-0"])}`],
    [
      1,
      () =>
        fraction === undefined
          ? `${whole}0e-1`
          : `${whole}${fraction}e-${fraction.length}`.replace(/^(-?)0+(?=\d)/, "$1"),
    ],
    [
      1,
      () =>
        fraction === undefined && whole.endsWith("0") && whole.length > 1
          ? `${whole.slice(0, -1)}e1`
          : decimal,
    ],
  ]);
}

const space = (random: Random): string =>
  random.chance(0.04) ? random.pick([" ", "\n", "\t", "\r\n ", "  "]) : "";

export function spellObject(random: Random, members: readonly (readonly [string, string])[]): string {
  const ordered = random.chance(0.7) ? members : random.shuffled(members);
  const inner = ordered.map(
    ([key, value]) => `${space(random)}${spellString(random, key)}${space(random)}:${space(random)}${value}`,
  );
  return `{${inner.join(`${space(random)},`)}${space(random)}}`;
}

export const spellList = (random: Random, items: readonly string[]): string =>
  `[${items.map((item) => space(random) + item).join(",")}${space(random)}]`;
