import { describe, expect, test } from "vitest";
import { action, numbersFrom } from "./binding-core.ts";
import { START, World } from "./world.ts";

const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

/** Midnight of a UTC day. */
const MIDNIGHT = Math.ceil(START / DAY) * DAY;

async function worldOf(policy: string): Promise<World> {
  const world = await World.of(policy);
  world.now = MIDNIGHT;
  return world;
}

const pay = (amount: unknown, over = {}) => ({ agent: "a", tool: "pay", args: { amount }, ...over });

describe("a budget", () => {
  const SPENDS = `agent "a" { default permit  cost pay args.amount
    alert { budget_warning = ["warn"] budget_exceeded = ["over"] permit = ["log"] }
    budget daily { max = $100 warn_at = 0.8 }
    budget calls { max_calls = 4 on_exceed = defer } }`;

  test("may be spent to the last millionth, and not beyond", async () => {
    const world = await worldOf(SPENDS);
    expect(world.decide(pay(60))).toMatchObject({ effect: "permit", obligations: { notify: ["log"] } });
    expect(world.decide(pay(40.000001))).toMatchObject({
      code: "budget_exceeded",
      detail: { meter: "daily" },
      obligations: { notify: ["over"] },
    });
    expect(world.decide(pay(39.999999)).obligations.notify).toEqual(["log", "warn"]);
    expect(world.decide(pay(0.000001)).code).toBe("default_permit");
    expect(world.decide(pay(0.000001)).code).toBe("budget_exceeded");
    world.now += DAY;
    expect(world.decide(pay(100)).code).toBe("default_permit");
    expect(world.decide(pay(1))).toMatchObject({ code: "budget_exceeded", detail: { meter: "daily" } });
    world.now += DAY;
    expect(world.decide(pay(1))).toMatchObject({
      code: "budget_exceeded_defer",
      effect: "defer",
      detail: { meter: "calls" },
      obligations: { notify: ["over"] },
    });
  });

  test("moves only with a recorded permit", async () => {
    const world = await worldOf(SPENDS);
    for (let i = 0; i < 10; i++) expect(world.ask(pay(99)).code).toBe("default_permit");
    expect(world.blobs.size).toBe(0);
    world.decide(pay(101));
    expect(world.decide(pay(100)).code).toBe("default_permit");
  });

  test.each([
    ["missing", undefined],
    ["null", null],
    ["a text", "5"],
    ["below zero", -1],
    ["of seven decimals", 0.0000001],
    ["beyond 10^12", 1e12],
  ])("denies an amount that is %s", async (_, amount) => {
    const world = await worldOf(SPENDS);
    expect(world.decide(pay(amount))).toMatchObject({
      code: "amount_unknown",
      detail: { argument: "amount" },
    });
    expect(world.decide(pay(999_999_999_999.5)).code).toBe("budget_exceeded");
  });

  test("counts what the host says when that is more, and tokens", async () => {
    const world = await worldOf(`agent "a" { default permit  cost pay $2
      budget money { max = $10 }  budget tokens { max_tokens = 100 tools llm } }`);
    const cost = (value: object) => ({ facts: { cost: value } });
    expect(world.decide(pay(0), cost({ money: "7.5" })).code).toBe("default_permit");
    expect(world.decide(pay(0), cost({ money: 0.5 })).code).toBe("default_permit");
    expect(world.decide(pay(0)).code).toBe("budget_exceeded");
    const llm = { agent: "a", tool: "llm" };
    expect(world.decide(llm).code).toBe("default_permit");
    expect(world.decide(llm, cost({ tokens: 100 })).code).toBe("default_permit");
    expect(world.decide(llm)).toMatchObject({ code: "budget_exceeded", detail: { meter: "tokens" } });
    expect(world.decide(llm, cost({ tokens: 0 })).code).toBe("default_permit");
  });

  test.each([
    ["money", { money: -1 }],
    ["money", { money: "1e3" }],
    ["money", { money: "01" }],
    ["money", { money: "1." }],
    ["money", { money: ".5" }],
    ["money", { money: "1.0000000" }],
    ["money", { money: "1000000000000" }],
    ["money", { money: "" }],
    ["money", { money: true }],
    ["tokens", { tokens: 1.5 }],
    ["tokens", { tokens: -1 }],
    ["tokens", { tokens: "1" }],
  ])("refuses a cost with a fault in %s: %j", async (field, cost) => {
    const world = await worldOf(SPENDS);
    expect(world.decide(pay(1), { facts: { cost } })).toMatchObject({ code: "fact_type", detail: { field } });
  });

  test("that audits reports and goes on", async () => {
    const world = await worldOf(
      `agent "a" { default permit  alert { budget_exceeded = ["over"] }  budget calls { max_calls = 1 on_exceed = audit } }`,
    );
    expect(world.decide(pay(1)).obligations.notify).toEqual([]);
    expect(world.decide(pay(1))).toMatchObject({ effect: "permit", obligations: { notify: ["over"] } });
  });

  test("of a session counts in the session, and exhausts it", async () => {
    const world = await worldOf(`agent "a" { default permit  budget session { max_calls = 2 } }`);
    for (const session of ["x", "y"]) world.event({ type: "session_open", agent: "a", session });
    const x = pay(1, { session: "x" });
    expect([world.decide(x), world.decide(x), world.decide(x)].map(({ code }) => code)).toEqual([
      "default_permit",
      "default_permit",
      "session_exhausted",
    ]);
    expect(world.decide(pay(1, { session: "y" })).code).toBe("default_permit");
  });
});

