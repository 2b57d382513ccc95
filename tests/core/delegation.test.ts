import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Verdict } from "../../engine/binding/index.ts";
import { type Call, digestOf, type Given, World } from "./world.ts";

const HOUR = 3_600_000;

const POLICY = `
agent "root" {
  default deny
  rules {
    permit read/*
    permit pay/* if amount <= 100
    defer pay/*
    permit mail/* if purpose("newsletter")
    deny who/* if agent == "helper"
    permit who/* if agent == "root"
    permit far/*
    permit deep/*
  }
  cost pay/* args.amount
  budget total { max $150 }
  budget session { max $1000 }
  delegate "lead" { scope ["read/*", "pay/*", "mail/*", "who/*", "deep/*"]  ttl 2h }
}
agent "lead" {
  default permit
  rules { deny read/secret  deny pay/* if amount > 90 }
  delegate "helper" { scope ["read/*", "pay/*:amount<=80", "mail/*", "who/*", "far/*"] }
  delegate "stranger" { scope "read/*" ceiling "defer" }
}
agent "helper" {
  default permit
  rules { defer read/ask  deny read/never }
}
agent "default" {
  default permit
  delegate "helper" { scope "read/*" }
}`;

let world: World;
beforeAll(async () => {
  world = await World.of(POLICY);
});
beforeEach(() => {
  world = new World(world.core);
});

const CHAIN = ["root", "lead"];
const call = (tool: string, over: object = {}): Call => ({ agent: "helper", tool, ...over });
const decide = (tool: string, over: object = {}, given: Given = {}): Verdict =>
  world.decide(call(tool, { args: {}, ...over }), { chain: CHAIN, ...given });
const open = (agent = "root", fields: object = {}) =>
  world.event({ type: "session_open", agent, session: "s", ...fields }).code;
const session = { session: "s" };

