/** What PostgreSQL stores meet: tables that are not theirs, servers that stop, locks, connections lost at the worst moment. */

import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createConnection, createServer, type Server as NetServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ledger, LedgerFailure } from "../../control/ports.ts";
import {
  migratePostgres,
  openPostgres,
  type PostgresOptions,
  type PostgresStores,
} from "../../hosts/node/stores/postgres.ts";
import { recordAt } from "../log/records.ts";
import { all, numberOf, rejects } from "./check.ts";
import { buildChild, Child, checkStore } from "./children.ts";
import { BINARIES, type Server, startServer } from "./postgres-server.ts";
import { spend } from "./suite-ledger.ts";

let server: Server;
let schemas = 0;
const place = { open: () => Promise.reject(new Error("no place")), seal: recordAt };

const spendOnce = (ledger: Ledger, key = "sum") => ledger.transact([key], spend(place, key, 1_000_000));

async function migrated(options: Partial<PostgresOptions> = {}): Promise<PostgresOptions> {
  const all = { ...server.address, schema: `faults_${schemas++}`, ...options };
  expect(await migratePostgres(all)).toEqual({ ok: true, made: true });
  return all;
}

async function opened(options: PostgresOptions): Promise<PostgresStores> {
  const result = await openPostgres(options);
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.stores;
}

async function refused(options: PostgresOptions): Promise<string> {
  const result = await openPostgres(options);
  if (result.ok) throw new Error("it was opened");
  expect(result.help).not.toBe("");
  return result.code;
}

