import { createHash } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { digestOf, type Event, World } from "./world.ts";

const DAY = 86_400_000;
const DIGEST = "0123456789abcdef".repeat(4);

describe("the shape of an event", () => {
  let world: World;
  beforeAll(async () => {
    world = await World.of('agent "a" { default permit }');
  });
  beforeEach(() => {
    world = new World(world.core);
  });
  const refusal = (event: unknown) => {
    const before = world.snapshot();
    const verdict = world.event(event as Event);
    expect(world.snapshot()).toBe(before);
    return [verdict.code, (verdict.detail as { field?: string } | null)?.field];
  };
  const freeze = { type: "freeze", agent: "a" };
  const settle = { type: "settle", agent: "a", reservation: 0 };
  const approve = {
    type: "approve",
    agent: "a",
    action_digest: DIGEST,
    approver: "kim",
    expires: 1_700_000_000_001,
  };

  test.each<[unknown, string | undefined]>([
    [[], undefined],
    ["freeze", undefined],
    [{}, "type"],
    [{ ...freeze, type: 1 }, "type"],
    [{ ...freeze, type: null }, "type"],
    [{ ...freeze, type: "frieze" }, "type"],
    [{ ...freeze, type: "decision" }, "type"],
    [{ type: "nothing", zzz: 1 }, "type"],
    // The first in canonical order, also one of another type's, and before a field that is missing.
    [{ type: "freeze", zz: 1, session: "s" }, "session"],
    [{ ...freeze, session: null }, "session"],
    [{ ...freeze, "": 1, b: 2 }, ""],
    [{ type: "freeze" }, "agent"],
    [{ type: "freeze", agent: 7 }, "agent"],
    [{ ...freeze, reason: 7 }, "reason"],
    [{ ...freeze, by: ["x"] }, "by"],
    [{ type: "session_open", agent: "a" }, "session"],
    [{ type: "session_open", agent: "a", session: {} }, "session"],
    [{ type: "session_open", agent: "a", session: "s", phase: 1 }, "phase"],
    [{ type: "session_open", agent: "a", session: "s", purpose: "p".repeat(257) }, "purpose"],
    [{ type: "session_open", agent: "a", session: "s", chain: ["b"] }, "chain"],
    [{ type: "session_phase", agent: "a", session: "s" }, "phase"],
    [{ type: "settle", agent: "a" }, "reservation"],
    [{ ...settle, reservation: -1 }, "reservation"],
    [{ ...settle, reservation: 0.5 }, "reservation"],
    [{ ...settle, reservation: "0" }, "reservation"],
    [{ ...settle, reservation: 1e300 }, "reservation"],
    [{ ...settle, money: -0.01 }, "money"],
    [{ ...settle, money: 0.0000001 }, "money"],
    [{ ...settle, money: 1e12 }, "money"],
    [{ ...settle, money: "1e3" }, "money"],
    [{ ...settle, money: "-1" }, "money"],
    [{ ...settle, money: "1." }, "money"],
    [{ ...settle, money: "" }, "money"],
    [{ ...settle, money: true }, "money"],
    [{ ...settle, tokens: 1.5 }, "tokens"],
    [{ ...settle, tokens: -1 }, "tokens"],
    [{ ...settle, tokens: "1" }, "tokens"],
    [{ ...settle, bytes: 1e17 }, "bytes"],
    [{ ...settle, chain: [] }, "chain"],
    [{ ...settle, chain: "b" }, "chain"],
    [{ ...settle, chain: ["b", 1] }, "chain"],
    [{ ...settle, chain: ["b", "b"] }, "chain"],
    [{ ...settle, chain: ["b", "a"] }, "chain"],
    [{ ...settle, chain: ["b", "c", "d", "e", "f", "g", "h", "i", "j"] }, "chain"],
    [{ ...approve, action_digest: DIGEST.toUpperCase() }, "action_digest"],
    [{ ...approve, action_digest: DIGEST.slice(1) }, "action_digest"],
    [{ ...approve, action_digest: `${DIGEST.slice(1)}g` }, "action_digest"],
    [{ ...approve, approver: undefined }, "approver"],
    [{ ...approve, expires: undefined }, "expires"],
    [{ ...approve, expires: 1_700_000_000 }, "expires"],
    [{ ...approve, expires: 1_700_000_000_000 }, "expires"],
    [{ ...approve, expires: "1700000000001" }, "expires"],
    [{ type: "delegation_grant", agent: "a", grant: DIGEST, to: "b" }, "expires"],
    [{ type: "delegation_revoke", agent: "a", grant: "x" }, "grant"],
    [{ type: "incident", agent: "a" }, "id"],
  ])("%j", (event, field) => {
    expect(refusal(event)).toEqual(["event_invalid", field]);
    expect(world.record).toMatchObject({
      effect: "deny",
      action:
        field === "expires" && (event as { expires?: number }).expires === 1_700_000_000_000 ? event : null,
    });
  });

  test("text that is none is refused like an action's", () => {
    const place = { sequence: 0, previous: new Uint8Array(32) };
    const code = (text: string) =>
      world.core.applyEvent(text, '{"time":1700000000000}', place, [null, null]).verdict.code;
    expect(code('{"type":"freeze","agent":"a","agent":"a"}')).toBe("duplicate_key");
    expect(code("{")).toBe("invalid_json");
    expect(code(`{"type":"freeze","agent":"a","reason":"${"x".repeat(1 << 20)}"}`)).toBe("input_too_large");
    expect(code(`${"[".repeat(65)}`)).toBe("too_deep");
  });

  test("is closed for decisions: an event is no action, an action no event", () => {
    expect(world.core.decide(JSON.stringify(freeze)).code).toBe("action_field_unknown");
    expect(refusal({ agent: "a", tool: "t", args: {} })).toEqual(["event_invalid", "type"]);
  });

  test("null counts as absent", () => {
    expect(world.event({ ...freeze, reason: null, by: null }).code).toBe("event_applied");
  });

  test("the facts are checked as for a decision", () => {
    const code = (facts: object) => world.event(freeze, facts as Record<string, unknown>);
    expect(code({ agent: "b" }).code).toBe("agent_mismatch");
    expect(code({ zzz: 1 }).code).toBe("fact_unknown");
    for (const field of ["purpose", "phase"]) {
      expect(code({ [field]: "x" })).toMatchObject({ code: "fact_conflict", detail: { field } });
    }
    const grant = { digest: DIGEST, granted: world.now, expires: world.now + 1, effect: "permit" };
    expect(code({ delegation: { chain: ["b"], grants: [grant] } })).toMatchObject({
      code: "fact_conflict",
      detail: { field: "delegation" },
    });
    expect(world.event({ type: "freeze", agent: "nobody" }).code).toBe("agent_unknown");
  });

  test("a record has the event in the place of the action", () => {
    const event: Event = { type: "incident", agent: "a", id: "i-1", reason: "odd", by: "ops" };
    expect(world.event(event)).toMatchObject({ effect: "permit", code: "event_applied", agent: "a" });
    const canonical = world.core.canonicalize(JSON.stringify(event));
    if (!canonical.ok) throw new Error(canonical.code);
    expect(world.record).toMatchObject({
      action: event,
      action_digest: createHash("sha256").update(canonical.bytes).digest("hex"),
      code: "event_applied",
      type: "incident",
      version: 2,
    });
    world.event({ type: "nothing", agent: "a" });
    expect(world.record.type).toBe("event");
  });

  test.each(["delegation_grant", "delegation_revoke", "incident"])("%s changes no state", (type) => {
    const fields = { grant: DIGEST, to: "b", expires: world.now + 1, id: "i" };
    const names = {
      delegation_grant: ["grant", "to", "expires"],
      delegation_revoke: ["grant"],
      incident: ["id"],
    };
    const wanted = names[type as keyof typeof names].map((name) => [
      name,
      fields[name as keyof typeof fields],
    ]);
    const event = { type, agent: "a", ...Object.fromEntries(wanted) };
    world.event(freeze);
    const before = world.snapshot();
    expect(world.event(event).code).toBe(type === "delegation_grant" ? "agent_frozen" : "event_applied");
    expect(world.snapshot()).toBe(before);
    const place = { sequence: 0, previous: new Uint8Array(32) };
    const bare = world.core.applyEvent(JSON.stringify(event), `{"time":${world.now}}`, place);
    expect(bare.verdict.code).toBe("event_applied");
    expect(bare.state).toBe(null);
  });

  test("all others need state", () => {
    const place = { sequence: 0, previous: new Uint8Array(32) };
    const code = (event: object) =>
      world.core.applyEvent(JSON.stringify(event), `{"time":${world.now}}`, place).verdict.code;
    const session = { agent: "a", session: "s" };
    for (const event of [
      freeze,
      { ...freeze, type: "unfreeze" },
      settle,
      { ...settle, type: "refund" },
      approve,
      { type: "reject", agent: "a", action_digest: DIGEST, approver: "kim" },
      { type: "child_exit", agent: "a" },
      { type: "session_open", ...session },
      { type: "session_phase", ...session, phase: "p" },
      { type: "session_close", ...session },
    ]) {
      expect([event, code(event)]).toEqual([event, "state_missing"]);
    }
  });
});

