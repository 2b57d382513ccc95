/** What SQLite files meet: others' files, damage, full and read-only disks, locks that are held. */
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Ledger, LedgerFailure } from "../../control/ports.ts";
import { openSqlite, type SqliteOptions, type SqliteStores } from "../../hosts/node/stores/sqlite.ts";
import { Random } from "../fuzz/random.ts";
import { recordAt } from "../log/records.ts";
import { all, bytesOf, numberOf, rejects, textOf } from "./check.ts";
import { spend } from "./suite-ledger.ts";

let folder: string;
let path: string;
let mounted: string | null = null;
const place = { open: () => Promise.reject(new Error("no place")), seal: recordAt };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "faramesh-faults-"));
  path = join(folder, "store.db");
});
afterEach(async () => {
  if (mounted !== null) execFileSync("umount", ["-l", mounted]);
  mounted = null;
  await rm(folder, { recursive: true });
});

async function opened(options: SqliteOptions = {}): Promise<SqliteStores> {
  const result = await openSqlite(path, options);
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.stores;
}

async function refused(): Promise<string> {
  const result = await openSqlite(path);
  if (result.ok) throw new Error("it was opened");
  expect(result.help).not.toBe("");
  return result.code;
}

/** A connection of somebody else. */
function raw(sql: string): void {
  const database = new Database(path);
  database.exec(sql);
  database.close();
}

const spendOnce = (ledger: Ledger, key = "sum") => ledger.transact([key], spend(place, key, 1_000_000));

/** The cause is a StoreFailure with a code of this host. */
async function failsWith(work: Promise<unknown>, code: LedgerFailure["code"], cause: string): Promise<void> {
  const error = (await rejects(work, "LedgerFailure")) as LedgerFailure;
  expect([error.code, (error.cause as { code?: unknown }).code]).toEqual([code, cause]);
}

/** A small file system of its own, when this process may mount one. */
function mountSmall(): string | null {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], { stdio: "ignore" });
    mounted = folder;
    return folder;
  } catch {
    return null;
  }
}

describe("files of SQLite", () => {
  it("are for their owner alone", async () => {
    const { ledger } = await opened();
    await spendOnce(ledger);
    for (const name of [path, `${path}-wal`, `${path}-shm`])
      expect(statSync(name).mode & 0o777, name).toBe(0o600);
    await ledger.close();
  });

  it("of another version are refused and left as they are", async () => {
    await (await opened()).ledger.close();
    raw("PRAGMA user_version = 2; PRAGMA wal_checkpoint(TRUNCATE)");
    const before = readFileSync(path);
    expect(await refused()).toBe("store_version");
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("of another application are refused and left as they are", async () => {
    for (const sql of ["CREATE TABLE other (a)", "PRAGMA application_id = 7", "PRAGMA user_version = 1"]) {
      rmSync(path, { force: true });
      raw(sql);
      const before = readFileSync(path);
      expect(await refused(), sql).toBe("store_foreign");
      expect(readFileSync(path).equals(before), sql).toBe(true);
    }
  });

  it("that are no database are refused and left as they are", async () => {
    const texts = [Buffer.from("a text, and no database\n".repeat(200)), Buffer.alloc(4096, 7)];
    for (const bytes of texts) {
      writeFileSync(path, bytes);
      expect(await refused()).toBe("store_damaged");
      expect(readFileSync(path).equals(bytes)).toBe(true);
    }
  });

  it("in folders that are not there, and folders, are refused", async () => {
    path = join(folder, "none", "store.db");
    expect(await refused()).toBe("store_unavailable");
    path = folder;
    expect(await refused()).toBe("store_unavailable");
  });

  it("with a table missing, or with an end that does not fit, are refused", async () => {
    for (const sql of [
      "DROP TABLE state",
      "DELETE FROM chain",
      "UPDATE chain SET previous = x'00'",
      "UPDATE chain SET sequence = 1",
      "DELETE FROM records WHERE sequence = 2",
      "DELETE FROM records",
    ]) {
      rmSync(path, { force: true });
      const { ledger } = await opened();
      for (let index = 0; index < 3; index++) await spendOnce(ledger);
      await ledger.close();
      raw(sql);
      expect(await refused(), sql).toBe("store_damaged");
    }
  });
});

describe("names of SQLite files", () => {
  it("are names of files, whatever they look like", async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      path = ":memory:";
      const { ledger } = await opened();
      await spendOnce(ledger);
      await ledger.close();
      const again = await opened();
      expect(numberOf((await again.ledger.read(["sum"]))[0])).toBe(1);
      await again.ledger.close();
      for (const name of ["libsql://127.0.0.1:9", "http://127.0.0.1:9", ""]) {
        path = name;
        expect(await refused(), name).toBe("store_unavailable");
      }
    } finally {
      process.chdir(before);
    }
  });
});

