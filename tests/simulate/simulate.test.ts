/** The simulator itself: the same seed is the same run, sound planes pass, and every breakage is found. */
import { beforeAll, describe, expect, test } from "vitest";
import { BREAKAGES } from "./broken.ts";
import { idleKinds } from "./kinds.ts";
import { openPolicies, type Policy } from "./policies.ts";
import { runSeed } from "./run.ts";
import { Violation } from "./violation.ts";

/** Each breakage is found within so many seeds. */
const SEEDS = 200;
let policies: Policy[];

beforeAll(async () => {
  policies = await openPolicies();
});

test("the same seed is the same run, step by step", async () => {
  for (const seed of [3, 4, 5]) {
    const runs: string[][] = [];
    for (let time = 0; time < 2; time++) {
      const lines: string[] = [];
      await runSeed(seed, { policies, trace: (text) => lines.push(text) });
      runs.push(lines);
    }
    expect(runs[0]!.length).toBeGreaterThan(100);
    expect(runs[1]).toEqual(runs[0]);
  }
});

test("sound control planes keep every invariant, and the runs are worth it", async () => {
  const codes = new Map<string, number>();
  const faults = new Set<string>();
  const kinds = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    const result = await runSeed(seed, { policies });
    expect(result.failure, `seed ${seed}`).toBeNull();
    for (const [code, count] of result.codes) codes.set(code, (codes.get(code) ?? 0) + count);
    for (const fault of result.faults.keys()) faults.add(fault);
    for (const [kind, count] of result.kinds) kinds.set(kind, (kinds.get(kind) ?? 0) + count);
  }
  expect(idleKinds(kinds, SEEDS)).toEqual([]);
  const wanted = [
    "rule_permit",
    "approved",
    "rule_defer",
    "budget_exceeded",
    "rate_exceeded",
    "reservation_unknown",
    "agent_frozen",
    "delegation_revoked",
    "record_unwritable",
    "state_unavailable",
    "clock_backwards",
    "engine_trap",
  ];
  for (const code of wanted) expect(codes.get(code) ?? 0, code).toBeGreaterThan(2);
  const ports = ["log write", "log sync", "store read", "store commit", "database commit", "delegations"];
  const ways = ["fails", "fails but took effect", "times out", "times out but took effect"];
  for (const port of ports)
    for (const way of ways) expect(faults, `${port} ${way}`).toContain(`${port} ${way}`);
});

describe("a broken control plane is found:", () => {
  test.each(BREAKAGES.map((make) => [make().name, make] as const))("%s", async (_, make) => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const { failure } = await runSeed(seed, { policies, breakage: make() });
      if (failure === null) continue;
      if (!(failure instanceof Violation)) throw failure;
      if (make().foundBy === undefined || make().foundBy === failure.invariant) return;
    }
    throw new Error(`not found within ${SEEDS} seeds`);
  });
});