describe("on a frozen agent", () => {
  test("only opening, moving and granting are refused", async () => {
    const world = await World.of(`agent "a" {
      default permit
      spawn { allow ["*"] }
      phase one { permit t }
      phase two { permit t }
      budget all { max_calls 9 }
    }`);
    world.event({ type: "session_open", agent: "a", session: "s" });
    expect(world.decide({ agent: "a", tool: "agent/spawn", args: { type: "x" }, session: "s" }).code).toBe(
      "default_permit",
    );
    const reservation = world.last;
    world.decide({ agent: "a", tool: "t", session: "s" });
    const second = world.last;
    world.event({ type: "freeze", agent: "a" });
    const code = (type: string, fields: object) => world.event({ type, agent: "a", ...fields }).code;
    const digest = { action_digest: DIGEST, approver: "kim" };
    expect(code("session_open", { session: "s2" })).toBe("agent_frozen");
    expect(code("session_phase", { session: "s", phase: "two" })).toBe("agent_frozen");
    const grant = { grant: DIGEST, to: "b", expires: world.now + 1 };
    expect(code("delegation_grant", grant)).toBe("agent_frozen");
    expect(code("delegation_revoke", { grant: DIGEST })).toBe("event_applied");
    expect(code("incident", { id: "i" })).toBe("event_applied");
    expect(code("child_exit", {})).toBe("event_applied");
    expect(code("settle", { reservation, session: "s" })).toBe("event_applied");
    expect(code("refund", { reservation: second, session: "s" })).toBe("event_applied");
    expect(code("approve", { ...digest, expires: world.now + 1 })).toBe("event_applied");
    expect(code("reject", digest)).toBe("event_applied");
    expect(code("session_close", { session: "s" })).toBe("event_applied");
  });
});

