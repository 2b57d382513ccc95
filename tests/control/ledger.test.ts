/** The ledger of one process: order, group commit, write-behind, and what it does when its parts fail. */
import { describe, expect, test } from "vitest";
import { APPLIED_KEY } from "../../control/ledger/applied.ts";
import { openOwnLedger } from "../../control/ledger/open.ts";
import type { OwnLedger, OwnLedgerOptions } from "../../control/ledger/own.ts";
import { rebuildState } from "../../control/ledger/rebuild.ts";
import {
  agentKey,
  LedgerFailure,
  type LedgerOutcome,
  type LedgerView,
  type RecordLog,
  type SealedRecord,
} from "../../control/ports.ts";
import { Memory, MemoryLog, MemoryState } from "../../control/stores/memory.ts";
import { blobOf, count, countIn, counting, digest } from "./counting.ts";
import { FAULTS, Faults, FaultyLog, FaultyStore, turns, VirtualTime } from "./faulty.ts";

interface World {
  readonly disk: Memory;
  readonly store: Memory;
  readonly faults: Faults;
  readonly time: VirtualTime;
}

function worldOf(): World {
  return { disk: new Memory(), store: new Memory(), faults: new Faults(), time: new VirtualTime() };
}

async function opening(world: World, options: OwnLedgerOptions = {}, entries = 65_536) {
  return openOwnLedger({
    log: new FaultyLog(new MemoryLog(world.disk), world.faults),
    store: new FaultyStore(new MemoryState(world.store), world.faults),
    digest,
    options,
    limits: { entries, bytes: 1_000_000 },
  });
}

async function opened(world: World, options: OwnLedgerOptions = {}, entries?: number): Promise<OwnLedger> {
  const result = await opening(world, options, entries);
  if (!result.ok) throw new Error(result.message);
  return result.ledger;
}

/** What the store holds, but for how far it is. */
function statesOf(store: Memory): Record<string, number> {
  const states = [...store.entries].filter(([key]) => key !== APPLIED_KEY);
  return Object.fromEntries(states.map(([key, { bytes }]) => [key, countIn(bytes)]));
}

function appliedOf(store: Memory): string | undefined {
  const entry = store.entries.get(APPLIED_KEY);
  return entry && new TextDecoder().decode(entry.bytes);
}

/** A log whose appends wait to be let through. */
class GatedLog extends MemoryLog implements RecordLog {
  readonly batches: number[] = [];
  readonly #gates: (() => void)[] = [];

