import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { encode } from "../../bundles/format/encode.ts";
import type { Core, StateBlobs } from "../../engine/binding/index.ts";
import { Instance } from "../../engine/binding/instance.ts";
import {
  CODE_STATE_INVALID,
  MAX_RESERVATIONS,
  RESERVATION_SLOTS,
  STATE_SLOT_LAST,
  STATE_SLOT_OWNER,
} from "../../engine/constants.ts";
import { compiled } from "../conformance/policy.ts";
import { action, coreWith, EVERYTHING, FIRST, HAPPENINGS, irOf, numbersFrom } from "./binding-core.ts";
import { builtCore } from "./json-core.ts";
import { START, World } from "./world.ts";

const PLACE = { sequence: 0, previous: FIRST };
const FACTS = `{"time":${START}}`;
const COUNTS = 'agent "a" { default permit  budget calls { max_calls = 9 }  rate_limit t 5 per minute }';

/** The state as the core hashes it. */
function framed(state: StateBlobs): Buffer {
  const head = Buffer.alloc(8 * (1 + state.length));
  head.writeUInt32LE(state.length, 0);
  for (const [i, blob] of state.entries()) head.writeUInt32LE((blob?.length ?? 0) / 8, 8 * (1 + i));
  return Buffer.concat([head, ...state.map((blob) => blob ?? new Uint8Array(0))]);
}

function digest(state: StateBlobs): string {
  return createHash("sha256").update(framed(state)).digest("hex");
}

/** The state after, from the state before and what a record says. */
function replayed(before: StateBlobs, changes: [number, number, ...(number | string)[]][]): Uint8Array[] {
  const after = before.map((blob) => (blob === null ? new Uint8Array(0) : new Uint8Array(blob)));
  for (const [blob, slots, ...pairs] of changes) {
    const grown = new Uint8Array(8 * slots);
    grown.set(after[blob]!.subarray(0, grown.length));
    for (let i = 0; i < pairs.length; i += 2) {
      new DataView(grown.buffer).setBigUint64(8 * (pairs[i] as number), BigInt(`0x${pairs[i + 1]}`), true);
    }
    after[blob] = grown;
  }
  return after;
}

/** Lets HAPPENINGS happen; the states before and after each. */
function happen(core: Core) {
  const blobs = new Map<string, Uint8Array>();
  return HAPPENINGS.map(({ event, text, facts, chain }, sequence) => {
    const { agent, session } = JSON.parse(text) as { agent: string; session: string };
    const keys = [agent, ...chain].flatMap((name) => [name, `${session}/${name}`]);
    const before = keys.map((key) => blobs.get(key) ?? null);
    const place = { sequence, previous: FIRST };
    const made = event
      ? core.applyEvent(text, facts, place, before)
      : core.decideRecorded(text, facts, place, before);
    for (const [i, blob] of (made.state ?? []).entries()) blobs.set(keys[i]!, blob);
    const record = JSON.parse(Buffer.from(made.record).toString());
    return { text, facts, event, before, after: made.state, record };
  });
}

describe("a record", () => {
  test("tells what changed: with the state before it gives the state after", async () => {
    const steps = happen(await coreWith(EVERYTHING));
    for (const { before, after, record } of steps) {
      expect(record.state_before).toBe(digest(before));
      if (after === null) {
        expect(record).toMatchObject({ code: "gate_unmet_defer", state: null, state_after: null });
        continue;
      }
      expect(record.state_after).toBe(digest(after));
      expect(replayed(before, record.state)).toEqual(after);
    }
    expect(steps.map(({ record }) => record.type).slice(0, 2)).toEqual(["session_open", "decision"]);
  });

  test("says null without state", async () => {
    const core = await coreWith('agent "a" { default permit }');
    const made = core.decideRecorded(action(), FACTS, PLACE);
    expect(made.state).toBeNull();
    expect(JSON.parse(Buffer.from(made.record).toString())).toMatchObject({
      state: null,
      state_after: null,
      state_before: null,
      version: 2,
    });
  });
});

