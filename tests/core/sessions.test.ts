import { beforeAll, describe, expect, test } from "vitest";
import { encode } from "../../bundles/format/encode.ts";
import { instantiate } from "../../engine/binding/index.ts";
import { irOf } from "./binding-core.ts";
import { builtCore } from "./json-core.ts";
import { actionText, World } from "./world.ts";

const HOUR = 3_600_000;
const MINUTE = 60_000;

const SESSIONS = `
agent "a" {
  default permit
  session { max_duration 1h  idle_timeout 10m  max_calls 4 }
}
agent "free" { default permit }
agent "counted" { default permit  budget lifetime { max_calls 100 } }
`;

const call = (over = {}) => ({ agent: "a", tool: "t", session: "s", ...over });

describe("a session", () => {
  let world: World;
  const open = () => world.event({ type: "session_open", agent: "a", session: "s" }).code;
  const code = (over = {}) => world.decide(call(over)).code;

  beforeAll(async () => {
    world = await World.of(SESSIONS);
  });
  const fresh = () => {
    world = new World(world.core);
    return world;
  };

  test("is needed where a session block is declared, and has to be opened", () => {
    fresh();
    expect(code({ session: undefined })).toBe("session_missing");
    expect(code()).toBe("session_unknown");
    expect(open()).toBe("event_applied");
    expect(code()).toBe("default_permit");
    expect(code({ session: "another" })).toBe("session_unknown");
  });

  test("is not needed where nothing is remembered; one that is named must be open", () => {
    fresh();
    expect(code({ agent: "free", session: undefined })).toBe("default_permit");
    expect(code({ agent: "free" })).toBe("session_unknown");
    expect(world.core.decide('{"agent":"free","tool":"t","args":{},"session":"s"}').code).toBe(
      "default_permit",
    );
  });

  test("and state are missing without state", () => {
    const text = actionText(call());
    expect(world.core.decide(text).code).toBe("session_missing");
    expect(world.core.decide('{"agent":"counted","tool":"t","args":{}}').code).toBe("state_missing");
  });

  test("opens once, also after it was closed", () => {
    fresh();
    open();
    expect(open()).toBe("session_exists");
    expect(world.event({ type: "session_close", agent: "a", session: "s" }).code).toBe("event_applied");
    expect(open()).toBe("session_exists");
    expect(code()).toBe("session_closed");
    expect(world.event({ type: "session_close", agent: "a", session: "s" }).code).toBe("session_closed");
  });

  test.each([
    [HOUR - 1, "default_permit"],
    [HOUR, "session_expired"],
    [HOUR + 1, "session_expired"],
  ])("of an hour, %d ms old", (age, expected) => {
    fresh();
    open();
    const begin = world.now;
    for (let at = 9 * MINUTE; at < age; at += 30 * MINUTE) {
      world.now = begin + at;
      world.blobs.set("s/a", active(world.blobs.get("s/a")!, world.now));
    }
    world.blobs.set("s/a", active(world.blobs.get("s/a")!, begin + 59 * MINUTE));
    world.now = begin + age;
    expect(code()).toBe(expected);
  });

  test.each([
    [10 * MINUTE - 1, "default_permit"],
    [10 * MINUTE, "session_idle"],
  ])("after %d ms of idleness", (idle, expected) => {
    fresh();
    open();
    world.now += 5 * MINUTE;
    expect(code()).toBe("default_permit");
    world.now += idle;
    expect(code()).toBe(expected);
    // A call that the time-out refused is none.
    if (expected === "session_idle") expect(code()).toBe("session_idle");
  });

  test("is exhausted by its last call, and stays so", () => {
    fresh();
    open();
    for (let i = 0; i < 4; i++) expect(code()).toBe("default_permit");
    expect(code()).toBe("session_exhausted");
    expect(
      world.event({ type: "refund", agent: "a", session: "s", reservation: world.last - 1 }).effect,
    ).toBe("deny");
    expect(code()).toBe("session_exhausted");
    expect(world.event({ type: "session_close", agent: "a", session: "s" }).code).toBe("event_applied");
    expect(code()).toBe("session_closed");
  });

  test("asking changes nothing", () => {
    fresh();
    open();
    const before = world.snapshot();
    for (let i = 0; i < 9; i++) expect(world.ask(call()).code).toBe("default_permit");
    expect(world.snapshot()).toBe(before);
  });

  test("facts may not say what the state says", () => {
    fresh();
    open();
    for (const field of ["purpose", "phase"]) {
      expect(world.decide(call(), { facts: { [field]: "x" } })).toMatchObject({
        code: "fact_conflict",
        detail: { field },
      });
    }
  });
});

/** A blob of a session that was active at another time. */
function active(blob: Uint8Array, time: number): Uint8Array {
  const copy = new Uint8Array(blob);
  const view = new DataView(copy.buffer);
  view.setBigUint64(8 * 12, BigInt(time), true);
  view.setBigUint64(8 * 4, BigInt(time), true);
  return copy;
}