/** A connection of somebody else. */
async function withClient<Value>(use: (client: pg.Client) => Promise<Value>): Promise<Value> {
  const client = new pg.Client(server.address);
  client.on("error", () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

const run = (sql: string) => withClient((client) => client.query(sql));

async function failsWith(work: Promise<unknown>, code: LedgerFailure["code"], cause: string): Promise<void> {
  const error = (await rejects(work, "LedgerFailure")) as LedgerFailure;
  expect([error.code, (error.cause as { code?: unknown }).code]).toEqual([code, cause]);
}

describe.skipIf(BINARIES === null)("PostgreSQL", () => {
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    await server?.remove();
  });

  describe("that is not as it should be is refused", () => {
    it("without tables, of another version, of another application", async () => {
      expect(await refused({ ...server.address, schema: "nothing_here" })).toBe("store_unmigrated");
      const options = await migrated();
      await run(`UPDATE ${options.schema}.meta SET version = 2`);
      expect(await refused(options)).toBe("store_version");
      expect(await migratePostgres(options)).toMatchObject({ ok: false, code: "store_version" });
      await run("CREATE SCHEMA other; CREATE TABLE other.meta (id int, application text, version int)");
      expect(await refused({ ...server.address, schema: "other" })).toBe("store_foreign");
      await run("CREATE SCHEMA another; CREATE TABLE another.state (a int)");
      const another = { ...server.address, schema: "another" };
      expect(await migratePostgres(another)).toMatchObject({ ok: false, code: "store_foreign" });
      expect(await refused(another)).toBe("store_unmigrated");
      await expect(
        openPostgres({ ...server.address, schema: 'x"; DROP' }).catch((e) => e.name),
      ).resolves.toBe("RangeError");
    });

    it("when the tables are damaged", async () => {
      for (const sql of [
        "DELETE FROM chain",
        "UPDATE chain SET previous = ''",
        "UPDATE chain SET sequence = 1",
        "DELETE FROM records WHERE sequence = 2",
        "DELETE FROM records",
      ]) {
        const options = await migrated();
        const { ledger } = await opened(options);
        for (let index = 0; index < 3; index++) await spendOnce(ledger);
        await ledger.close();
        await run(`SET search_path = ${options.schema}; ${sql}`);
        expect(await refused(options), sql).toBe("store_damaged");
      }
      const options = await migrated();
      const stores = await opened(options);
      for (let index = 0; index < 5; index++) await spendOnce(stores.ledger);
      await run(`UPDATE ${options.schema}.state SET bytes = '0'`);
      await failsWith(spendOnce(stores.ledger), "state_unavailable", "store_damaged");
      await run(`UPDATE ${options.schema}.records SET record = record || ' ' WHERE sequence = 3`);
      expect(await rejects(all(stores.log.read(0)), "StoreFailure")).toMatchObject({ code: "store_damaged" });
      await run(`DELETE FROM ${options.schema}.records WHERE sequence < 2`);
      expect(await rejects(all(stores.log.read(0)), "StoreFailure")).toMatchObject({ code: "log_pruned" });
      expect((await all(stores.log.read(4))).length).toBe(1);
      await stores.ledger.close();
    });

    it("when a commit is no promise", async () => {
      const options = await migrated();
      await run("ALTER ROLE faramesh SET synchronous_commit = off");
      expect(await refused(options)).toBe("store_unavailable");
      await run("ALTER ROLE faramesh RESET synchronous_commit");
      const unsafe = await startServer(["fsync=off"]);
      try {
        expect(await migratePostgres(unsafe.address)).toEqual({ ok: true, made: true });
        expect(await refused(unsafe.address)).toBe("store_unavailable");
      } finally {
        await unsafe.remove();
      }
    });

    it("when nobody is there, without the password in the message", async () => {
      const password = "s3cret-of-the-test";
      const result = await openPostgres({
        ...server.address,
        host: "/nonexistent",
        password,
        connectMs: 2000,
      });
      expect(result).toMatchObject({ ok: false, code: "store_unavailable" });
      expect(JSON.stringify(result)).not.toContain(password);
    });

    it("migrations at once make one set of tables", async () => {
      const options = { ...server.address, schema: `faults_${schemas++}` };
      const results = await Promise.all(Array.from({ length: 4 }, () => migratePostgres(options)));
      expect(results.map((result) => result.ok && result.made).filter((made) => made)).toEqual([true]);
      await (await opened(options)).ledger.close();
    });
  });

  describe("that somebody else holds", () => {
    it("fails in bounded time, and goes on afterwards", async () => {
      const options = await migrated({ statementMs: 300 });
      const { ledger } = await opened(options);
      await withClient(async (client) => {
        await client.query(`BEGIN; SELECT * FROM ${options.schema}.chain FOR UPDATE`);
        await failsWith(spendOnce(ledger), "state_unavailable", "store_busy");
        await client.query("ROLLBACK");
      });
      expect(await spendOnce(ledger)).toBe(0);
      await ledger.close();
    });

    it("because it stands still within a transaction: the server ends it, and others go on", async () => {
      const relay = await startRelay(server.address.host);
      try {
        const options = await migrated({ statementMs: 500 });
        const { ledger } = await opened({ ...options, host: relay.folder });
        const other = await opened({ ...options, statementMs: 30_000 });
        relay.cut = "held";
        const standing = rejects(spendOnce(ledger), "LedgerFailure");
        const waits = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE state = 'idle in transaction'`;
        for (let n = 0; n === 0; ) n = (await run(waits)).rows[0].n;
        expect(await spendOnce(other.ledger)).toBe(0);
        await standing;
        relay.cut = null;
        expect(await spendOnce(ledger)).toBe(1);
        await ledger.close();
        await other.ledger.close();
      } finally {
        await relay.close();
      }
    });

    it("in a deadlock: tried again, and done once", async () => {
      const options = await migrated();
      const { ledger, log } = await opened(options);
      await spendOnce(ledger);
      await withClient(async (client) => {
        // The server ends whom its timer finds first: not this one.
        await client.query("SET deadlock_timeout = '60s'");
        await client.query(`BEGIN; SELECT * FROM ${options.schema}.state FOR UPDATE`);
        const spending = spendOnce(ledger);
        const waits = `SELECT count(*)::int AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'faramesh'`;
        for (let n = 0; n === 0; ) n = (await run(waits)).rows[0].n;
        const locking = client.query(`SELECT * FROM ${options.schema}.chain FOR UPDATE`);
        await locking;
        await client.query("ROLLBACK");
        expect(await spending).toBe(1);
      });
      expect((await all(log.read(0))).length).toBe(2);
      await ledger.close();
    });
  });

  describe("whose connection is lost", () => {
    it("before and behind COMMIT: rejected, never done twice", async () => {
      const relay = await startRelay(server.address.host);
      try {
        const options = await migrated();
        const { ledger } = await opened({ ...options, host: relay.folder });
        const direct = await opened(options);
        expect(await spendOnce(ledger)).toBe(0);
        relay.cut = "before";
        await failsWith(spendOnce(ledger), "record_unwritable", "store_unavailable");
        expect((await direct.log.tip()).sequence).toBe(1);
        relay.cut = "behind";
        await failsWith(spendOnce(ledger), "record_unwritable", "store_unavailable");
        await relay.settled();
        expect((await direct.log.tip()).sequence).toBe(2);
        relay.cut = null;
        expect(await spendOnce(ledger)).toBe(2);
        expect((await all(direct.log.read(0))).length).toBe(3);
        await ledger.close();
        await direct.ledger.close();
      } finally {
        await relay.close();
      }
    });

    it("while nobody uses it: the next transaction is done or rejected, the one behind it is done", async () => {
      const options = await migrated();
      const { ledger, log } = await opened(options);
      await spendOnce(ledger);
      const end =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'faramesh'";
      for (let round = 0; round < 5; round++) {
        await run(end);
        const [first] = await Promise.allSettled([spendOnce(ledger)]);
        const before = (await log.tip().catch(() => log.tip())).sequence;
        expect(await spendOnce(ledger)).toBe(before);
        if (first?.status === "fulfilled") expect(first.value).toBe(before - 1);
      }
      await ledger.close();
    });
  });

  describe("that stops", () => {
    it("in the middle of transactions: nothing acknowledged is lost, five times", async () => {
      const options = await migrated();
      const child = await buildChild();
      const stores = await opened(options);
      const acknowledged = new Map<number, string>();
      for (let round = 0; round < 5; round++) {
        const given = { store: { postgres: options }, transactions: 1_000_000_000, limit: 1_000_000_000 };
        const worker = new Child(child, { ...given, name: `round${round}`, callers: 8 });
        await worker.reach(30);
        await server.stop(round % 2 === 0 ? "crash" : "orderly");
        await worker.ended;
        expect(worker.failures.length).toBe(1);
        expect(worker.failures[0]).toMatch(/^failed LedgerFailure/);
        for (const [sequence, id] of worker.acknowledged) acknowledged.set(sequence, id);
        await rejects(spendOnce(stores.ledger), "LedgerFailure");
        await server.start();
        const { records } = await checkStore(stores, acknowledged);
        expect(records).toBeGreaterThanOrEqual(acknowledged.size);
      }
      await stores.ledger.close();
      const again = await opened(options);
      expect(numberOf((await again.ledger.read(["budget/sum"]))[0])).toBeGreaterThanOrEqual(150);
      await again.ledger.close();
    });
  });
});

interface Relay {
  readonly folder: string;
  /**
   * Cuts the connection on which COMMIT is sent: without passing it on, or behind the server's answer, which is not passed on. Held: the
   * server's lock is asked for, and then nothing passes any more.
   */
  cut: "before" | "behind" | "held" | null;
  /** When the server has answered what was cut behind. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** A socket that passes on to the server's. */
async function startRelay(host: string): Promise<Relay> {
  const folder = await mkdtemp(join(tmpdir(), "faramesh-relay-"));
  await chmod(folder, 0o755);
  const sockets = new Set<Socket>();
  let answered: Promise<void> = Promise.resolve();
  const relay: Relay = {
    folder,
    cut: null,
    settled: () => answered,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
  const listener: NetServer = createServer((near) => {
    const far = createConnection(join(host, ".s.PGSQL.5432"));
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    near.on("close", () => far.end());
    far.on("close", () => near.destroy());
    far.on("data", (bytes) => near.write(bytes));
    near.on("data", (bytes) => {
      if (relay.cut === "held" && bytes.includes("FOR UPDATE")) far.removeAllListeners("data").resume();
      if (relay.cut === null || !bytes.includes("COMMIT\0")) return far.write(bytes);
      if (relay.cut === "before") return far.destroy();
      far.removeAllListeners("data");
      answered = new Promise((resolve) => far.once("data", () => resolve(near.destroy() && undefined)));
      return far.write(bytes);
    });
  });
  await new Promise<void>((resolve) => listener.listen(join(folder, ".s.PGSQL.5432"), resolve));
  return relay;
}