describe("a rate limit", () => {
  test("never lets more through in any window, and not many less", async () => {
    const seed = 7;
    const next = numbersFrom(seed);
    const world = await worldOf(`agent "a" { default permit  rate_limit pay 10 per minute }`);
    const taken: number[] = [];
    let refused = 0;
    for (let i = 0; i < 3000; i++) {
      world.now += next(next(4) === 0 ? 20 * SECOND : 2 * SECOND);
      const inside = taken.filter((time) => time > world.now - MINUTE).length;
      const generous = taken.filter((time) => time > world.now - MINUTE - MINUTE / 16).length;
      const { code } = world.decide(pay(1));
      if (code === "default_permit") taken.push(world.now);
      else {
        expect(code, `seed ${seed}, call ${i}`).toBe("rate_exceeded");
        expect(generous, `seed ${seed}, call ${i}`).toBeGreaterThanOrEqual(10);
        refused++;
      }
      expect(inside, `seed ${seed}, call ${i}`).toBeLessThanOrEqual(10);
    }
    expect(refused).toBeGreaterThan(100);
    expect(taken.length).toBeGreaterThan(100);
  });

  test("names itself and its targets, and denies before a budget defers", async () => {
    const world =
      await worldOf(`agent "a" { default permit  alert { rate_exceeded = ["fast"] budget_exceeded = ["over"] }
      budget calls { max_calls = 1 on_exceed = defer }  rate_limit * 1 per second }`);
    world.decide(pay(1));
    expect(world.decide(pay(1))).toMatchObject({
      code: "rate_exceeded",
      obligations: { notify: ["over", "fast"] },
    });
    world.now += 2 * SECOND;
    expect(world.decide(pay(1)).code).toBe("budget_exceeded_defer");
  });
});

describe("ambient limits", () => {
  test("count different values of an argument, and forget them with the day", async () => {
    const world = await worldOf(`agent "a" { default permit
      ambient { counter customers crm/*.id  max_customers_per_day = 2 } }`);
    const look = (id: unknown) => world.decide({ agent: "a", tool: "crm/look", args: { id } }).code;
    const codes = [1, 1, "1", 1, 2, "1"].map(look);
    expect(codes).toEqual([...Array<string>(4).fill("default_permit"), "ambient_exceeded", "default_permit"]);
    expect(look(null)).toBe("amount_unknown");
    expect(look(undefined)).toBe("amount_unknown");
    world.now += DAY;
    expect([3, 4, 5, 3].map(look)).toEqual([
      "default_permit",
      "default_permit",
      "ambient_exceeded",
      "default_permit",
    ]);
    // Header, one meter, two members.
    expect(world.blobs.get("a")!.length).toBe(8 * (8 + 3 + 4));
  });

  test("count bytes that are settled", async () => {
    const world = await worldOf(
      `agent "a" { default permit  ambient { max_data_volume = 1kb on_exceed = defer } }`,
    );
    const settle = (bytes: number) =>
      world.event({ type: "settle", agent: "a", reservation: world.last, bytes }).code;
    world.decide(pay(1));
    expect(settle(1024)).toBe("event_applied");
    expect(world.decide(pay(1)).code).toBe("default_permit");
    expect(settle(1)).toBe("event_applied");
    expect(world.decide(pay(1)).code).toBe("ambient_exceeded_defer");
  });
});

describe("spawning", () => {
  test("is for the types that are allowed, as long as children are few", async () => {
    const world = await worldOf(`agent "a" { default permit
      spawn { allow = ["w-*"] deny = ["w-root"] max_children = 2 on_exceed = defer } }`);
    const spawn = (type: unknown) => world.decide({ agent: "a", tool: "agent/spawn", args: { type } }).code;
    expect(["x", "w-root", 1, undefined].map(spawn)).toEqual(Array<string>(4).fill("spawn_not_allowed"));
    expect(["w-1", "w-2", "w-3"].map(spawn)).toEqual([
      "default_permit",
      "default_permit",
      "spawn_limit_defer",
    ]);
    expect(world.event({ type: "child_exit", agent: "a" }).code).toBe("event_applied");
    expect(["w-4", "w-5"].map(spawn)).toEqual(["default_permit", "spawn_limit_defer"]);
  });
});