describe("a delegated call", () => {
  beforeEach(() => {
    open("root", { purpose: "newsletter" });
  });

  test("is permitted when its own policy, every scope and every grantor permit it", () => {
    expect(decide("read/x", session)).toMatchObject({
      effect: "permit",
      code: "default_permit",
      agent: "helper",
      detail: null,
    });
  });

  test.each<[string, object, string, string | null]>([
    ["read/never", {}, "rule_deny", null],
    ["read/ask", {}, "rule_defer", null],
    ["read/secret", {}, "grantor_deny", "lead"],
    ["far/x", {}, "delegation_scope", "root"],
    ["deep/x", {}, "delegation_scope", "lead"],
    ["pay/x", { amount: 80.5 }, "delegation_scope", "lead"],
    ["pay/x", { amount: "80" }, "delegation_scope", "lead"],
    // The scope's condition is unknown, and the least counts: the root only defers it.
    ["pay/x", {}, "delegation_scope", "lead"],
    ["write/x", {}, "delegation_scope", "root"],
    ["mail/x", {}, "default_permit", null],
    // A grantor is judged under its own name.
    ["who/x", {}, "default_permit", null],
  ])("%s %j: %s", (tool, args, code, agent) => {
    const verdict = decide(tool, { ...session, args });
    expect(verdict).toMatchObject({ code, detail: agent === null ? null : { agent } });
  });

  test("needs a chain that can be followed", () => {
    const code = (chain: string[]) => world.decide(call("read/x", session), { chain }).code;
    expect(code(["root", "lead", "root"])).toBe("delegation_too_deep");
    expect(code(["root", "helper"])).toBe("delegation_too_deep");
    expect(code(["helper"])).toBe("delegation_too_deep");
    expect(code(["root", "b", "c", "d", "e", "f", "g", "h"])).toBe("delegation_not_granted");
    expect(code(["lead", "root"])).toBe("session_unknown");
    const long = ["root", "b", "c", "d", "e", "f", "g", "h", "i"];
    const text = JSON.stringify({ agent: "helper", tool: "read/x", args: {} });
    const grant = { digest: "a".repeat(64), granted: world.now, expires: world.now + 1, effect: "permit" };
    const facts = { time: world.now, delegation: { chain: long, grants: long.map(() => grant) } };
    expect(world.core.decide(text, JSON.stringify(facts)).code).toBe("delegation_too_deep");
    delete (facts as { time?: number }).time;
    facts.delegation = { chain: ["lead"], grants: [grant] };
    expect(world.core.decide(text, JSON.stringify(facts)).code).toBe("time_missing");
  });

  test("only follows blocks for exactly that delegate", () => {
    open("lead");
    open("other");
    const code = (chain: string[], agent = "helper") =>
      world.decide({ agent, tool: "read/x", session: "s" }, { chain }).code;
    expect(code(["lead"])).toBe("default_permit");
    expect(code(["root"])).toBe("delegation_not_granted");
    expect(code(["lead"], "other")).toBe("delegation_not_granted");
    // Who has no block of its own is served by the default one, its delegations included.
    expect(code(["other"])).toBe("default_permit");
    expect(code(["other"], "lead")).toBe("delegation_not_granted");
  });

  test("has a ceiling", () => {
    open("lead");
    expect(
      world.decide({ agent: "stranger", tool: "read/x", session: "s" }, { chain: ["lead"] }),
    ).toMatchObject({
      code: "delegation_scope_defer",
      effect: "defer",
      detail: { agent: "lead" },
    });
  });

  test.each<[object[], string, string | null]>([
    [[{}, { effect: "deny" }], "delegation_scope", "lead"],
    [[{}, { effect: "defer" }], "delegation_scope_defer", "lead"],
    [[{ effect: "defer" }, { effect: "defer" }], "delegation_scope_defer", "root"],
    [[{ effect: "defer" }, { effect: "deny" }], "delegation_scope", "lead"],
  ])("grants that say %j: %s", (grants, code, agent) => {
    expect(decide("read/x", session, { grants })).toMatchObject({ code, detail: { agent } });
  });

  test.each<[number, number, string]>([
    [0, 1, "default_permit"],
    [0, 0, "delegation_expired"],
    [-HOUR, -1, "delegation_expired"],
    [1000, HOUR, "default_permit"],
    [1001, HOUR, "delegation_expired"],
    [-HOUR, HOUR, "default_permit"],
    [-HOUR, HOUR + 1, "delegation_not_granted"],
    [0, 2 * HOUR + 1, "delegation_not_granted"],
  ])("granted %d ms from now until %d ms from now, for at most two hours: %s", (granted, expires, code) => {
    const root = { granted: world.now + granted, expires: world.now + expires };
    expect(decide("read/x", session, { grants: [root] }).code).toBe(code);
  });

  test("a block without ttl takes grants of any length", () => {
    const lead = { granted: world.now - 1000 * HOUR, expires: world.now + 100_000 * HOUR };
    expect(decide("read/x", session, { grants: [{}, lead] }).code).toBe("default_permit");
  });
});

describe("what a delegate spends", () => {
  const pay = (amount: number) => decide("pay/x", { args: { amount }, ...session });
  beforeEach(() => {
    open();
  });

  test("its grantors spend", () => {
    expect(pay(80).code).toBe("default_permit");
    expect(pay(71)).toMatchObject({ code: "grantor_deny", detail: { agent: "root" } });
    const alone = { agent: "root", tool: "pay/x", args: { amount: 71 }, session: "s" };
    expect(world.decide(alone)).toMatchObject({ code: "budget_exceeded", detail: { meter: "total" } });
    expect(pay(70).code).toBe("default_permit");
    expect(world.slot("s/root", 11)).toBe(150_000_000n);
    expect(world.slot("s/root", 10)).toBe(2n);
  });

  test("is settled once with all of them", () => {
    pay(80);
    const event = { agent: "helper", session: "s", reservation: world.last };
    // The delegate itself has no budget, and no cost either: nothing of it is reserved there.
    expect(world.event({ type: "settle", ...event, money: 10 }).code).toBe("reservation_unknown");
    expect(world.event({ type: "settle", ...event, chain: CHAIN, money: 10 }).code).toBe("event_applied");
    const before = world.snapshot();
    expect(world.event({ type: "settle", ...event, chain: CHAIN, money: 10 }).code).toBe(
      "reservation_unknown",
    );
    expect(world.event({ type: "refund", ...event, chain: CHAIN }).code).toBe("reservation_unknown");
    expect(world.snapshot()).toBe(before);
    expect(world.slot("s/root", 11)).toBe(10_000_000n);
    expect(pay(80).code).toBe("default_permit");
    expect(pay(61).code).toBe("grantor_deny");
    expect(pay(60).code).toBe("default_permit");
  });

  test("nothing is spent by a call that any of them denies or defers", () => {
    const before = world.blobs.get("root")!;
    decide("pay/x", { args: { amount: 85 }, ...session });
    decide("read/ask", session);
    // All but the time that was seen.
    expect(world.blobs.get("root")).toEqual(before);
    expect(world.slot("s/root", 10)).toBe(0n);
    expect(world.slot("s/helper", 10)).toBe(0n);
  });
});

