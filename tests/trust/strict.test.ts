import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { printStrict, STRICT_FILE, strictCases } from "./strict.ts";

test("the table for other hosts is what this side answers", () => {
  expect(readFileSync(STRICT_FILE, "utf8")).toBe(printStrict());
});

test("points with a small-order part verify by the equation with the cofactor; points of small order are no keys", () => {
  const answer = Object.fromEntries(strictCases().map(({ title, verifies }) => [title, verifies]));
  expect(answer["an honest signature"]).toBe(true);
  expect(answer["a key with a part of order 8"]).toBe(true);
  expect(answer["both, and a changed scalar, order 8"]).toBe(false);
  expect(answer["a commitment of order 1"]).toBe(true);
  expect(answer["a key of order 8"]).toBe(false);
  expect(answer["S plus the group order"]).toBe(false);
  expect(answer["a commitment that is not reduced"]).toBe(false);
});
