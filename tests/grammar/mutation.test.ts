/** Damaged texts never throw. A failure prints the seed and the text. */

import { describe, expect, it } from "vitest";
import { check, format } from "../../fpl-grammar/index.ts";
import { readCases } from "./cases.ts";
import { IMPORTS } from "./imports.ts";
import { formattingFault } from "./tree.ts";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const EDITS_PER_CASE = 30;

const FRAGMENTS = [
  '"',
  "\\",
  "{",
  "}",
  "(",
  ")",
  "[",
  "]",
  "#",
  "\n",
  "*",
  "/",
  ".",
  ":",
  "=",
  "!",
  "$",
  "permit ",
  "not ",
  "\u0000",
  "é",
  "\ud83d",
  "😀",
  "matches ",
];

/** Mulberry32. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function edit(text: string, random: (below: number) => number): string {
  const at = random(text.length + 1);
  const end = at + random(8);
  switch (random(4)) {
    case 0:
      return text.slice(0, at) + text.slice(end);
    case 1:
      return text.slice(0, at) + FRAGMENTS[random(FRAGMENTS.length)] + text.slice(at);
    case 2:
      return text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
    default: {
      const from = random(text.length + 1);
      return text.slice(0, at) + text.slice(from, from + random(40)) + text.slice(at);
    }
  }
}

describe(`damaged texts, seed ${SEED}`, () => {
  it.each(readCases().map(({ title, source }) => [title, source] as const))("%s", (title, source) => {
    const random = generator(
      SEED ^ [...title].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 7),
    );
    for (let count = 0; count < EDITS_PER_CASE; count++) {
      let text = source;
      for (let edits = random(3); edits >= 0; edits--) text = edit(text, random);
      const note = `SEED=${SEED} ${JSON.stringify(text)}`;
      expect(() => check([{ name: "m.fpl", text }], IMPORTS), note).not.toThrow();
      const { diagnostics } = format({ name: "m.fpl", text });
      for (const { span, message } of diagnostics) {
        expect(message, note).not.toMatch(/undefined|\{[a-z]+\}|\[object/);
        expect(span.offset + span.length, note).toBeLessThanOrEqual(text.length);
        expect(span.line, note).toBeGreaterThan(0);
      }
      expect(formattingFault(text), note).toBeNull();
    }
  });
});