describe("sessions of a chain", () => {
  test("are opened for its root, begin by themselves for the others, with its purpose", () => {
    expect(decide("read/x", session).code).toBe("session_unknown");
    open("lead");
    expect(decide("read/x", session).code).toBe("session_unknown");
    open("root", { purpose: "newsletter" });
    world.now += 1000;
    expect(decide("mail/x", session).code).toBe("default_permit");
    expect(world.slot("s/helper", 7)).toBe(BigInt(world.now));
    expect(world.slot("s/lead", 7)).toBe(BigInt(world.now - 1000));
    expect(new TextDecoder().decode(world.blobs.get("s/helper")!)).toContain("newsletter");
  });

  test("end for all when the root's is closed", () => {
    open();
    expect(decide("read/x", session).code).toBe("default_permit");
    world.event({ type: "session_close", agent: "root", session: "s" });
    expect(decide("read/x", session).code).toBe("session_closed");
    expect(world.decide(call("read/x", session), { chain: ["lead"] }).code).toBe("session_unknown");
  });

  test("end for a party whose own is closed", () => {
    open();
    decide("read/x", session);
    world.event({ type: "session_close", agent: "lead", session: "s" });
    expect(decide("read/x", session)).toMatchObject({ code: "grantor_deny", detail: { agent: "lead" } });
    world.event({ type: "session_close", agent: "helper", session: "s" });
    expect(decide("read/x", session).code).toBe("session_closed");
  });

  test("a frozen grantor grants nothing", () => {
    open();
    expect(decide("read/x", session).code).toBe("default_permit");
    world.event({ type: "freeze", agent: "lead" });
    expect(decide("read/x", session)).toMatchObject({ code: "grantor_deny", detail: { agent: "lead" } });
    world.event({ type: "unfreeze", agent: "lead" });
    world.event({ type: "freeze", agent: "root" });
    expect(decide("read/x", session)).toMatchObject({ code: "grantor_deny", detail: { agent: "root" } });
    world.event({ type: "unfreeze", agent: "root" });
    expect(decide("read/x", session).code).toBe("default_permit");
  });
});

describe("approvals of a delegated call", () => {
  const approve = (target: Call) =>
    world.event({
      type: "approve",
      agent: target.agent,
      action_digest: digestOf(world.core, target),
      approver: "kim",
      expires: world.now + HOUR,
      chain: CHAIN,
    }).code;
  beforeEach(() => {
    open();
  });

  test("lift a scope's and a grantor's defer, once", () => {
    const target = call("read/x", session);
    const given = { chain: CHAIN, grants: [{ effect: "defer" as const }] };
    expect(world.decide(target, given).code).toBe("delegation_scope_defer");
    expect(approve(target)).toBe("event_applied");
    expect(world.decide(target, given)).toMatchObject({ code: "approved", detail: null });
    expect(world.decide(target, given).code).toBe("delegation_scope_defer");
  });

  test("lift no grantor's deny, and no scope's", () => {
    for (const [tool, code] of [
      ["read/secret", "grantor_deny"],
      ["far/x", "delegation_scope"],
    ] as const) {
      approve(call(tool, session));
      expect(decide(tool, session).code).toBe(code);
    }
  });

  test("are the acting agent's: a grantor's own approval of the same call lifts nothing", () => {
    const grants = [{ effect: "defer" as const }];
    const event = { action_digest: digestOf(world.core, call("read/x", session)), approver: "kim" };
    world.event({ type: "approve", agent: "root", ...event, expires: world.now + HOUR });
    expect(decide("read/x", session, { grants }).code).toBe("delegation_scope_defer");
  });
});