describe("history in conditions", () => {
  const code = (world: World, tool: string, args = {}) =>
    world.decide({ agent: "a", tool, session: "s", args }).code;
  const opened = async (rules: string) => {
    const world = await worldOf(`agent "a" { default permit  rules { ${rules} } }`);
    world.event({ type: "session_open", agent: "a", session: "s" });
    return world;
  };

  test("sums and counts exactly without a window, up to this call", async () => {
    const world = await opened("deny ask when session.sum(pay.amount) == 0.3 and session.count(pay) == 2");
    code(world, "pay", { amount: 0.1 });
    expect(code(world, "ask")).toBe("default_permit");
    code(world, "pay", { amount: 0.2 });
    expect(code(world, "ask")).toBe("rule_deny");
    expect(code(world, "pay", { amount: "x" })).toBe("amount_unknown");
    expect(code(world, "pay")).toBe("default_permit");
    expect(code(world, "ask")).toBe("default_permit");
  });

  test("is an interval in a window: what both ends answer holds, another answer is a wrong type", async () => {
    const world = await opened("deny ask when session.count(pay, window=16m) >= 1");
    code(world, "pay");
    expect(code(world, "ask")).toBe("rule_deny");
    // The bucket of the call, a minute long, is partly inside.
    world.now = MIDNIGHT + 16 * MINUTE + 30 * SECOND;
    expect(code(world, "ask")).toBe("rule_deny_wrong_type");
    world.now = MIDNIGHT + 17 * MINUTE - 1;
    expect(code(world, "ask")).toBe("default_permit");
  });

  test.each([
    ["== 1", "rule_deny_wrong_type"],
    ["!= 1", "rule_deny_wrong_type"],
    ["== 2", "default_permit"],
    ["!= 2", "rule_deny"],
    ["<= 1", "rule_deny"],
    ["< 1", "rule_deny_wrong_type"],
    ["> 1", "default_permit"],
    ["== -1", "default_permit"],
  ])("compares an interval of 0 to 1 with `%s`", async (comparison, expected) => {
    const world = await opened(`deny ask when session.count(pay, window=16m) ${comparison}`);
    code(world, "pay");
    world.now = MIDNIGHT + 16 * MINUTE + 30 * SECOND;
    expect(code(world, "ask")).toBe(expected);
  });

  test("tells what happened, within a time and in an order", async () => {
    const world = await opened(`deny late when not history.contains(one, within=5m)
      deny last when not history.sequence(one, two, three)`);
    expect(["late", "last"].map((tool) => code(world, tool))).toEqual(["rule_deny", "rule_deny"]);
    for (const tool of ["three", "one", "three", "two"]) code(world, tool);
    expect(["late", "last"].map((tool) => code(world, tool))).toEqual(["default_permit", "rule_deny"]);
    code(world, "three");
    expect(code(world, "last")).toBe("default_permit");
    world.now += 5 * MINUTE - 1;
    expect(code(world, "late")).toBe("default_permit");
    world.now += 1;
    expect(code(world, "late")).toBe("rule_deny");
  });

  test("counts denials, and is missing without a session", async () => {
    const world = await opened("deny bad  deny ask when deny_count_within(60) >= 2");
    code(world, "bad");
    expect(code(world, "ask")).toBe("default_permit");
    code(world, "bad");
    expect(code(world, "ask")).toBe("rule_deny");
    expect(world.core.decide(action({ tool: "ask" })).code).toBe("default_permit");
  });
});

test("a decision that cannot be recorded without a salt is a deny in the state too", async () => {
  const world =
    await worldOf(`agent "a" { default permit  redact pay args ["amount"]  alert { budget_exceeded = ["over"] }
    budget calls { max_calls = 1 }  budget none { max_calls = 0 on_exceed = audit } }`);
  for (let i = 0; i < 3; i++) {
    expect(world.decide(pay(1))).toMatchObject({ code: "salt_missing", obligations: { notify: [] } });
  }
  const salted = { facts: { salt: "0123456789abcdef" } };
  expect(world.decide(pay(1), salted)).toMatchObject({
    code: "default_permit",
    obligations: { notify: ["over"] },
  });
  expect(world.decide(pay(1), salted).code).toBe("budget_exceeded");
});

describe("the clock", () => {
  test("may stand still, and not go back", async () => {
    const world = await worldOf(`agent "a" { default permit  budget calls { max_calls = 9 } }`);
    world.decide(pay(1));
    world.now -= 1000;
    expect(world.decide(pay(1)).code).toBe("default_permit");
    const before = world.snapshot();
    world.now -= 1;
    expect(world.decide(pay(1)).code).toBe("clock_backwards");
    expect(world.record).toMatchObject({ state: null, state_after: null, state_before: expect.any(String) });
    expect(world.snapshot()).toBe(before);
    expect(world.core.decide(action(), undefined, [null, null]).code).toBe("time_missing");
  });
});

test("hours begin at the full hour", async () => {
  const world = await worldOf(`agent "a" { default permit  budget b { max_calls = 1 window = 1h } }`);
  world.now = MIDNIGHT + HOUR - 1;
  expect([world.decide(pay(1)), world.decide(pay(1))].map(({ effect }) => effect)).toEqual([
    "permit",
    "deny",
  ]);
  world.now += 1;
  expect(world.decide(pay(1)).effect).toBe("permit");
});