  override async append(...[expected, records]: Parameters<RecordLog["append"]>) {
    this.batches.push(records.length);
    await new Promise<void>((resolve) => this.#gates.push(resolve));
    return super.append(expected, records);
  }

  get isWaiting(): boolean {
    return this.#gates.length > 0;
  }

  async letThrough(): Promise<void> {
    this.#gates.shift()!();
    await turns();
  }
}

describe("order and durability", () => {
  test("calls of one turn share an append, later ones the next; nobody hears before it is durable", async () => {
    const disk = new Memory();
    const log = new GatedLog(disk);
    const result = await openOwnLedger({ log, store: new MemoryState(), digest });
    if (!result.ok) throw new Error(result.message);
    const { ledger } = result;
    const heard: number[] = [];
    const ask = () => void count(ledger, "a").then((value) => heard.push(value));
    await ledger.read([agentKey("a")]);
    for (let index = 0; index < 3; index++) ask();
    await turns();
    for (let index = 0; index < 5; index++) ask();
    const reading = ledger.read([agentKey("a")]);
    await turns();
    expect([log.batches, heard, disk.records.length]).toEqual([[3], [], 0]);
    await log.letThrough();
    expect([log.batches, heard, disk.records.length]).toEqual([[3, 5], [1, 2, 3], 3]);
    await log.letThrough();
    expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(countIn((await reading)[0]!)).toBe(8);
    const closing = ledger.close();
    await turns();
    await closing;
  });

  test("many calls of one turn are appended in parts while the rest is computed", async () => {
    const log = new GatedLog(new Memory());
    const result = await openOwnLedger({ log, store: new MemoryState(), digest });
    if (!result.ok) throw new Error(result.message);
    await result.ledger.read([agentKey("a")]);
    const all = Promise.all(Array.from({ length: 100 }, () => count(result.ledger, "a")));
    await turns();
    await log.letThrough();
    await log.letThrough();
    expect(log.batches).toEqual([32, 68]);
    expect(await all).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  });

  test("states that are not in memory are read once for all that want them", async () => {
    const world = worldOf();
    const first = await opened(world);
    await count(first, "a");
    await first.close();
    const ledger = await opened(world);
    const before = world.faults.counts.read;
    expect(await Promise.all([count(ledger, "a"), count(ledger, "b"), count(ledger, "a")])).toEqual([
      2, 1, 3,
    ]);
    expect(world.faults.counts.read).toBe(before + 1);
    await ledger.close();
  });

  test("what a work throws, or breaks of the contract, rejects its own call alone", async () => {
    const ledger = await opened(worldOf());
    const key = agentKey("a");
    const add = counting("a");
    const wrong: [string, (view: LedgerView) => LedgerOutcome<unknown>][] = [
      ["mine", () => fail("mine")],
      ["records: sequence 0, not 7", (view) => ({ ...add(view), records: [OUT_OF_PLACE] })],
      ["writes: only keys asked for", (view) => ({ ...add(view), writes: new Map([["x", null]]) })],
      ["key: one of those asked for", (view) => fail(String(view.get("agent/other")))],
      ["writes: only with a record", (view) => ({ ...add(view), records: [] })],
    ];
    for (const [message, work] of wrong) {
      await expect(ledger.transact([key], work)).rejects.toThrow(message);
    }
    expect(await count(ledger, "a")).toBe(1);
    await ledger.close();
  });
});

const OUT_OF_PLACE: SealedRecord = { sequence: 7, record: new Uint8Array(1), hash: new Uint8Array(32) };

function fail(message: string): never {
  throw new Error(message);
}

describe("a failed append", () => {
  for (const fault of FAULTS) {
    test(`that ${fault}: every caller hears of it, and the ledger stays broken until it is opened anew`, async () => {
      const world = worldOf();
      const ledger = await opened(world, {
        schedule: world.time.schedule,
        timeoutMs: 1_000,
        writeBehindRecords: 1,
      });
      expect(await count(ledger, "a")).toBe(1);
      await ledger.read([agentKey("b")]);
      world.faults.plan = (operation, number) => (operation === "append" && number === 2 ? fault : null);
      const inFlight = [count(ledger, "a"), count(ledger, "b")];
      await turns();
      const waiting = fault.startsWith("times out") ? [count(ledger, "a")] : [];
      const outcomes = Promise.allSettled([...inFlight, ...waiting]);
      world.time.pass(1_000);
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ status: "rejected", reason: { code: "record_unwritable" } });
      }
      for (const late of [count(ledger, "a"), ledger.read([agentKey("a")]), ledger.list("agent/", null, 9)]) {
        await expect(late).rejects.toThrow(LedgerFailure);
      }
      expect(ledger.failure).not.toBeNull();
      await ledger.close();
      expect(statesOf(world.store)).toEqual({ "agent/a": 1 });
      const again = await opened(world);
      const tookEffect = fault.endsWith("took effect");
      expect(await count(again, "a")).toBe(tookEffect ? 3 : 2);
      expect(await count(again, "b")).toBe(tookEffect ? 2 : 1);
      await again.close();
    });
  }

  test("where somebody else has appended is a failure too", async () => {
    const world = worldOf();
    const ledger = await opened(world);
    const other = await opened({ ...world, store: new Memory() });
    expect(await count(other, "b")).toBe(1);
    await expect(count(ledger, "a")).rejects.toThrow(/somebody else/);
    await expect(count(ledger, "a")).rejects.toThrow(LedgerFailure);
  });
});

