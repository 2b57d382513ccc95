/** Whatever a port does, the caller gets a deny with its code, and nothing that was released is lost. */
import { describe, expect, test } from "vitest";
import type { Governed } from "../../control/govern.ts";
import { ControlPlane } from "../../control/plane.ts";
import type { Credential, DelegationFacts, Delegations, Identify } from "../../control/ports.ts";
import { saltsOf } from "../../control/salts.ts";
import { FAULTS, type Operation, turns } from "./faulty.ts";
import { asked, recordAt, refund, sha256, type World, worldOf } from "./world.ts";

const OPEN = { agent: "shop", session: "s" };
const DENIED_AS: Record<"append" | "read", string> = {
  append: "record_unwritable",
  read: "state_unavailable",
};

/** Fails the next call of an operation. */
function failNext(world: World, operation: Operation, fault: (typeof FAULTS)[number]): void {
  const next = world.faults.counts[operation] + 1;
  world.faults.plan = (one, count) => (one === operation && count === next ? fault : null);
}

async function spent(world: World): Promise<number> {
  let left = 0;
  for (;;) {
    const { verdict } = await world.plane.decide(asked(refund(1)));
    if (verdict.effect !== "permit") return 100 - left;
    left++;
  }
}

describe("a port that fails", () => {
  for (const operation of ["append", "read"] as const) {
    for (const fault of FAULTS) {
      test(`${operation} ${fault}: a deny with its code; what is open again has at least what was released`, async () => {
        const world = await worldOf();
        if (operation === "append") await world.plane.openSession(OPEN);
        failNext(world, operation, fault);
        const asking = [world.plane.decide(asked(refund(50))), world.plane.decide(asked(refund(10)))];
        if (operation === "read") asking.push(world.plane.openSession(OPEN) as Promise<never>);
        await turns();
        world.time.pass(50);
        for (const outcome of await Promise.all(asking)) {
          expect(outcome).toMatchObject({
            verdict: { effect: "deny", code: DENIED_AS[operation] },
            sequence: null,
            hash: null,
            reservation: null,
          });
          expect(outcome.failure).not.toBeNull();
        }
        if (operation === "read") return expect((await world.plane.openSession(OPEN)).sequence).toBe(0);
        expect((await world.plane.decide(asked(refund(1)))).verdict.code).toBe("record_unwritable");
        const again = await world.again();
        expect(await spent(again)).toBe(fault.endsWith("took effect") ? 60 : 0);
      });
    }
  }

  for (const fault of FAULTS) {
    test(`commit ${fault}: nobody notices, and nothing is lost`, async () => {
      const world = await worldOf(undefined, {}, { writeBehindRecords: 2, writeBehindMs: 100 });
      await world.plane.openSession(OPEN);
      failNext(world, "commit", fault);
      expect((await world.plane.decide(asked(refund(50)))).verdict.effect).toBe("permit");
      await turns();
      world.time.pass(50);
      await turns();
      world.time.pass(100);
      await turns();
      expect((await world.plane.decide(asked(refund(10)))).verdict.effect).toBe("permit");
      await world.ledger.close();
      expect(await spent(await world.again())).toBe(60);
    });
  }

  test("an engine, a clock or salts that throw: a deny of that call alone", async () => {
    const world = await worldOf();
    await world.plane.openSession(OPEN);
    let broken: "core" | "clock" | "salts" | null = null;
    const fail = (): never => {
      throw new Error("broken");
    };
    const plane = new ControlPlane({
      ledger: world.ledger,
      get core() {
        return broken === "core" ? { decideRecorded: fail, applyEvent: fail, refuse: fail } : world.core;
      },
      get clock() {
        return broken === "clock" ? { now: fail } : world.time.clock;
      },
      get salts() {
        return broken === "salts" ? { at: fail } : { at: () => "0123456789abcdef" };
      },
    });
    for (const one of ["core", "clock", "salts"] as const) {
      broken = one;
      const outcome = await plane.decide(asked(refund(1, { card: "4111" })));
      expect(outcome).toMatchObject({ verdict: { effect: "deny", code: "engine_trap" }, sequence: null });
    }
    broken = null;
    expect(await plane.decide(asked(refund(1)))).toMatchObject({
      verdict: { effect: "permit" },
      sequence: 1,
    });
  });

  test("a clock that goes backwards, or tells no time: a recorded deny", async () => {
    const world = await worldOf();
    await world.plane.openSession(OPEN);
    const codes: string[] = [];
    for (const now of [world.time.now - 5_000, world.time.now - 500, Number.NaN, 1e300]) {
      world.time.now = now;
      codes.push((await world.plane.decide(asked(refund(1)))).verdict.code);
      world.time.now = 1_767_225_600_000;
    }
    expect(codes).toEqual(["clock_backwards", "rule_permit", "facts_invalid", "time_invalid"]);
    expect(world.disk.records.length).toBe(5);
  });
});