describe("values and records of SQLite that are not what was written", () => {
  it("are not given out", async () => {
    const stores = await opened();
    for (let index = 0; index < 5; index++) await spendOnce(stores.ledger);
    await spendOnce(stores.ledger, "other");
    raw("UPDATE state SET bytes = x'30' WHERE key = CAST('sum' AS BLOB)");
    expect((await rejects(stores.state.read(["sum"]), "StoreFailure")) as unknown).toMatchObject({
      code: "store_damaged",
    });
    await failsWith(spendOnce(stores.ledger), "state_unavailable", "store_damaged");
    expect(numberOf((await stores.ledger.read(["other"]))[0])).toBe(1);
    raw("UPDATE state SET version = 1 WHERE key = CAST('other' AS BLOB)");
    raw("UPDATE state SET version = 2 WHERE key = CAST('other' AS BLOB)");
    await rejects(stores.state.read(["other"]), "StoreFailure");
    raw("UPDATE records SET record = CAST(record || x'20' AS BLOB) WHERE sequence = 3");
    expect((await rejects(all(stores.log.read(0)), "StoreFailure")) as unknown).toMatchObject({
      code: "store_damaged",
    });
    expect((await all(stores.log.read(5))).length).toBe(1);
    raw("DELETE FROM records WHERE sequence = 4");
    expect((await rejects(all(stores.log.read(4)), "StoreFailure")) as unknown).toMatchObject({
      code: "store_damaged",
    });
    raw("DELETE FROM records WHERE sequence < 2");
    expect((await rejects(all(stores.log.read(1)), "StoreFailure")) as unknown).toMatchObject({
      code: "log_pruned",
    });
    await stores.ledger.close();
  });

  it("at any flipped bit: the truth or a refusal", async () => {
    const first = await opened();
    const keys = Array.from({ length: 40 }, (_, index) => `key/${index}`);
    for (const key of keys) await spendOnce(first.ledger, key);
    const records = await all(first.log.read(0));
    await first.ledger.close();
    const good = readFileSync(path);
    const seed = Number(process.env.FARAMESH_SEED ?? Math.floor(Math.random() * 2 ** 32));
    console.log(`flipped bits: FARAMESH_SEED=${seed}`);
    const random = new Random(seed);
    const codes = new Map<string, number>();
    const count = (code: string) => codes.set(code, (codes.get(code) ?? 0) + 1);
    for (let round = 0; round < 200; round++) {
      const bytes = Buffer.from(good);
      const at = random.below(bytes.length);
      bytes[at]! ^= 1 << random.below(8);
      path = join(folder, `flipped-${round}.db`);
      writeFileSync(path, bytes);
      const result = await openSqlite(path);
      if (!result.ok) {
        count(result.code);
        continue;
      }
      const { state, log } = result.stores;
      const [read, listed, chain] = await Promise.allSettled([
        state.read(keys),
        state.list("", null, 100),
        all(log.read(0)),
      ]);
      if (read.status === "fulfilled") {
        const seen = read.value.map((entry) => [textOf(entry?.bytes), entry?.version]);
        expect(seen, `bit in byte ${at}`).toEqual(keys.map(() => ["1", 1]));
      } else count(read.reason.code);
      if (listed.status === "fulfilled") expect(listed.value, `bit in byte ${at}`).toEqual([...keys].sort());
      else count(listed.reason.code);
      if (chain.status === "fulfilled") expect(chain.value, `bit in byte ${at}`).toEqual(records);
      else count(chain.reason.code);
      await log.close();
    }
    console.log(JSON.stringify([...codes]));
    expect([...codes.keys()].every((code) => /^(?:store|log)_/.test(code))).toBe(true);
    expect(codes.get("store_damaged")).toBeGreaterThan(10);
  });
});

