import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Call, digestOf, type Given, World } from "./world.ts";

const POLICY = `
agent "a" {
  default deny
  egress { allow ["ok.example:443"] }
  redact ask/secret args ["key"]
  rules {
    deny! never/*
    defer ask/* notify: "people" reason: "ask first"
    permit pay/*
    permit free/*
    permit agent/spawn
  }
  cost pay/* args.amount
  budget total { max $10 on_exceed defer }
  budget hard { max $100 }
  rate_limit "ask/rated" 1 per minute
  ambient { counter mails free/mail  mails 1  on_exceed defer }
  spawn { allow ["x"] max_children 0 on_exceed defer }
}
agent "default" { default defer }
agent "chosen" {
  default deny
  selector risk { source "https://risk" on_unavailable defer on_timeout defer }
  rules { defer t if selectors.risk.score > 1  permit t }
}`;

let world: World;
beforeAll(async () => {
  world = await World.of(POLICY);
});
beforeEach(() => {
  world = new World(world.core);
});

const approve = (call: Call, over: object = {}) =>
  world.event({
    type: "approve",
    agent: call.agent,
    action_digest: digestOf(world.core, call),
    approver: "kim",
    expires: world.now + 1000,
    ...over,
  }).code;
const code = (call: Call, given: Given = {}) => world.decide(call, given).code;
const ask: Call = { agent: "a", tool: "ask/x", args: { n: 1 } };

describe("an approval", () => {
  test("makes a permit of exactly one deferred call", () => {
    expect(code(ask)).toBe("rule_defer");
    expect(approve(ask)).toBe("event_applied");
    const verdict = world.decide(ask);
    expect(verdict).toMatchObject({ effect: "permit", code: "approved", reason: "ask first", detail: null });
    expect(verdict.rule).not.toBe(null);
    expect(verdict.obligations.notify).toEqual(["people"]);
    expect(code(ask)).toBe("rule_defer");
    expect(world.record.effect).toBe("defer");
  });

  test("is not used up by asking", () => {
    approve(ask);
    const before = world.snapshot();
    for (let i = 0; i < 3; i++) expect(world.ask(ask).code).toBe("approved");
    expect(world.snapshot()).toBe(before);
    expect(code(ask)).toBe("approved");
    expect(world.ask(ask).code).toBe("rule_defer");
  });

  test.each<[string, Partial<Call>]>([
    ["other arguments", { args: { n: 2 } }],
    ["more arguments", { args: { n: 1, m: null } }],
    ["another tool", { tool: "ask/y" }],
    ["another agent", { agent: "other" }],
    ["no arguments", { args: {} }],
    ["a facet", { http: { host: "ok.example", port: 443 } }],
  ])("is for no other action: %s", (_what, over) => {
    approve(ask);
    expect(world.decide({ ...ask, ...over }).effect).toBe("defer");
    expect(code(ask)).toBe("approved");
  });

  test("of another agent's action is none", () => {
    expect(approve({ ...ask, agent: "other" })).toBe("event_applied");
    expect(
      world.event({
        type: "approve",
        agent: "other",
        action_digest: digestOf(world.core, ask),
        approver: "kim",
        expires: world.now + 1000,
      }).code,
    ).toBe("event_applied");
    expect(code(ask)).toBe("rule_defer");
  });

  test("of the same action in other words is the same", () => {
    approve({ agent: "a", tool: "ask/x", args: { b: 1, a: 2 } });
    expect(code({ agent: "a", tool: "ask/x", args: { a: 2, b: 1 } })).toBe("approved");
  });

  test.each([
    [999, "approved"],
    [1000, "rule_defer"],
  ])("ends when it expires: after %d ms", (passed, expected) => {
    approve(ask);
    world.now += passed;
    expect(code(ask)).toBe(expected);
  });

  test("to approve again moves the end, and makes no second use", () => {
    approve(ask);
    expect(approve(ask, { expires: world.now + 60_000 })).toBe("event_applied");
    world.now += 30_000;
    expect(code(ask)).toBe("approved");
    expect(code(ask)).toBe("rule_defer");
  });

  test("is nobody's own", () => {
    expect(approve(ask, { approver: "a" })).toBe("self_approval");
    expect(approve(ask, { approver: "lead", chain: ["root", "lead"] })).toBe("self_approval");
    expect(approve(ask, { approver: "root", chain: ["root", "lead"] })).toBe("self_approval");
    expect(approve(ask, { approver: "A", chain: ["root"] })).toBe("event_applied");
  });

  test("is gone when it is rejected", () => {
    approve(ask);
    const digest = { action_digest: digestOf(world.core, ask), approver: "kim" };
    expect(world.event({ type: "reject", agent: "a", ...digest }).code).toBe("event_applied");
    expect(code(ask)).toBe("rule_defer");
    // Again, and of what was never approved.
    expect(world.event({ type: "reject", agent: "a", ...digest }).code).toBe("event_applied");
  });

  test("lifts no deny", () => {
    const never: Call = { agent: "a", tool: "never/x" };
    const unknown: Call = { agent: "a", tool: "other" };
    approve(never);
    approve(unknown);
    expect(code(never)).toBe("deny_always");
    expect(code(unknown)).toBe("default_deny");
    approve(ask);
    world.event({ type: "freeze", agent: "a" });
    expect(code(ask)).toBe("agent_frozen");
    world.event({ type: "unfreeze", agent: "a" });
    expect(code(ask)).toBe("approved");
  });

  test("has room for 64; those that are over make room", () => {
    for (let n = 0; n < 64; n++) expect(approve({ ...ask, args: { n } })).toBe("event_applied");
    expect(approve({ ...ask, args: { n: 64 } })).toBe("approvals_full");
    expect(approve({ ...ask, args: { n: 63 } })).toBe("event_applied");
    world.now += 1000;
    expect(approve({ ...ask, args: { n: 64 } })).toBe("event_applied");
    expect(code({ ...ask, args: { n: 64 } })).toBe("approved");
  });

  test("is not spent by a decision that cannot be recorded for want of a salt", () => {
    const secret: Call = { agent: "a", tool: "ask/secret", args: { key: "k" } };
    approve(secret);
    expect(code(secret)).toBe("salt_missing");
    expect(code(secret, { facts: { salt: "0123456789abcdef" } })).toBe("approved");
    expect(code(secret, { facts: { salt: "0123456789abcdef" } })).toBe("rule_defer");
    expect(world.record.action_digest).toBe(digestOf(world.core, secret));
  });
});