test("a refusal of the host is a deny with its code, or no refusal", async () => {
  const { core, time } = await worldOf();
  const place = { sequence: 3, previous: new Uint8Array(32).fill(1) };
  const facts = `{"time":${time.now}}`;
  for (const kind of ["decideRecorded", "applyEvent"] as const) {
    const { verdict, record, hash, state } = core.refuse(kind, "delegation_revoked", "{}", facts, place);
    expect(verdict).toMatchObject({ effect: "deny", code: "delegation_revoked" });
    expect(JSON.parse(new TextDecoder().decode(record))).toMatchObject({
      code: "delegation_revoked",
      effect: "deny",
      sequence: 3,
      type: kind === "applyEvent" ? "event" : "decision",
    });
    expect([hash, state]).toEqual([core.chain(place.previous, record), null]);
  }
  expect(() => core.refuse("decideRecorded", "rule_permit", "{}", facts, place)).toThrow(RangeError);
  expect(() => core.refuse("decideRecorded", "rule_defer", "{}", facts, place)).toThrow(RangeError);
});

test("salts need a whole key, and tell nothing of it", () => {
  expect(() => saltsOf(new Uint8Array(31), sha256)).toThrow(RangeError);
  const [one, other] = [1, 2].map((byte) => saltsOf(new Uint8Array(32).fill(byte), sha256));
  const tip = { sequence: 1, previous: new Uint8Array(32) };
  expect(one!.at(tip)).toMatch(/^[0-9a-f]{64}$/);
  expect(one!.at(tip)).toBe(one!.at({ ...tip }));
  expect(new Set([one!.at(tip), other!.at(tip), one!.at({ ...tip, sequence: 2 })]).size).toBe(3);
});

interface Token extends Credential {
  readonly id: string;
}

const identify: Identify = {
  async identify(credential, { agent, nowMs }) {
    const { id } = credential as Token;
    if (id === "throws") throw new Error("the keys cannot be had");
    if (id === "forged")
      return { ok: false, code: "identity_invalid", reason: "the signature is not its key's" };
    return { ok: true, principal: { id, method: `test-${agent}-${nowMs > 0}`, verified: true } };
  },
};

const LEAD = `agent "lead" {
  cost pay/* args.amount
  budget session { max = $100 }
  delegate "clerk" { scope = ["pay/*"] ttl = 1h }
  rules { permit pay/* }
}
agent "clerk" {
  cost pay/* args.amount
  budget session { max = $1000 }
  rules { permit pay/* }
}
`;

/** Grants of one link; the token names the verdict of its scope. */
function grantsOf(world: () => World): Delegations {
  return {
    async verify([token]): Promise<
      { ok: true; delegation: DelegationFacts } | { ok: false; code: "delegation_invalid"; reason: string }
    > {
      if (token === undefined || token === "forged")
        return { ok: false, code: "delegation_invalid", reason: "forged" };
      const granted = world().time.now;
      const digest = token.padEnd(64, "0");
      return {
        ok: true,
        delegation: {
          chain: ["lead"],
          grants: [{ digest, granted, expires: granted + 60_000, effect: "permit" }],
        },
      };
    },
  };
}