describe("a state", () => {
  test.each<[string, StateBlobs]>([
    ["no blobs", []],
    ["a blob too few", [null]],
    ["a blob too many", [null, null, null]],
    ["half a slot", [new Uint8Array(12), null]],
    ["zeros", [new Uint8Array(64), null]],
    ["more than there is room for", [new Uint8Array(1 << 23), null]],
    ["a session's blob without a session", [null, new Uint8Array(128)]],
  ])("of %s is invalid", async (_, state) => {
    const core = await coreWith(COUNTS);
    const made = core.decideRecorded(action(), FACTS, PLACE, state);
    expect(made.verdict).toMatchObject({ code: "state_invalid", effect: "deny", agent: "a" });
    expect(made.state).toBeNull();
  });

  test("of another owner, another time or another form is invalid", async () => {
    const core = await coreWith(COUNTS);
    const blob = core.decideRecorded(action(), FACTS, PLACE, [null, null]).state![0]!;
    const changed = (slot: number, value: bigint) => {
      const copy = new Uint8Array(blob);
      new DataView(copy.buffer).setBigUint64(8 * slot, value, true);
      return core.decide(action(), FACTS, [copy, null]).code;
    };
    expect(changed(0, 0x1_3254_5346n)).toBe("state_invalid");
    expect(changed(STATE_SLOT_OWNER, 1n)).toBe("state_invalid");
    // The buckets of the rate limit are later than this.
    expect(changed(STATE_SLOT_LAST, 5n)).toBe("state_invalid");
    expect(changed(STATE_SLOT_LAST, 10n ** 15n)).toBe("state_invalid");
    expect(changed(STATE_SLOT_LAST, BigInt(START) + 1001n)).toBe("clock_backwards");
    expect(changed(8, 2n)).toBe("state_invalid");
  });

  test("of other types is a programmer's error", async () => {
    const core = await coreWith(COUNTS);
    for (const state of ["", {}, [1], [undefined], null]) {
      expect(() => core.decide(action(), FACTS, state as unknown as StateBlobs)).toThrow(TypeError);
    }
  });

  test("of any bytes is refused or decided on, never a trap", async () => {
    const seed = 20261123;
    const next = numbersFrom(seed);
    const steps = happen(await coreWith(EVERYTHING));
    const instance = new Instance(new WebAssembly.Module(builtCore()));
    const { bundle } = compiled(EVERYTHING);
    const pointer = instance.reserve(bundle.length);
    instance.bytes.set(bundle, pointer);
    expect(instance.exports.load(bundle.length, 0)).toBe(0);
    let refused = 0;
    const rounds = 20_000;
    for (let round = 0; round < rounds; round++) {
      const { text, facts, event, before } = steps[1 + next(steps.length - 1)]!;
      const state = before.map((blob) => (blob === null ? null : new Uint8Array(blob)));
      const blob = state[next(state.length)];
      if (blob === null || blob === undefined || blob.length === 0) continue;
      for (let flips = 1 + next(2); flips > 0; flips--) {
        const slot = next(3) === 0 ? next(Math.min(16, blob.length / 8)) : next(blob.length / 8);
        blob[8 * slot + next(8)] = next(2) === 0 ? 1 << next(8) : next(256);
      }
      const call = event ? instance.exports.applyEvent : instance.exports.decideRecorded;
      const stateBytes = instance.writeState(state);
      const packed = call(instance.writeAction(text), instance.writeFacts(facts), stateBytes, 1, 0);
      if ((packed & 0xff) === CODE_STATE_INVALID) refused++;
    }
    expect(refused).toBeGreaterThan(rounds / 10);
    expect(refused).toBeLessThan(rounds);
  });
});

