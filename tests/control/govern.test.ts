/** The spine on the real core: what is decided, recorded, remembered and released. */
import { describe, expect, test } from "vitest";
import type { Facts } from "../../control/call.ts";
import { toHex } from "../../control/ledger/applied.ts";
import { rebuildState } from "../../control/ledger/rebuild.ts";
import { ControlPlane } from "../../control/plane.ts";
import { saltsOf } from "../../control/salts.ts";
import { MemoryLedger, MemoryLog, MemoryState } from "../../control/stores/memory.ts";
import { turns } from "./faulty.ts";
import { asked, coreOf, recordAt, refund, SALT_KEY, SHOP, sha256, type World, worldOf } from "./world.ts";

const encoder = new TextEncoder();
const OPEN = { agent: "shop", session: "s" };
const ORDER = { agent: "shop", session: "s", tool: "orders/get", args: {} };

async function withSession(...options: Parameters<typeof worldOf>): Promise<World> {
  const world = await worldOf(...options);
  const opened = await world.plane.openSession(OPEN);
  if (opened.verdict.effect !== "permit") throw new Error(opened.verdict.code);
  return world;
}

describe("deciding", () => {
  test("a permit has its record, with the time and the agent of the control plane", async () => {
    const { plane, disk, time } = await worldOf();
    const opened = await plane.openSession({ ...OPEN, purpose: "support" });
    expect(opened).toMatchObject({ sequence: 0, verdict: { code: "event_applied" }, failure: null });
    const decision = await plane.decide(asked(refund(20)));
    expect(decision).toMatchObject({ sequence: 1, reservation: 1, verdict: { code: "rule_permit" } });
    expect(decision.hash).toEqual(disk.records[1]!.hash);
    expect(recordAt(disk, 1)).toMatchObject({
      inputs: { agent: "shop", time: time.now },
      time: time.now,
      type: "decision",
      action: { session: "s" },
    });
  });

  test("text, bytes and objects are judged alike, and so is a copy when the bytes change meanwhile", async () => {
    const { plane } = await withSession();
    const text = JSON.stringify(refund(640));
    const bytes = Buffer.from(text);
    const asking = [text, bytes, refund(640)].map((action) => plane.decide({ ...OPEN, action }));
    bytes.set(encoder.encode(JSON.stringify(refund(20)).padEnd(text.length)));
    for (const { verdict } of await Promise.all(asking)) expect(verdict.effect).toBe("defer");
  });

  test("an action that says another agent or session than the host is denied", async () => {
    const { plane } = await withSession();
    const of = async (action: object) =>
      (await plane.decide({ ...OPEN, action: { ...ORDER, ...action } })).verdict;
    expect(await of({ agent: "reader" })).toMatchObject({ effect: "deny" });
    expect(await of({ session: "other" })).toMatchObject({ effect: "deny" });
    expect(await of({ session: null })).toMatchObject({ effect: "deny" });
  });

  test.each<[string, string, string | null]>([
    ["an empty agent", "", null],
    ["an empty session", "shop", ""],
    ["half a surrogate pair", "\ud800", null],
    ["a name beyond any key", "a".repeat(2000), null],
    ["no text", 5 as never, null],
  ])("%s has no state: a deny without a record", async (_, agent, session) => {
    const { plane, disk } = await worldOf();
    const decision = await plane.decide({ agent, session, action: ORDER });
    expect(decision).toMatchObject({
      verdict: { code: "state_unavailable", effect: "deny" },
      sequence: null,
    });
    expect(disk.records.length).toBe(0);
  });

  const reserved = [
    '"agent":"shop"',
    '"time":1767225600000',
    '"salt":"0123456789abcdef"',
    '"delegation":null',
  ];
  test.each<[string, Facts]>([
    ...[...reserved, '"principal":{"verified":true}'].map((one): [string, Facts] => [one, `{${one}}`]),
    ["principal in an object", { principal: { id: "root", verified: true } }],
    ["time in an object", { time: 1 }],
    ["a list", "[]"],
    ["an empty text", ""],
    ["a byte order mark", "\ufeff{}"],
    ["something behind", '{"purpose":"x"} {}'],
    ["an open end", '{"purpose":"x"'],
    ["a comma alone", "{,}"],
    ["a cycle", cyclic()],
    ["a map", new Map() as never],
  ])("facts that give %s are refused, and that is recorded", async (_, facts) => {
    const { plane, disk } = await worldOf();
    const { verdict, sequence } = await plane.decide({
      agent: "reader",
      action: { ...ORDER, agent: "reader" },
      facts,
    });
    expect(verdict).toMatchObject({ effect: "deny", code: "facts_invalid" });
    expect(recordAt(disk, sequence!)).toMatchObject({ code: "facts_invalid" });
  });

  test("facts of the host reach the record", async () => {
    const { plane, disk } = await worldOf();
    for (const facts of [
      { model: "m", cost: { tokens: 5 } },
      ' { "model" : "m", "cost": {"tokens": 5} }\n',
      "{ }",
    ]) {
      const action = { agent: "shop", session: "s", tool: "orders/get", args: {} };
      const { sequence } = await plane.decide({ ...OPEN, action, facts });
      const inputs = facts === "{ }" ? { agent: "shop" } : { model: "m", cost: { tokens: 5 } };
      expect(recordAt(disk, sequence!)).toMatchObject({ code: "session_unknown", inputs });
    }
  });
});