describe("who calls", () => {
  const order = { agent: "reader", action: { agent: "reader", tool: "orders/get", args: {} } };

  test.each<[string, string, Identify | undefined]>([
    ["that nobody verifies", "ann", undefined],
    ["that is refused", "forged", identify],
    ["that cannot be told", "throws", identify],
  ])("a credential %s: a recorded deny", async (_, id, port) => {
    const world = await worldOf(undefined, { identify: port });
    const credential: Token = { scheme: "test", id };
    const outcomes: Governed[] = [
      await world.plane.decide({ ...order, credential }),
      await world.plane.openSession({ ...OPEN, credential }),
    ];
    for (const [index, { verdict, sequence, failure }] of outcomes.entries()) {
      expect(verdict).toMatchObject({ effect: "deny", code: "identity_invalid" });
      expect(recordAt(world.disk, sequence!)).toMatchObject({
        code: "identity_invalid",
        effect: "deny",
        type: index === 0 ? "decision" : "event",
      });
      expect(failure).toMatch(/./);
    }
    expect((await world.plane.decide(order)).verdict.effect).toBe("permit");
  });

  test("one that is verified is the principal", async () => {
    const world = await worldOf(undefined, { identify });
    const credential: Token = { scheme: "test", id: "ann" };
    const { sequence } = await world.plane.decide({ ...order, credential, facts: { model: "m" } });
    expect(recordAt(world.disk, sequence!).inputs).toMatchObject({
      model: "m",
      principal: { id: "ann", method: "test-reader-true", verified: true },
    });
    const claimed = { ...order, credential, facts: { principal: { id: "root", verified: true } } };
    expect((await world.plane.decide(claimed)).verdict.code).toBe("facts_invalid");
  });

  const pay = (amount: number) => ({ agent: "clerk", session: "s", tool: "pay/refund", args: { amount } });

  test("delegation tokens: verified, spent from the grantor too, settled for all, revoked for good", async () => {
    let world: World;
    const delegations = grantsOf(() => world);
    world = await worldOf(LEAD, { delegations });
    await world.plane.openSession({ agent: "lead", session: "s" });
    const asking = (amount: number, token: string) =>
      world.plane.decide({ agent: "clerk", session: "s", action: pay(amount), delegation: [token] });
    const first = await asking(70, "a");
    expect(first).toMatchObject({
      verdict: { code: "rule_permit" },
      chain: ["lead"],
      reservation: first.sequence,
    });
    expect((await asking(70, "a")).verdict).toMatchObject({ effect: "deny", code: "grantor_deny" });
    expect((await first.settle({ money: 20 })).verdict.code).toBe("event_applied");
    expect((await asking(70, "a")).verdict.effect).toBe("permit");
    const grant = "a".padEnd(64, "0");
    expect((await world.plane.revokeGrant({ agent: "lead", grant })).verdict.effect).toBe("permit");
    for (const reopened of [false, true]) {
      if (reopened) world = await world.again();
      const revoked = await asking(1, "a");
      expect(revoked.verdict).toMatchObject({ effect: "deny", code: "delegation_revoked" });
      expect(recordAt(world.disk, revoked.sequence!).code).toBe("delegation_revoked");
      expect((await asking(1, "b")).verdict.effect).toBe("permit");
    }
  });

  test("delegation that nobody verifies, or is forged: a recorded deny", async () => {
    let world: World;
    for (const delegations of [undefined, grantsOf(() => world)]) {
      world = await worldOf(LEAD, { delegations });
      for (const tokens of [["forged"], []]) {
        const request = { agent: "clerk", session: "s", action: pay(1), delegation: tokens };
        const { verdict, sequence } = await world.plane.decide(request);
        expect(verdict).toMatchObject({ effect: "deny", code: "delegation_invalid" });
        expect(recordAt(world.disk, sequence!).code).toBe("delegation_invalid");
      }
    }
  });
});