describe("what defers may be", () => {
  test("the default", () => {
    const call: Call = { agent: "other", tool: "t" };
    approve(call);
    expect(code(call)).toBe("approved");
    expect(code(call)).toBe("default_defer");
  });

  test("a budget; another that denies still does", () => {
    const call = (amount: number): Call => ({ agent: "a", tool: "pay/x", args: { amount } });
    expect(code(call(11))).toBe("budget_exceeded_defer");
    approve(call(11));
    const verdict = world.decide(call(11));
    expect(verdict.code).toBe("approved");
    expect(code(call(11))).toBe("budget_exceeded_defer");
    approve(call(90));
    expect(code(call(90))).toBe("budget_exceeded");
    // It was not used up by the deny, and what it permits is counted.
    expect(world.event({ type: "refund", agent: "a", reservation: 2 }).code).toBe("event_applied");
    expect(code(call(90))).toBe("approved");
    expect(code(call(90))).toBe("budget_exceeded");
  });

  test("an ambient limit", () => {
    const call: Call = { agent: "a", tool: "free/mail" };
    expect(code(call)).toBe("rule_permit");
    expect(code(call)).toBe("ambient_exceeded_defer");
    approve(call);
    expect(code(call)).toBe("approved");
    expect(code(call)).toBe("ambient_exceeded_defer");
  });

  test("spawn; a type that is not allowed stays denied", () => {
    const call = (type: string): Call => ({ agent: "a", tool: "agent/spawn", args: { type } });
    expect(code(call("x"))).toBe("spawn_limit_defer");
    approve(call("x"));
    approve(call("y"));
    expect(code(call("x"))).toBe("approved");
    expect(code(call("y"))).toBe("spawn_not_allowed");
  });

  test("not a selector", () => {
    const call: Call = { agent: "chosen", tool: "t" };
    approve(call);
    expect(code(call, { facts: { unavailable: { risk: "timeout" } } })).toBe("selector_timeout_defer");
    expect(code(call, { facts: { selectors: { risk: { score: 2 } } } })).toBe("approved");
  });

  test("rates and egress are asked of an approved call", () => {
    const rated: Call = { agent: "a", tool: "ask/rated" };
    approve(rated);
    expect(code(rated)).toBe("approved");
    approve(rated);
    expect(code(rated)).toBe("rate_exceeded");
    world.now += 70_000;
    approve(rated);
    expect(code(rated)).toBe("approved");
    const away: Call = { ...ask, http: { host: "bad.example", port: 443 } };
    approve(away);
    expect(code(away)).toBe("egress_not_allowed");
    const near: Call = { ...ask, http: { host: "ok.example", port: 443 } };
    expect(code(near)).toBe("rule_defer");
    approve(near);
    expect(code(near)).toBe("approved");
  });
});

describe("pending calls", () => {
  const GATED = `
agent "a" {
  default defer
  session { max_duration 10h }
  completion_gate { require ["no_pending_approvals"] }
}`;
  const call = (n: number): Call => ({ agent: "a", tool: "t", args: { n }, session: "s" });

  test("have room for 256, each once; one more is denied, and asking says so too", async () => {
    world = await World.of(GATED);
    world.event({ type: "session_open", agent: "a", session: "s" });
    for (let n = 0; n < 256; n++) expect(code(call(n))).toBe("default_defer");
    expect(code(call(7))).toBe("default_defer");
    expect(code(call(256))).toBe("approvals_full");
    expect(world.ask(call(256)).code).toBe("approvals_full");
    expect(approve(call(7), { session: "s" })).toBe("event_applied");
    expect(code(call(256))).toBe("default_defer");
    expect(code(call(257))).toBe("approvals_full");
    // An approved call needs no place.
    expect(code(call(7))).toBe("approved");
    expect(code(call(7))).toBe("approvals_full");
  });

  test("are the session's, and none where no gate asks", async () => {
    world = await World.of('agent "a" { default defer }');
    world.event({ type: "session_open", agent: "a", session: "s" });
    const before = world.blobs.get("s/a")!.length;
    for (let n = 0; n < 300; n++) expect(code(call(n))).toBe("default_defer");
    expect(world.blobs.get("s/a")!.length).toBe(before);
  });
});