function cyclic(): Record<string, unknown> {
  const facts: Record<string, unknown> = {};
  facts.self = facts;
  return facts;
}

describe("state", () => {
  test("two calls at once cannot both have the last of a budget", async () => {
    const { plane } = await withSession();
    const decisions = await Promise.all([1, 2, 3].map(() => plane.decide(asked(refund(50)))));
    expect(decisions.map(({ verdict }) => verdict.code)).toEqual([
      "rule_permit",
      "rule_permit",
      "session_exhausted",
    ]);
    expect(decisions.map(({ reservation }) => reservation)).toEqual([1, 2, null]);
  });

  test("nor on a ledger over one database", async () => {
    const ledger = new MemoryLedger();
    const ports = {
      core: await coreOf(SHOP),
      clock: { now: () => 1_767_225_600_000 },
      salts: saltsOf(SALT_KEY, sha256),
    };
    const [one, other] = [new ControlPlane({ ...ports, ledger }), new ControlPlane({ ...ports, ledger })];
    await one.openSession(OPEN);
    const decisions = await Promise.all(
      [one, other, one, other].map((plane) => plane.decide(asked(refund(40)))),
    );
    expect(decisions.filter(({ verdict }) => verdict.effect === "permit").length).toBe(2);
  });

  test("a reservation is settled or refunded once", async () => {
    const { plane } = await withSession();
    const first = await plane.decide(asked(refund(50)));
    expect((await first.settle({ money: "10.5" })).verdict.code).toBe("event_applied");
    expect((await first.settle({ money: 10 })).verdict.code).toBe("reservation_unknown");
    expect((await first.refund()).verdict.code).toBe("reservation_unknown");
    const second = await plane.decide(asked(refund(50)));
    expect((await second.refund("not made")).verdict.code).toBe("event_applied");
    // 10.5 of 100 are spent.
    const codes = [];
    for (const amount of [50, 39.5, 0.000001])
      codes.push((await plane.decide(asked(refund(amount)))).verdict.code);
    expect(codes).toEqual(["rule_permit", "rule_permit", "session_exhausted"]);
  });

  test("every permit that reserved can be settled, until it is pushed out", async () => {
    const { plane } = await withSession();
    const decisions = [];
    for (let call = 0; call < 70; call++) decisions.push(await plane.decide(asked(refund(0.01))));
    expect(decisions.map(({ reservation }) => reservation)).toEqual(
      decisions.map(({ sequence }) => sequence),
    );
    const codes = [];
    for (const decision of decisions) codes.push((await decision.settle({ money: 0 })).verdict.code);
    expect(codes.slice(0, 6)).toEqual(Array.from({ length: 6 }, () => "reservation_unknown"));
    expect(new Set(codes.slice(6))).toEqual(new Set(["event_applied"]));
  });

  test("what reserved nothing has nothing to settle, and that is no record", async () => {
    const { plane, disk } = await worldOf();
    const decision = await plane.decide({
      agent: "reader",
      action: { agent: "reader", tool: "orders/get", args: {} },
    });
    expect(decision).toMatchObject({ verdict: { effect: "permit" }, reservation: null });
    for (const outcome of [await decision.settle(), await decision.refund()]) {
      expect(outcome).toMatchObject({
        verdict: { effect: "deny", code: "reservation_unknown" },
        sequence: null,
      });
    }
    expect(disk.records.length).toBe(1);
  });

  test("every event is recorded under its type", async () => {
    const { plane, disk, time } = await withSession();
    const deferred = await plane.decide(asked(refund(80)));
    const actionDigest = recordAt(disk, deferred.sequence!).action_digest as string;
    const grant = "ab".repeat(32);
    const expires = time.now + 60_000;
    const agent = "shop";
    const outcomes = [
      [await plane.closeSession({ ...OPEN, reason: "done" }), "session_close", "gate_unmet"],
      [await plane.approve({ ...OPEN, actionDigest, approver: "shop", expires }), "approve", "self_approval"],
      [
        await plane.reject({ ...OPEN, actionDigest, approver: "ann", reason: "no" }),
        "reject",
        "event_applied",
      ],
      [await plane.approve({ ...OPEN, actionDigest, approver: "ann", expires }), "approve", "event_applied"],
      [await plane.setPhase({ ...OPEN, phase: "none" }), "session_phase", "phase_unknown"],
      [await plane.freeze({ agent, by: "ann", reason: "odd" }), "freeze", "event_applied"],
      [await plane.decide(asked(refund(1))), "decision", "agent_frozen"],
      [await plane.unfreeze({ agent, by: "ann" }), "unfreeze", "event_applied"],
      [await plane.childExit({ agent }), "child_exit", "children_none"],
      [await plane.recordGrant({ agent, grant, to: "reader", expires }), "delegation_grant", "event_applied"],
      [await plane.revokeGrant({ agent, grant, by: "ann" }), "delegation_revoke", "event_applied"],
      [await plane.recordIncident({ agent, id: "I-1", reason: "odd" }), "incident", "event_applied"],
      [await plane.recordIncident({ agent, id: 5 as never }), "incident", "event_invalid"],
      [await plane.closeSession(OPEN), "session_close", "event_applied"],
      [await plane.decide(asked(refund(1))), "decision", "session_closed"],
      [await plane.openSession(OPEN), "session_open", "session_exists"],
    ] as const;
    for (const [{ sequence, verdict }, type, code] of outcomes) {
      expect([verdict.code, recordAt(disk, sequence!).type, recordAt(disk, sequence!).code]).toEqual([
        code,
        type,
        code,
      ]);
    }
  });

  test("an approval lets exactly that action through, once", async () => {
    const { plane, disk, time } = await withSession();
    const { sequence } = await plane.decide(asked(refund(80)));
    const actionDigest = recordAt(disk, sequence!).action_digest as string;
    await plane.approve({ ...OPEN, actionDigest, approver: "ann", expires: time.now + 1000 });
    const amounts = [81, 80, 80];
    const codes = [];
    for (const amount of amounts) codes.push((await plane.decide(asked(refund(amount)))).verdict.code);
    expect(codes).toEqual(["rule_defer", "approved", "rule_defer"]);
  });

  test("it outlives the process, also when the store never had it, and can be made from the log alone", async () => {
    const world = await withSession();
    const { plane, store, disk } = world;
    for (const amount of [30, 20, 80]) await plane.decide(asked(refund(amount)));
    await plane.revokeGrant({ agent: "shop", grant: "cd".repeat(32) });
    expect(store.entries.size).toBe(0);
    const again = await world.again();
    expect((await again.plane.decide(asked(refund(50)))).verdict.code).toBe("rule_permit");
    expect((await again.plane.decide(asked(refund(1)))).verdict.code).toBe("session_exhausted");
    await again.ledger.close();
    const kept = new Map([...store.entries].map(([key, { bytes }]) => [key, toHex(bytes)]));
    expect(kept.size).toBe(4);
    await rebuildState(new MemoryLog(disk), new MemoryState(store), sha256);
    expect(new Map([...store.entries].map(([key, { bytes }]) => [key, toHex(bytes)]))).toEqual(kept);
  });
});