describe("a failing store", () => {
  for (const fault of FAULTS) {
    test(`a commit that ${fault} loses nothing`, async () => {
      const world = worldOf();
      const options = {
        writeBehindRecords: 1,
        writeBehindMs: 100,
        timeoutMs: 50,
        schedule: world.time.schedule,
      };
      const ledger = await opened(world, options);
      world.faults.plan = (operation, number) => (operation === "commit" && number === 1 ? fault : null);
      for (const agent of ["a", "b", "a"]) await count(ledger, agent);
      world.time.pass(50);
      await turns();
      world.time.pass(100);
      await turns();
      expect(statesOf(world.store)).toEqual({ "agent/a": 2, "agent/b": 1 });
      expect(await count(ledger, "a")).toBe(3);
      await ledger.close();
      const again = await opened(world);
      expect([await count(again, "a"), await count(again, "b")]).toEqual([4, 2]);
      await again.close();
    });

    test(`a read that ${fault} denies those calls, with the store's code`, async () => {
      const world = worldOf();
      const ledger = await opened(world, { timeoutMs: 50, schedule: world.time.schedule });
      const reads = world.faults.counts.read;
      world.faults.plan = (operation, number) =>
        operation === "read" && number === reads + 1 ? fault : null;
      const outcomes = Promise.allSettled([count(ledger, "a"), count(ledger, "b")]);
      await turns();
      world.time.pass(50);
      for (const outcome of await outcomes) {
        expect(outcome).toMatchObject({ reason: { code: "state_unavailable" } });
      }
      expect(await count(ledger, "a")).toBe(1);
      await ledger.close();
    });
  }

  test("a commit that ends after it was given up and repeated does no harm", async () => {
    const world = worldOf();
    const late: (() => Promise<unknown>)[] = [];
    const store = new MemoryState(world.store);
    const slow = Object.assign(Object.create(store), {
      commit(writes: Parameters<MemoryState["commit"]>[0]) {
        if (late.length > 0) return store.commit(writes);
        late.push(() => store.commit(writes));
        return Promise.reject(new Error("no answer"));
      },
    }) as MemoryState;
    for (const name of ["read", "list", "close"] as const)
      Object.assign(slow, { [name]: store[name].bind(store) });
    const options = { writeBehindRecords: 1, writeBehindMs: 100, schedule: world.time.schedule };
    const result = await openOwnLedger({ log: new MemoryLog(world.disk), store: slow, digest, options });
    if (!result.ok) throw new Error(result.message);
    await count(result.ledger, "a");
    await turns();
    expect(world.store.entries.size).toBe(0);
    await late[0]!();
    expect(statesOf(world.store)).toEqual({ "agent/a": 1 });
    await count(result.ledger, "a");
    await turns();
    expect(statesOf(world.store)).toEqual({ "agent/a": 2 });
    expect(await late[0]!()).toMatchObject({ ok: false });
    expect(statesOf(world.store)).toEqual({ "agent/a": 2 });
    await result.ledger.close();
  });

  test("that somebody else writes into is no longer written, and the next opening refuses it", async () => {
    const world = worldOf();
    const ledger = await opened(world, { writeBehindRecords: 1 });
    await count(ledger, "a");
    await turns();
    world.store.put(
      APPLIED_KEY,
      new TextEncoder().encode(`{"hash":"${"0".repeat(64)}","sequence":77,"version":1}`),
    );
    await count(ledger, "a");
    await count(ledger, "a");
    await turns();
    expect(statesOf(world.store)).toEqual({ "agent/a": 1 });
    await ledger.close();
    expect(await opening(world)).toMatchObject({ ok: false, code: "state_ahead" });
  });
});

describe("write-behind", () => {
  test("by count, by time, and when it is closed, with how far it is in the same commit", async () => {
    const world = worldOf();
    const options = { writeBehindRecords: 3, writeBehindMs: 500, schedule: world.time.schedule };
    const ledger = await opened(world, options);
    await count(ledger, "a");
    await count(ledger, "a");
    expect(appliedOf(world.store)).toBeUndefined();
    await count(ledger, "a");
    await turns();
    expect([statesOf(world.store), appliedOf(world.store)]).toEqual([
      { "agent/a": 3 },
      expect.stringContaining('"sequence":3'),
    ]);
    await count(ledger, "b");
    world.time.pass(499);
    await turns();
    expect(statesOf(world.store)).toEqual({ "agent/a": 3 });
    world.time.pass(1);
    await turns();
    expect(statesOf(world.store)).toEqual({ "agent/a": 3, "agent/b": 1 });
    await count(ledger, "c");
    await ledger.close();
    expect(statesOf(world.store)).toEqual({ "agent/a": 3, "agent/b": 1, "agent/c": 1 });
  });

  test("a list has everything that was durable before it", async () => {
    const ledger = await opened(worldOf());
    await Promise.all([count(ledger, "b"), count(ledger, "a")]);
    expect(await ledger.list("agent/", null, 9)).toEqual(["agent/a", "agent/b"]);
    expect(await ledger.list("agent/", "agent/a", 9)).toEqual(["agent/b"]);
    await ledger.close();
  });

  test("never has what is not durable, nor two commits at once", async () => {
    const disk = new Memory();
    const store = new Memory();
    const log = new GatedLog(disk);
    const gates: (() => void)[] = [];
    let [committing, most] = [0, 0];
    const state = new MemoryState(store);
    const commit = state.commit.bind(state);
    state.commit = async (writes) => {
      most = Math.max(most, ++committing);
      await new Promise<void>((resolve) => gates.push(resolve));
      committing--;
      return commit(writes);
    };
    const options = { writeBehindRecords: 1 };
    const result = await openOwnLedger({ log, store: state, digest, options });
    if (!result.ok) throw new Error(result.message);
    const { ledger } = result;
    const calls: Promise<unknown>[] = [];
    for (let round = 0; round < 12; round++) {
      calls.push(count(ledger, "a"), count(ledger, `b-${round}`));
      if (round % 3 === 0) calls.push(ledger.list("agent/", null, 9), ledger.list("agent/", "agent/a", 9));
      await turns();
      if (round % 2 === 1) await log.letThrough();
      if (round % 4 === 3) gates.shift()?.();
      await turns();
      expect(statesOf(store)["agent/a"] ?? 0).toBeLessThanOrEqual(disk.records.length);
    }
    const closing = ledger.close();
    for (let round = 0; round < 100; round++) {
      if (log.isWaiting) await log.letThrough();
      gates.shift()?.();
      await turns();
    }
    await Promise.all([closing, ...calls]);
    expect([statesOf(store)["agent/a"], most]).toEqual([12, 1]);
  });

  test("with less memory than states, nothing is forgotten that the store does not have", async () => {
    const world = worldOf();
    const ledger = await opened(world, { writeBehindRecords: 50 }, 64);
    const agents = Array.from({ length: 400 }, (_, index) => `agent-${index}`);
    for (let round = 1; round <= 3; round++) {
      const counts = await Promise.all(agents.map((agent) => count(ledger, agent)));
      expect(new Set(counts)).toEqual(new Set([round]));
    }
    await ledger.close();
    expect(Object.values(statesOf(world.store))).toEqual(agents.map(() => 3));
  });
});