describe("another policy", () => {
  test("keeps what it counts too, by key, and begins what is new", async () => {
    const world = await World.of(
      'agent "a" { default permit  budget first { max_calls = 3 }  budget second { max_calls = 9 } }',
    );
    const call = { agent: "a", tool: "t" };
    for (let i = 0; i < 2; i++) world.decide(call);
    world.event({ type: "freeze", agent: "a" });
    const { bundle } = compiled(
      'agent "a" { default permit  budget zero { max_calls = 2 }  budget first { max_calls = 3 }  rate_limit t 9 per day }',
    );
    expect(world.core.load(bundle, { signed: false }).ok).toBe(true);
    expect(world.decide(call).code).toBe("agent_frozen");
    world.event({ type: "unfreeze", agent: "a" });
    expect(world.decide(call).code).toBe("default_permit");
    expect(world.decide(call)).toMatchObject({ code: "budget_exceeded", detail: { meter: "first" } });
    // What the first call reserved of the budget that has stayed is given back.
    expect(world.event({ type: "refund", agent: "a", reservation: 0 }).code).toBe("event_applied");
    expect(world.event({ type: "refund", agent: "a", reservation: 0 }).code).toBe("reservation_unknown");
    expect(world.decide(call).code).toBe("default_permit");
    expect(world.decide(call).code).toBe("budget_exceeded");
  });

  test("with another counter has the room that the members of the first one took", async () => {
    const world = await World.of(
      'agent "a" { default permit  ambient { counter customers crm/*.customer  max_customers_per_day = 4096 } }',
    );
    const look = (customer: number) =>
      world.decide({ agent: "a", tool: "crm/look", args: { customer } }).code;
    for (let customer = 0; customer < 4096; customer++) expect(look(customer)).toBe("default_permit");
    expect(look(4096)).toBe("ambient_exceeded");
    const { bundle } = compiled(
      'agent "a" { default permit  ambient { counter customers crm/look.customer  max_customers_per_day = 4096 } }',
    );
    expect(world.core.load(bundle, { signed: false }).ok).toBe(true);
    expect(look(4096)).toBe("default_permit");
    expect(look(0)).toBe("default_permit");
  });

  test("that has a count of distinct values again begins it without its members of before", async () => {
    const counting =
      'agent "a" { default permit  ambient { counter customers crm/*.customer  max_customers_per_day = 2 } }';
    const world = await World.of(counting);
    const look = (customer: string) => ({ agent: "a", tool: "crm/look", args: { customer } });
    expect(world.decide(look("x")).code).toBe("default_permit");
    const load = (policy: string) =>
      expect(world.core.load(compiled(policy).bundle, { signed: false }).ok).toBe(true);
    load(COUNTS);
    expect(world.decide({ agent: "a", tool: "t" }).code).toBe("default_permit");
    load(counting);
    expect(world.decide(look("y")).code).toBe("default_permit");
    expect(world.decide(look("x")).code).toBe("default_permit");
    expect(world.decide(look("z")).code).toBe("ambient_exceeded");
  });

  test("with the layout that the blob names and other meters is invalid", async () => {
    const core = await coreWith(COUNTS);
    const blob = core.decideRecorded(action(), FACTS, PLACE, [null, null]).state![0]!;
    const ir = irOf(COUNTS);
    ir.meters[0]!.key += 1n << 32n;
    expect(core.load(encode(ir), { signed: false }).ok).toBe(true);
    expect(core.decide(action(), FACTS, [blob, null]).code).toBe("state_invalid");
  });
});

test("reservations have so much room: the oldest gives its place and stays spent", async () => {
  const world = await World.of('agent "a" { default permit  budget calls { max_calls = 1000 } }');
  for (let i = 0; i <= MAX_RESERVATIONS; i++) world.decide({ agent: "a", tool: "t" });
  expect(world.blobs.get("a")!.length).toBe(8 * (8 + 2 + RESERVATION_SLOTS * MAX_RESERVATIONS));
  expect(world.event({ type: "refund", agent: "a", reservation: 0 }).code).toBe("reservation_unknown");
  expect(world.event({ type: "refund", agent: "a", reservation: 1 }).code).toBe("event_applied");
  expect(world.slot("a", 9)).toBe(BigInt(MAX_RESERVATIONS));
});

test("a verdict of one state is not given for another", async () => {
  const core = await coreWith(
    'agent "a" { default permit  alert { budget_warning = ["w"] }  budget one { max_calls = 1 warn_at = 0.5 }  budget two { max_calls = 0 tools x } }',
  );
  const first = core.decide(action(), FACTS, [null, null]);
  expect(first.obligations.notify).toEqual(["w"]);
  const { state } = core.decideRecorded(action(), FACTS, PLACE, [null, null]);
  expect(core.decide(action(), FACTS, state!)).toMatchObject({
    code: "budget_exceeded",
    detail: { meter: "one" },
  });
  expect(core.decide(action({ tool: "x" }), FACTS, [null, null])).toMatchObject({ detail: { meter: "two" } });
});