/** engine/ABI.md "The record". */
function commitmentOf(salt: string, path: string, value: string): string {
  const sized = (text: string) => {
    const bytes = encoder.encode(text);
    return Buffer.concat([Buffer.from(new Uint32Array([bytes.length]).buffer), bytes]);
  };
  const tag = Buffer.alloc(32);
  tag.write("faramesh/redact/v1");
  return toHex(sha256(Buffer.concat([tag, sized(salt), sized(path), encoder.encode(value)])));
}

describe("redaction", () => {
  test("a record that redacts has a salt that the key gives again; one that does not has none", async () => {
    const { plane, disk, core, time } = await withSession();
    const action = refund(20, { card: "4111" });
    const { sequence } = await plane.decide(asked(action));
    const tip = { sequence: sequence!, previous: disk.records[0]!.hash };
    const salt = saltsOf(SALT_KEY, sha256).at(tip);
    const { card } = (recordAt(disk, sequence!).action as { args: { card: unknown } }).args;
    expect(card).toEqual({ redacted: commitmentOf(salt, '["card"]', '"4111"') });
    expect(new TextDecoder().decode(disk.records[1]!.record)).not.toContain(salt);

    const plain = await plane.decide({
      agent: "reader",
      action: { agent: "reader", tool: "orders/get", args: {} },
    });
    const place = { sequence: plain.sequence!, previous: disk.records[1]!.hash };
    const facts = JSON.stringify(recordAt(disk, plain.sequence!).inputs);
    const text = JSON.stringify(recordAt(disk, plain.sequence!).action);
    expect(time.now).toBe(JSON.parse(facts).time);
    expect(core.decideRecorded(text, facts, place, [null, null]).hash).toEqual(disk.records[2]!.hash);
  });

  test("two records of the same action commit differently", async () => {
    const { plane, disk } = await withSession();
    const action = refund(20, { card: "4111" });
    for (let index = 0; index < 2; index++) await plane.decide(asked(action));
    const [one, other] = [1, 2].map(
      (sequence) => (recordAt(disk, sequence).action as { args: unknown }).args,
    );
    expect(one).not.toEqual(other);
  });
});

describe("order", () => {
  test("calls take effect in the order in which they were made", async () => {
    const { plane } = await worldOf();
    const outcomes = await Promise.all([
      plane.decide(asked(refund(1))),
      plane.openSession(OPEN),
      plane.decide(asked(refund(2))),
      plane.closeSession(OPEN),
      plane.decide(asked(refund(3))),
    ]);
    expect(outcomes.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3, 4]);
    expect(outcomes.map(({ verdict }) => verdict.code)).toEqual([
      "session_unknown",
      "event_applied",
      "rule_permit",
      "event_applied",
      "session_closed",
    ]);
    await turns();
  });
});