describe("a budget of the session that is used up", () => {
  const policy = (onExceed: string) => `
agent "a" {
  default permit
  cost pay/* args.amount
  budget session { max $100 daily $90 on_exceed ${onExceed} }
}`;
  const pay = (amount: number) => ({ agent: "a", tool: "pay/x", args: { amount }, session: "s" });

  test("by a deny exhausts the session, even when a settlement frees it again", async () => {
    const world = await World.of(policy("deny"));
    world.event({ type: "session_open", agent: "a", session: "s" });
    expect(world.decide(pay(90)).code).toBe("default_permit");
    const first = world.last;
    // Too much, but the session has something left: it is not exhausted by this.
    expect(world.decide(pay(11)).code).toBe("budget_exceeded");
    // The cap of the day is used up, and that is no end.
    expect(world.decide(pay(1)).code).toBe("budget_exceeded");
    world.blobs.set("s/a", world.blobs.get("s/a")!);
    world.now += 24 * HOUR;
    expect(world.decide(pay(10)).code).toBe("default_permit");
    expect(world.decide(pay(0)).code).toBe("session_exhausted");
    expect(world.event({ type: "settle", agent: "a", session: "s", reservation: first, money: 1 }).code).toBe(
      "event_applied",
    );
    expect(world.decide(pay(0)).code).toBe("session_exhausted");
  });

  test("is freed by a settlement that comes before the next call", async () => {
    const world = await World.of(policy("deny"));
    world.event({ type: "session_open", agent: "a", session: "s" });
    world.decide(pay(50));
    world.now += 24 * HOUR;
    expect(world.decide(pay(50)).code).toBe("default_permit");
    world.event({ type: "settle", agent: "a", session: "s", reservation: world.last, money: 1 });
    expect(world.decide(pay(1)).code).toBe("default_permit");
  });

  test.each(["defer", "audit"])("by %s exhausts nothing", async (onExceed) => {
    const world = await World.of(policy(onExceed));
    world.event({ type: "session_open", agent: "a", session: "s" });
    world.decide(pay(90));
    world.now += 24 * HOUR;
    world.decide(pay(10));
    expect(world.decide(pay(0)).code).toBe("default_permit");
  });
});

describe("phases", () => {
  const PHASES = `
agent "a" {
  default deny
  phase plan { duration 10m  next act  permit plan/* }
  phase act { duration 5m  next check  permit act/* if session.phase == "act" }
  phase check { duration 20m  permit check/* }
  phase aside { permit aside/* }
}`;
  let world: World;
  beforeAll(async () => {
    world = await World.of(PHASES);
  });
  const opened = (fields = {}) => {
    world = new World(world.core);
    expect(world.event({ type: "session_open", agent: "a", session: "s", ...fields }).code).toBe(
      "event_applied",
    );
  };
  const code = (tool: string) => world.decide({ agent: "a", tool, session: "s" }).code;

  test.each([
    [0, "plan"],
    [10 * MINUTE - 1, "plan"],
    [10 * MINUTE, "act"],
    [15 * MINUTE - 1, "act"],
    [15 * MINUTE, "check"],
    [35 * MINUTE - 1, "check"],
  ])("after %d ms the phase is %s", (passed, phase) => {
    opened();
    world.now += passed;
    for (const tool of ["plan", "act", "check", "aside"]) {
      expect([tool, code(`${tool}/x`)]).toEqual([tool, tool === phase ? "rule_permit" : "tool_not_visible"]);
    }
  });

  test("pass at their own times, whenever a call comes", () => {
    opened();
    world.now += 11 * MINUTE;
    expect(code("act/x")).toBe("rule_permit");
    world.now += 4 * MINUTE;
    expect(code("check/x")).toBe("rule_permit");
  });

  test("the last one that has passed denies every call, until the session is moved", () => {
    opened();
    world.now += 35 * MINUTE;
    expect(code("check/x")).toBe("phase_expired");
    expect(code("nowhere")).toBe("phase_expired");
    expect(world.event({ type: "session_phase", agent: "a", session: "s", phase: "act" }).code).toBe(
      "event_applied",
    );
    expect(code("act/x")).toBe("rule_permit");
    world.now += 5 * MINUTE;
    expect(code("check/x")).toBe("rule_permit");
  });

  test("one without a duration lasts", () => {
    opened({ phase: "aside" });
    world.now += 1000 * HOUR;
    expect(code("aside/x")).toBe("rule_permit");
  });

  test("unknown ones are refused by events, and after the policy has changed by calls", async () => {
    opened({ phase: "aside" });
    const before = world.snapshot();
    const unknown = { agent: "a", session: "s", phase: "nowhere" };
    expect(world.event({ type: "session_phase", ...unknown }).code).toBe("phase_unknown");
    expect(world.snapshot()).toBe(before);
    expect(world.event({ type: "session_open", ...unknown, session: "s2" }).code).toBe("phase_unknown");
    expect(world.blobs.has("s2/a")).toBe(false);
    const other = await World.of('agent "a" { default permit phase plan { permit plan/* } }');
    for (const [key, blob] of world.blobs) other.blobs.set(key, blob);
    expect(other.decide({ agent: "a", tool: "x", session: "s" }).code).toBe("phase_unknown");
    expect(other.event({ type: "session_phase", agent: "a", session: "s", phase: "plan" }).code).toBe(
      "event_applied",
    );
    expect(other.decide({ agent: "a", tool: "x", session: "s" }).code).toBe("default_permit");
  });

  test.each([
    [0, "one"],
    [9, "one"],
    [10, "two"],
    [14, "two"],
    [15, "one"],
    [15 * 1_000_000 + 9, "one"],
    [15 * 1_000_000 + 10, "two"],
  ])("that go round, which no compiler writes, end too: after %d ms it is %s", async (passed, phase) => {
    const ir = irOf('agent "a" { default deny phase one { permit one } phase two { permit two } }');
    ir.transitions[0] = { durationMs: 10, next: 1 };
    ir.transitions[1] = { durationMs: 5, next: 0 };
    const round = new World(await instantiate(builtCore()));
    expect(round.core.load(encode(ir), { signed: false }).ok).toBe(true);
    round.event({ type: "session_open", agent: "a", session: "s" });
    round.now += passed;
    for (const tool of ["one", "two"]) {
      expect(round.decide({ agent: "a", tool, session: "s" }).effect).toBe(
        tool === phase ? "permit" : "deny",
      );
    }
    expect(round.slot("s/a", 9)).toBe(BigInt(round.now - (passed % 15) + (phase === "two" ? 10 : 0)));
  });

  test("a session from a time without phases is in the first from then on", async () => {
    const before = await World.of('agent "a" { default permit }');
    before.event({ type: "session_open", agent: "a", session: "s" });
    world = new World(world.core);
    for (const [key, blob] of before.blobs) world.blobs.set(key, blob);
    world.now += HOUR;
    expect(code("plan/x")).toBe("rule_permit");
    world.now += 10 * MINUTE;
    expect(code("act/x")).toBe("rule_permit");
  });
});