describe("a grantor's selector", () => {
  test("is no defer that an approval lifts", async () => {
    world = await World.of(`
agent "root" {
  default permit
  selector risk { source "https://risk" on_unavailable defer on_timeout defer }
  rules { deny t if selectors.risk.score > 1 }
  delegate "helper" { scope "*" }
}
agent "helper" { default permit rules { defer u  permit t } }`);
    const target: Call = { agent: "helper", tool: "t" };
    const approval = {
      action_digest: digestOf(world.core, target),
      approver: "kim",
      expires: world.now + HOUR,
    };
    world.event({ type: "approve", agent: "helper", ...approval });
    const given = { chain: ["root"] };
    expect(world.decide(target, given)).toMatchObject({ code: "grantor_defer", detail: { agent: "root" } });
    expect(world.decide(target, { ...given, facts: { selectors: { risk: { score: 0 } } } }).code).toBe(
      "rule_permit",
    );
    const both = await World.of(`
agent "root" {
  default permit
  selector risk { source "https://risk" on_unavailable defer on_timeout defer }
  rules { deny t if selectors.risk.score > 1 }
  delegate "helper" { scope "*" }
}
agent "helper" { default defer }`);
    both.event({ type: "approve", agent: "helper", ...approval });
    // Its own defer was approved; what is left is the grantor's.
    expect(both.decide(target, given).code).toBe("grantor_defer");
    expect(both.decide(target, { ...given, facts: { selectors: { risk: { score: 0 } } } }).code).toBe(
      "approved",
    );
  });
});

describe("a scope", () => {
  test("is its own rules alone: a rule of the system that defers opens none", async () => {
    world = await World.of(`
system { rules { defer pay/* } }
agent "root" { default permit  delegate "helper" { scope "read/*" } }
agent "helper" { default permit }`);
    const target: Call = { agent: "helper", tool: "pay/x" };
    const given = { chain: ["root"] };
    expect(world.decide(target, given).code).toBe("delegation_scope");
    const approval = { action_digest: digestOf(world.core, target), approver: "kim", expires: world.now + 1 };
    world.event({ type: "approve", agent: "helper", ...approval });
    expect(world.decide(target, given).code).toBe("delegation_scope");
  });

  test("empty grants nothing, and its row serves no agent of its name", async () => {
    world = await World.of(`
agent "root" { default permit  delegate "helper" { scope [] } }
agent "helper" { default permit }
agent "default" { default permit }`);
    expect(world.decide({ agent: "helper", tool: "t" }, { chain: ["root"] }).code).toBe("delegation_scope");
    expect(world.core.decide('{"agent":"root\\u001fhelper","tool":"t","args":{}}').code).toBe(
      "agent_unknown",
    );
    expect(world.core.decide('{"agent":"x\\u001fy","tool":"t","args":{}}').code).toBe("agent_unknown");
    expect(world.decide({ agent: "helper", tool: "t" }, { chain: ["x\u001fy"] }).code).toBe(
      "delegation_not_granted",
    );
    expect(world.decide({ agent: "helper\u001f", tool: "t" }, { chain: ["root"] }).code).toBe(
      "agent_unknown",
    );
  });

  test("sees the purpose of the acting agent's session", async () => {
    world = await World.of(`
agent "root" { default permit  delegate "helper" { scope "t:purpose(\\"one\\")" } }
agent "helper" { default permit }`);
    open("root", { purpose: "two" });
    const code = (name: string) =>
      world.decide({ agent: "helper", tool: "t", session: name }, { chain: ["root"] }).code;
    world.event({ type: "session_open", agent: "root", session: "s1", purpose: "one" });
    expect([code("s"), code("s1")]).toEqual(["delegation_scope", "default_permit"]);
    // The acting agent's own was opened for another purpose.
    world.event({ type: "session_open", agent: "root", session: "s2", purpose: "one" });
    world.event({ type: "session_open", agent: "helper", session: "s2", purpose: "two" });
    expect(code("s2")).toBe("delegation_scope");
  });
});