describe("SQLite on a disk", () => {
  it("that is full: nothing acknowledged is lost, and it goes on when there is room", async () => {
    const small = mountSmall();
    const stores = await opened(small === null ? { maxPages: 300 } : {});
    let acknowledged = 0;
    const grow = () =>
      stores.ledger.transact(["sum", `large/${acknowledged}`], (view) => ({
        records: [recordAt(view.tip, "x".repeat(1000))],
        writes: new Map([
          ["sum", bytesOf(`${numberOf(view.get("sum")) + 1}`)],
          [`large/${acknowledged}`, new Uint8Array(20_000)],
        ]),
        value: null,
      }));
    let failure: unknown = null;
    for (; acknowledged < 1000 && failure === null; ) {
      await grow().then(
        () => acknowledged++,
        (error: unknown) => {
          failure = error;
        },
      );
    }
    expect(failure).toBeInstanceOf(LedgerFailure);
    expect((failure as LedgerFailure).code).toBe("record_unwritable");
    expect(acknowledged).toBeGreaterThan(5);
    await stores.ledger.close();
    if (small !== null) execFileSync("mount", ["-o", "remount,size=64m", small]);
    const again = await opened();
    expect((await again.log.tip()).sequence).toBe(acknowledged);
    expect((await all(again.log.read(0))).length).toBe(acknowledged);
    expect(numberOf((await again.ledger.read(["sum"]))[0])).toBe(acknowledged);
    await spendOnce(again.ledger);
    expect(numberOf((await again.ledger.read(["sum"]))[0])).toBe(acknowledged + 1);
    await again.ledger.close();
  });

  it("that is full only as it is set: the same connection goes on", async () => {
    const stores = await opened({ maxPages: 60 });
    const large = (key: string, size: number) =>
      stores.state.commit([{ key, expected: 0, bytes: new Uint8Array(size) }]);
    expect(await large("a", 10_000)).toEqual({ ok: true });
    const error = await rejects(large("b", 1_000_000), "StoreFailure");
    expect((error as unknown as { code: string }).code).toBe("store_unavailable");
    expect(await large("c", 10_000)).toEqual({ ok: true });
    expect(await stores.state.list("", null, 10)).toEqual(["a", "c"]);
    await stores.state.close();
  });

  it("that is read-only: refused when it is opened", async () => {
    const { ledger } = await opened();
    await spendOnce(ledger);
    await ledger.close();
    const bytes = readFileSync(path);
    const small = mountSmall();
    writeFileSync(path, bytes, { mode: 0o400 });
    chmodSync(path, 0o400);
    // No mode keeps root from writing.
    if (small !== null) execFileSync("mount", ["-o", "remount,ro", small]);
    expect(await refused()).toBe("store_unavailable");
  });

  it("keeps its write-ahead log short, with two connections that write", async () => {
    const [first, second] = [await opened(), await opened()];
    let largest = 0;
    for (let index = 0; index < 450; index++) {
      const { state } = index % 2 === 0 ? first : second;
      const bytes = new Uint8Array(100_000).fill(index);
      expect(
        await state.commit([{ key: `k${index % 10}`, expected: Math.floor(index / 10), bytes }]),
      ).toEqual({ ok: true });
      largest = Math.max(largest, statSync(`${path}-wal`).size);
    }
    expect(largest).toBeLessThan(30_000_000);
    await first.state.close();
    copyFileSync(path, `${path}.copy`);
    const [entry] = await second.state.read(["k9"]);
    expect(entry?.version).toBe(45);
    await second.state.close();
  });
});

describe("SQLite that somebody else holds", () => {
  it("fails in bounded time without blocking this process, and goes on afterwards", async () => {
    const stores = await opened({ busyMs: 100 });
    await spendOnce(stores.ledger);
    const holder = new Database(path);
    holder.exec("BEGIN IMMEDIATE");
    let turns = 0;
    let waiting = true;
    const spin = async (): Promise<void> => {
      for (; waiting; turns++) await new Promise((resolve) => setImmediate(resolve));
    };
    const spinning = spin();
    await failsWith(spendOnce(stores.ledger), "state_unavailable", "store_busy");
    waiting = false;
    await spinning;
    expect(turns).toBeGreaterThan(20);
    expect(numberOf((await stores.ledger.read(["sum"]))[0])).toBe(1);
    holder.exec("ROLLBACK");
    await spendOnce(stores.ledger);
    expect(numberOf((await stores.ledger.read(["sum"]))[0])).toBe(2);
    holder.close();
    await stores.ledger.close();
    await failsWith(spendOnce(stores.ledger), "state_unavailable", "store_closed");
  });
});
