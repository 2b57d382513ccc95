/** Random patterns of the constructs that RE2 and JavaScript read alike (not `\B`, which V8 finds within a character), and texts over the same few characters. */
import type { Random } from "./random.ts";

const CHARACTERS = [
  "a",
  "b",
  "c",
  "A",
  "B",
  "1",
  "2",
  "/",
  "@",
  "-",
  "_",
  " ",
  "é",
  "É",
  "ß",
  "Ω",
  "😀",
  "\n",
  ".",
];
const CLASSES = [
  "[a-c]",
  "[^a]",
  "[A-Zb]",
  "[^/]",
  "[é-ÿ]",
  "[0-9_]",
  "\\d",
  "\\w",
  "\\s",
  "\\D",
  "\\W",
  "\\S",
  ".",
  "\\p{L}",
  "\\P{L}",
  "[[:alpha:]]",
  "[^\\d]",
  "[😀a]",
  "\\pN",
];

export function randomText(random: Random): string {
  return random.times(random.below(8), () => random.pick(CHARACTERS)).join("");
}

export function randomPattern(random: Random): string {
  const flags = random.pick(["", "", "", "(?i)", "(?s)"]);
  const body = alternatives(random, random.chance(0.2) ? 2 : 1, flags === "(?i)");
  return `${flags}${random.pick(["", "", "^"])}${body}${random.pick(["", "", "$"])}`;
}

function alternatives(random: Random, depth: number, ignoresCase: boolean): string {
  const branches = random.times(1 + random.below(depth + 1), () => sequence(random, depth, ignoresCase));
  return branches.length === 1 ? branches[0]! : `(?:${branches.join("|")})`;
}

function sequence(random: Random, depth: number, ignoresCase: boolean): string {
  return random.times(1 + random.below(3), () => repeated(random, depth, ignoresCase)).join("");
}

function repeated(random: Random, depth: number, ignoresCase: boolean): string {
  if (!ignoresCase && random.chance(0.05)) return "\\b";
  const one = atom(random, depth, ignoresCase);
  const bounded = ["", "", "", "", "?", "{2}", "{1,3}"];
  // A repetition of repetitions takes a backtracking matcher, such as JavaScript's, more time than there is.
  return `${one}${random.pick(/[*+]/.test(one) ? bounded : [...bounded, "*", "+", "*?", "+?"])}`;
}

function atom(random: Random, depth: number, ignoresCase: boolean): string {
  return random.weighted<string>([
    [5, () => literal(random.pick(CHARACTERS))],
    [3, () => random.pick(CLASSES)],
    [depth === 0 ? 0 : 2, () => `(${alternatives(random, depth - 1, ignoresCase)})`],
  ]);
}

const literal = (character: string): string =>
  character === "\n" ? "\\x0a" : /^[./-]$/.test(character) ? `\\${character}` : character;