describe("settle and refund", () => {
  const POLICY = `
agent "a" {
  default permit
  cost pay/* args.amount
  budget total { max $100 max_calls 5 max_tokens 1000 }
  budget daily { max $60 }
  budget session { max $80 on_exceed defer }
  ambient { max_data_volume 1kb }
}
agent "b" {
  default permit
  cost pay/* args.amount
  budget total { max $100 }
}`;
  let world: World;
  beforeAll(async () => {
    world = await World.of(POLICY);
  });
  beforeEach(() => {
    world = new World(world.core);
    world.event({ type: "session_open", agent: "a", session: "s" });
  });
  const pay = (amount: number, over: object = {}, facts: Record<string, unknown> = {}) =>
    world.decide({ agent: "a", tool: "pay/x", args: { amount }, session: "s", ...over }, { facts }).code;
  const settle = (reservation: number, fields: object = {}) =>
    world.event({ type: "settle", agent: "a", session: "s", reservation, ...fields }).code;
  const refund = (reservation: number, fields: object = {}) =>
    world.event({ type: "refund", agent: "a", session: "s", reservation, ...fields }).code;

  test("put the actual cost in the place of the reserved one", () => {
    expect(pay(50)).toBe("default_permit");
    const first = world.last;
    expect(pay(11)).toBe("budget_exceeded");
    expect(settle(first, { money: "10.500000" })).toBe("event_applied");
    expect(world.slot("s/a", 11)).toBe(10_500_000n);
    expect(pay(49.6)).toBe("budget_exceeded");
    expect(pay(49.5)).toBe("default_permit");
  });

  test("what is left out stays as reserved", () => {
    pay(50);
    expect(settle(world.last)).toBe("event_applied");
    expect(pay(10.01)).toBe("budget_exceeded");
    expect(pay(10)).toBe("default_permit");
  });

  test.each([
    ["settle", "settle"],
    ["settle", "refund"],
    ["refund", "settle"],
    ["refund", "refund"],
  ])("%s, then %s: once", (first, second) => {
    pay(50);
    const reservation = world.last;
    const apply = (type: string) =>
      type === "settle" ? settle(reservation, { money: 1 }) : refund(reservation);
    expect(apply(first)).toBe("event_applied");
    const before = world.snapshot();
    expect(apply(second)).toBe("reservation_unknown");
    expect(world.snapshot()).toBe(before);
  });

  test("once for the agent's blob and once for the session's, when they come apart", () => {
    pay(50);
    const reservation = world.last;
    expect(settle(reservation, { session: undefined, money: 0 })).toBe("event_applied");
    expect(settle(reservation, { session: undefined, money: 0 })).toBe("reservation_unknown");
    expect(world.slot("s/a", 11)).toBe(50_000_000n);
    expect(settle(reservation, { money: 0 })).toBe("event_applied");
    expect(settle(reservation, { money: 0 })).toBe("reservation_unknown");
    expect(world.slot("s/a", 11)).toBe(0n);
    expect(pay(60)).toBe("default_permit");
  });

  test("of what was never reserved, or by another agent", () => {
    expect(settle(0)).toBe("reservation_unknown");
    pay(50);
    const reservation = world.last;
    const before = world.snapshot();
    expect(settle(reservation, { agent: "b" })).toBe("reservation_unknown");
    expect(refund(reservation, { agent: "b", session: undefined })).toBe("reservation_unknown");
    expect(settle(reservation - 1)).toBe("reservation_unknown");
    expect(settle(reservation + 1)).toBe("reservation_unknown");
    expect(world.snapshot()).toBe(before);
    // What was denied or asked reserves nothing.
    expect(pay(70)).toBe("budget_exceeded");
    expect(settle(world.last)).toBe("reservation_unknown");
  });

  test("a refund takes calls back too, but not the session's count", () => {
    const reservations = Array.from({ length: 5 }, () => {
      pay(1);
      return world.last;
    });
    expect(pay(1)).toBe("budget_exceeded");
    for (const reservation of reservations) expect(refund(reservation)).toBe("event_applied");
    expect(world.slot("s/a", 10)).toBe(5n);
    expect(world.slot("s/a", 11)).toBe(0n);
    for (let i = 0; i < 5; i++) expect(pay(12)).toBe("default_permit");
  });

  test("an overrun is counted, and what follows is over the limit", () => {
    pay(10);
    expect(settle(world.last, { money: "999999999999.999999" })).toBe("event_applied");
    expect(pay(0.000001)).toBe("budget_exceeded");
    expect(world.slot("s/a", 11)).toBe(999_999_999_999_999_999n);
  });

  test("overruns never wrap", async () => {
    const many = await World.of(
      `agent "a" { default permit  cost t 0  budget session { max $1 }  budget all { max $1 } }`,
    );
    many.event({ type: "session_open", agent: "a", session: "s" });
    const call = { agent: "a", tool: "t", session: "s" };
    for (let i = 0; i < 25; i++) expect(many.decide(call).code).toBe("default_permit");
    for (let i = 1; i <= 25; i++) {
      const event = { agent: "a", session: "s", reservation: i, money: "999999999999.999999" };
      expect(many.event({ type: "settle", ...event }).code).toBe("event_applied");
    }
    expect(many.slot("s/a", 11)).toBe(9_999_999_999_999_999_999n);
    expect(many.decide(call).code).toBe("session_exhausted");
    expect(many.decide({ agent: "a", tool: "t" }).code).toBe("session_missing");
  });

  test("a period that is over takes nothing back; what is over the reservation counts in the present one", () => {
    pay(50);
    const first = world.last;
    pay(9);
    const second = world.last;
    world.now += DAY;
    expect(pay(20)).toBe("default_permit");
    // Less than reserved, a day later: the present day keeps its 20.
    expect(settle(first, { money: 0 })).toBe("event_applied");
    expect(pay(40.01)).toBe("budget_exceeded");
    // More than reserved: 30 - 9 in the present day.
    expect(settle(second, { money: 30 })).toBe("event_applied");
    expect(pay(19.01)).toBe("budget_exceeded");
    expect(pay(19)).toBe("default_permit");
  });

  test("tokens and bytes", () => {
    expect(pay(0, {}, { cost: { tokens: 900 } })).toBe("default_permit");
    const first = world.last;
    expect(pay(0, {}, { cost: { tokens: 101 } })).toBe("budget_exceeded");
    expect(settle(first, { tokens: 1000, bytes: 1024 })).toBe("event_applied");
    // Used up: a call of which nothing is known is denied too.
    expect(pay(0)).toBe("budget_exceeded");
    world.now += DAY;
    expect(pay(0, {}, { cost: { tokens: 0 } })).toBe("default_permit");
    expect(settle(world.last, { bytes: 1025 })).toBe("event_applied");
    expect(pay(0, {}, { cost: { tokens: 0 } })).toBe("ambient_exceeded");
  });

  test("after the session was closed, and of an expired one", () => {
    pay(50);
    const reservation = world.last;
    world.event({ type: "session_close", agent: "a", session: "s" });
    expect(settle(reservation, { money: 1 })).toBe("event_applied");
    expect(world.slot("s/a", 11)).toBe(1_000_000n);
  });

  test("the oldest of 64 is settled at what it reserved when another needs its place", async () => {
    const many = await World.of('agent "a" { default permit  budget all { max_calls 70 } }');
    const call = () => many.decide({ agent: "a", tool: "t" }).code;
    for (let i = 0; i < 65; i++) expect(call()).toBe("default_permit");
    const undo = (reservation: number) => many.event({ type: "refund", agent: "a", reservation }).code;
    expect(undo(0)).toBe("reservation_unknown");
    expect(undo(1)).toBe("event_applied");
    expect(undo(64)).toBe("event_applied");
  });
});