describe("purpose", () => {
  test("is the session's, up to 256 bytes, and no other's", async () => {
    const world = await World.of(`
agent "a" { default deny  rules { permit t if purpose("refund")  permit any/* if present(session.purpose) } }`);
    const open = (session: string, purpose?: string) =>
      world.event({ type: "session_open", agent: "a", session, purpose }).code;
    expect(open("one", "refund")).toBe("event_applied");
    expect(open("two")).toBe("event_applied");
    expect(open("three", "é".repeat(128))).toBe("event_applied");
    expect(open("four", "x".repeat(257))).toBe("event_invalid");
    expect(open("five", "")).toBe("event_applied");
    const code = (session: string, tool: string) => world.decide({ agent: "a", tool, session }).code;
    expect(code("one", "t")).toBe("rule_permit");
    expect(code("two", "t")).toBe("default_deny");
    expect(code("two", "any/x")).toBe("default_deny");
    expect(code("three", "any/x")).toBe("rule_permit");
    expect(code("five", "any/x")).toBe("default_deny");
  });
});

describe("the clock", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.of(SESSIONS);
  });

  test.each([
    [999, "default_permit"],
    [1000, "default_permit"],
    [1001, "clock_backwards"],
  ])("%d ms back", (back, expected) => {
    world = new World(world.core);
    world.event({ type: "session_open", agent: "a", session: "s" });
    world.now += MINUTE;
    world.decide(call());
    const before = world.snapshot();
    world.now -= back;
    expect(world.decide(call()).code).toBe(expected);
    expect(world.event({ type: "freeze", agent: "a" }).code).toBe(
      expected === "clock_backwards" ? expected : "event_applied",
    );
    if (expected === "clock_backwards") {
      expect(world.snapshot()).toBe(before);
      world.now += 1;
      expect(world.decide(call()).code).toBe("default_permit");
    } else expect(world.slot("s/a", 4)).toBe(BigInt(world.now + back));
  });

  test("is needed with state", () => {
    world = new World(world.core);
    expect(world.decide(call(), { facts: { time: null } }).code).toBe("time_missing");
    expect(world.event({ type: "freeze", agent: "a" }, { time: null }).code).toBe("time_missing");
  });
});

describe("a frozen agent", () => {
  test("is denied everything until it is thawed", async () => {
    const world = await World.of(SESSIONS);
    world.event({ type: "session_open", agent: "a", session: "s" });
    expect(world.event({ type: "freeze", agent: "a", by: "ops", reason: "odd" }).code).toBe("event_applied");
    expect(world.decide(call()).code).toBe("agent_frozen");
    expect(world.decide(call({ agent: "free", session: undefined })).code).toBe("default_permit");
    expect(world.event({ type: "freeze", agent: "a" }).code).toBe("event_applied");
    expect(world.event({ type: "unfreeze", agent: "a" }).code).toBe("event_applied");
    expect(world.decide(call()).code).toBe("default_permit");
  });
});
