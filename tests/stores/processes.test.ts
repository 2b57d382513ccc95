/** Several processes on one database: budgets are never overspent, and what was acknowledged outlives kill -9. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { migratePostgres, openPostgres } from "../../hosts/node/stores/postgres.ts";
import { openSqlite, type SqliteStores } from "../../hosts/node/stores/sqlite.ts";
import { Random } from "../fuzz/random.ts";
import type { ChildArguments } from "./child.ts";
import { buildChild, Child, checkAcknowledged, checkStore } from "./children.ts";
import { BINARIES, type Server, startServer } from "./postgres-server.ts";

let child: string;
let folder: string;
let server: Server | null = null;
let places = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "faramesh-processes-"));
  child = await buildChild();
  if (BINARIES !== null) server = await startServer();
});
afterAll(async () => {
  await server?.remove();
  await rm(folder, { recursive: true });
});

type Store = ChildArguments["store"];

async function makeSqlite(): Promise<Store> {
  return { sqlite: join(folder, `store-${places++}.db`) };
}

async function makePostgres(): Promise<Store> {
  const postgres = { ...server!.address, schema: `store_${places++}` };
  expect(await migratePostgres(postgres)).toEqual({ ok: true, made: true });
  return { postgres };
}

async function withStores<Value>(
  store: Store,
  use: (stores: SqliteStores) => Promise<Value>,
): Promise<Value> {
  const opened = "sqlite" in store ? await openSqlite(store.sqlite) : await openPostgres(store.postgres);
  if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
  try {
    return await use(opened.stores);
  } finally {
    await opened.stores.ledger.close();
  }
}

/** FARAMESH_SEED repeats what a run printed. */
function seeded(what: string): Random {
  const seed = Number(process.env.FARAMESH_SEED ?? Math.floor(Math.random() * 2 ** 32));
  console.log(`${what}: FARAMESH_SEED=${seed}`);
  return new Random(seed);
}

async function spendTogether(store: Store): Promise<void> {
  const limit = 1000;
  const names = ["a", "b", "c"];
  const children = names.map(
    (name) => new Child(child, { store, name, callers: 4, transactions: 1_000_000, limit }),
  );
  await Promise.all(children.map((one) => one.ended));
  expect(children.flatMap(({ failures }) => failures)).toEqual([]);
  expect(children.map(({ refused }) => refused)).toEqual([4, 4, 4]);
  const acknowledged = new Map(children.flatMap((one) => [...one.acknowledged]));
  expect(acknowledged.size, "every unit acknowledged once").toBe(limit);
  const found = await withStores(store, (stores) => checkStore(stores, acknowledged));
  expect(found).toEqual({ records: limit, sum: limit });
}

/** One process is killed, again and again; another one works on all the time, and is killed last. */
async function killAgainAndAgain(store: Store, kills: number): Promise<void> {
  const random = seeded("kills");
  const acknowledged = new Map<number, string>();
  const given = { store, transactions: 1_000_000_000, limit: 1_000_000_000 };
  const bystander = new Child(child, { ...given, name: "bystander", callers: 1 });
  for (let count = 0; count < kills; count++) {
    const victim = new Child(child, { ...given, name: `victim${count}`, callers: 1 + random.below(8) });
    await victim.killAfter(1 + random.below(40));
    expect(victim.failures).toEqual([]);
    for (const [sequence, id] of victim.acknowledged) acknowledged.set(sequence, id);
    await bystander.reach(bystander.acknowledged.size + 2);
    if (count % 10 === 9) await withStores(store, ({ log }) => checkAcknowledged(log, acknowledged));
  }
  await bystander.killAfter(0);
  expect(bystander.failures).toEqual([]);
  for (const [sequence, id] of bystander.acknowledged) acknowledged.set(sequence, id);
  const { records } = await withStores(store, (stores) => checkStore(stores, acknowledged));
  expect(records).toBeGreaterThanOrEqual(acknowledged.size);
}

describe("SQLite and several processes", () => {
  it("never overspend one budget, and spend all of it", async () => spendTogether(await makeSqlite()));
  it("lose nothing acknowledged to kill -9, 50 times", async () => {
    await killAgainAndAgain(await makeSqlite(), 50);
  }, 300_000);
});

describe.skipIf(BINARIES === null)("PostgreSQL and several processes", () => {
  it("never overspend one budget, and spend all of it", async () => spendTogether(await makePostgres()));
  it("lose nothing acknowledged to kill -9, 20 times", async () => {
    await killAgainAndAgain(await makePostgres(), 20);
  }, 300_000);
});