describe("the completion gate", () => {
  const policy = (unmet: string) => `
agent "a" {
  default permit
  rules { defer ask/* }
  budget session { max_calls 2 on_exceed audit }
  completion_gate { require ["no_pending_approvals", "budget_under_limit", "reviewed", "archived"] on_unmet ${unmet} }
}`;
  test.each([
    ["deny", "gate_unmet", "deny"],
    ["defer", "gate_unmet_defer", "defer"],
  ])("that %s", async (unmet, code, effect) => {
    const world = await World.of(policy(unmet));
    const close = (gates?: object) =>
      world.event({ type: "session_close", agent: "a", session: "s" }, gates === undefined ? {} : { gates });
    const done = { reviewed: true, archived: true };
    world.event({ type: "session_open", agent: "a", session: "s" });
    const ask = { agent: "a", tool: "ask/x", session: "s" };
    expect(world.decide(ask).code).toBe("rule_defer");
    world.decide(ask);
    for (let i = 0; i < 2; i++) world.decide({ agent: "a", tool: "t", session: "s" });
    const unmetBy = (field: string) => ({ code, effect, detail: { field } });
    const before = world.snapshot();
    expect(close(done)).toMatchObject(unmetBy("no_pending_approvals"));
    expect(world.snapshot()).toBe(before);
    const digest = { action_digest: digestOf(world.core, ask), approver: "kim" };
    world.event({ type: "reject", agent: "a", session: "s", ...digest });
    expect(close(done)).toMatchObject(unmetBy("budget_under_limit"));
    world.event({ type: "refund", agent: "a", session: "s", reservation: 3 });
    expect(close()).toMatchObject(unmetBy("archived"));
    expect(close({ archived: true, reviewed: false })).toMatchObject(unmetBy("reviewed"));
    expect(close({ archived: true, reviewed: null })).toMatchObject(unmetBy("reviewed"));
    expect(close({ ...done, other: false }).code).toBe("event_applied");
  });

  test("does not wait for what was approved", async () => {
    const world = await World.of(policy("deny"));
    world.event({ type: "session_open", agent: "a", session: "s" });
    const ask = { agent: "a", tool: "ask/x", session: "s" };
    world.decide(ask);
    const approval = {
      action_digest: digestOf(world.core, ask),
      approver: "kim",
      expires: world.now + 1000,
    };
    const close = () =>
      world.event(
        { type: "session_close", agent: "a", session: "s" },
        { gates: { reviewed: true, archived: true } },
      ).code;
    // Without its session the event says nothing of what is pending there.
    world.event({ type: "approve", agent: "a", ...approval });
    expect(close()).toBe("gate_unmet");
    world.event({ type: "approve", agent: "a", session: "s", ...approval });
    expect(close()).toBe("event_applied");
  });
});

describe("children", () => {
  test("exit as often as they were spawned", async () => {
    const world = await World.of('agent "a" { default permit  spawn { allow ["x"] max_children 1 } }');
    const spawn = () => world.decide({ agent: "a", tool: "agent/spawn", args: { type: "x" } }).code;
    const exit = () => world.event({ type: "child_exit", agent: "a" }).code;
    expect(exit()).toBe("children_none");
    expect(spawn()).toBe("default_permit");
    expect(spawn()).toBe("spawn_limit");
    expect(exit()).toBe("event_applied");
    expect(exit()).toBe("children_none");
    expect(spawn()).toBe("default_permit");
  });
});