/** Pseudo-random integers below `bound`, from a seed. */
function drawing(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 4_294_967_296) * bound);
  };
}

describe("opening", () => {
  test("the records behind the store are applied; all of them made anew give the same state", async () => {
    const seed = Date.now() % 1_000_000;
    const draw = drawing(seed);
    const world = worldOf();
    for (let round = 0; round < 8; round++) {
      const ledger = await opened(world, { writeBehindRecords: 1 + draw(20) });
      const calls = Array.from({ length: draw(60) }, () => count(ledger, `agent-${draw(10)}`));
      await Promise.all(calls);
      // Every second one is left as a crash leaves it.
      if (round % 2 === 0) await ledger.close();
    }
    await (await opened(world)).close();
    const kept = statesOf(world.store);
    const total = Object.values(kept).reduce((sum, value) => sum + value, 0);
    expect(total, `seed ${seed}`).toBe(world.disk.records.length);
    world.store.put("agent/stray", blobOf(9));
    world.store.put("other/key", blobOf(1));
    expect(await rebuildState(new MemoryLog(world.disk), new MemoryState(world.store), digest)).toBe(total);
    expect(statesOf(world.store), `seed ${seed}`).toEqual({ ...kept, "other/key": 1 });
    const fresh = { ...world, store: new Memory() };
    await (await opened(fresh)).close();
    expect(statesOf(fresh.store), `seed ${seed}`).toEqual(kept);
  });

  const meta = (text: string) => (world: World) =>
    world.store.put(APPLIED_KEY, new TextEncoder().encode(text));
  const damages: [string, string, (world: World) => void][] = [
    ["a store ahead of the log", "state_ahead", (world) => void world.disk.records.splice(1)],
    [
      "a store of another version",
      "state_version",
      meta(`{"hash":"${"0".repeat(64)}","sequence":3,"version":2}`),
    ],
    [
      "a store of another log",
      "state_foreign",
      meta(`{"hash":"${"0".repeat(64)}","sequence":3,"version":1}`),
    ],
    [
      "a store made from another log",
      "state_damaged",
      meta(`{"hash":"${"0".repeat(64)}","sequence":2,"version":1}`),
    ],
    ["a value that says nothing", "state_damaged", meta("3")],
    ["an interrupted rebuild", "state_damaged", meta("rebuilding")],
    ["states without how far they are", "state_damaged", (world) => world.store.put(APPLIED_KEY, null)],
  ];
  for (const [name, code, damage] of damages) {
    test(`${name}: refused with ${code}; a rebuild is the way out`, async () => {
      const world = worldOf();
      const ledger = await opened(world);
      for (const agent of ["a", "b", "a"]) await count(ledger, agent);
      await ledger.close();
      damage(world);
      const refused = await opening(world);
      expect(refused).toMatchObject({ ok: false, code });
      expect(refused.ok || refused.help).toMatch(/rebuild/);
      await rebuildState(new MemoryLog(world.disk), new MemoryState(world.store), digest);
      const again = await opened(world);
      expect(await count(again, "a")).toBe(world.disk.records.length > 2 ? 3 : 2);
    });
  }

  test("a state that is not what the next record says it was: refused", async () => {
    const world = worldOf();
    const ledger = await opened(world, { writeBehindRecords: 2 });
    for (let index = 0; index < 3; index++) await count(ledger, "a");
    await turns();
    expect(statesOf(world.store)).toEqual({ "agent/a": 2 });
    world.store.put("agent/a", blobOf(1));
    expect(await opening(world)).toMatchObject({ ok: false, code: "state_damaged", message: /record 2/ });
  });

  test("a store that cannot be read: refused", async () => {
    const world = worldOf();
    world.faults.plan = (operation) => (operation === "read" ? "fails" : null);
    expect(await opening(world)).toMatchObject({ ok: false, code: "state_unreadable" });
  });
});
