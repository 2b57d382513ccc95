/** The benchmark of runtimes, as short as it can be: what comes out of it, and that a wrong runtime is not timed. */
import { expect, test } from "vitest";
import { check, measureRuntimes } from "../../bench/runtimes/index.ts";
import { drawRuntimes } from "../../bench/runtimes/plot.ts";
import { printRuntimes } from "../../bench/runtimes/report.ts";

test("one round on Node", async () => {
  const results = await measureRuntimes({ rounds: 1, warmUpMs: 1, sampleMs: 1, only: ["node"] });
  const positive = expect.toSatisfy((value) => Number.isFinite(value) && value > 0);
  const ratios = { loadMs: 1, firstMs: 1, decisionsPerSecond: 1, recordedPerSecond: 1 };
  expect(results).toEqual({
    rules: 1_000,
    actionBytes: 300,
    rounds: 1,
    rows: [
      {
        runtime: "node",
        version: process.versions.node,
        note: expect.any(String),
        loadMs: positive,
        firstMs: positive,
        decisionsPerSecond: positive,
        recordedPerSecond: positive,
        ratios,
      },
    ],
    skipped: [],
  });
  const [{ loadMs, firstMs }] = results.rows as [(typeof results.rows)[0]];
  expect(firstMs).toBeGreaterThan(loadMs);
  expect(drawRuntimes(results)).toMatch(/^<svg (?:.|\n)*<\/svg>\n$/);
  const lines: string[] = [];
  printRuntimes(results, (line) => lines.push(line));
  expect(lines.at(-1)).toMatch(/^ {2}node /);
});

test("a runtime that decides otherwise, nothing, or with other records is refused", () => {
  const right = {
    runtime: "right",
    version: "1",
    loadMs: 1,
    firstMs: 1,
    decisionsPerSecond: 1,
    recordedPerSecond: 1,
    decisions: 20,
    permitted: 8,
    tip: "aa",
  };
  const given = { actions: 10, permitted: 4 };
  const checked = (changes: Partial<typeof right>) => () => check([right, { ...right, ...changes }], given);
  expect(checked({ decisions: 40, permitted: 16 })).not.toThrow();
  expect(checked({ permitted: 20 })).toThrow("permits 20 of 20, 8 expected");
  expect(checked({ decisions: 0, permitted: 0 })).toThrow("permits 0 of 0");
  expect(checked({ tip: "bb" })).toThrow("other records");
});
