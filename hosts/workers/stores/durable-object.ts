/**
 * State, records and both at once in the storage of one Durable Object with the SQLite backend. The control plane runs inside the
 * object: all requests for it come to one place, so its transactions take effect in one order for clients everywhere.
 *
 * Durability: a transaction is done when `transactionSync` returns, and on disk when `sync()` resolves; only then does a call here resolve.
 * Besides, the platform's output gate holds back every response and every outgoing message of the object until its writes are
 * on disk; when a write fails the object is reset and nothing of it is ever seen. Isolation: `transactionSync` runs without any other event of the object in between.
 *
 * An object that was reset rejects what was under way, and its successor reads what is on disk.
 */
import type {
  ChainTip,
  Ledger,
  RecordLog,
  SealedRecord,
  StateEntry,
  StateStore,
} from "../../../control/ports.ts";
import { encodeKey, encodeText, HASH_BYTES, prefixEnd } from "../../../control/stores/check.ts";
import {
  TableLedger,
  TableLog,
  TableState,
  type Tables,
  type Transactions,
} from "../../../control/stores/tables.ts";

type Value = ArrayBuffer | Uint8Array | string | number | null;

/** What is used of `ctx.storage` of a Durable Object whose class is in `new_sqlite_classes`. */
export interface ObjectStorage {
  readonly sql: {
    exec(query: string, ...values: Value[]): { raw(): Iterable<Value[]>; toArray(): unknown[] };
  };
  transactionSync<Result>(body: () => Result): Result;
  sync(): Promise<void>;
}

export interface ObjectStores {
  readonly state: StateStore;
  readonly log: RecordLog;
  readonly ledger: Ledger;
}

/** How the stores reject, but for arguments that break their contract; it is the `cause` of a LedgerFailure. */
export class ObjectStoreFailure extends Error {
  readonly code: "store_damaged" | "store_version" | "store_foreign" | "store_closed" | "log_pruned";

  constructor(code: ObjectStoreFailure["code"], message: string) {
    super(message);
    this.name = "ObjectStoreFailure";
    this.code = code;
  }
}

const APPLICATION = "faramesh stores";
const SCHEMA_VERSION = 1;
/** Records read in one transaction. */
const PAGE = 64;
const NOTHING = new Uint8Array(0);

function makeTables({ sql }: ObjectStorage): void {
  sql.exec("CREATE TABLE faramesh_meta (application TEXT NOT NULL, version INTEGER NOT NULL) STRICT");
  sql.exec(
    "CREATE TABLE faramesh_state (key BLOB NOT NULL UNIQUE, version INTEGER NOT NULL, bytes BLOB NOT NULL) STRICT",
  );
  sql.exec(
    "CREATE TABLE faramesh_records (sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL, record BLOB NOT NULL) STRICT",
  );
  sql.exec(
    "CREATE TABLE faramesh_chain (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL, previous BLOB NOT NULL) STRICT",
  );
  sql.exec("INSERT INTO faramesh_chain VALUES (1, 0, zeroblob(32))");
  sql.exec("INSERT INTO faramesh_meta VALUES (?, ?)", APPLICATION, SCHEMA_VERSION);
}

function checkTables({ sql }: ObjectStorage): void {
  const [row] = [...sql.exec("SELECT application, version FROM faramesh_meta").raw()];
  if (row?.[0] !== APPLICATION) {
    throw new ObjectStoreFailure("store_foreign", "the object's tables belong to another application");
  }
  if (row[1] !== SCHEMA_VERSION) {
    const text = `the object's tables have version ${row[1]}, this release reads ${SCHEMA_VERSION}`;
    throw new ObjectStoreFailure("store_version", text);
  }
}

function bytesOf(value: Value | undefined): Uint8Array {
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  throw new ObjectStoreFailure("store_damaged", "a column of bytes has another type");
}

function numberOf(value: Value | undefined): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return value;
  throw new ObjectStoreFailure("store_damaged", "a column of whole numbers has another value");
}

class ObjectTables implements Tables {
  readonly #sql: ObjectStorage["sql"];

  constructor({ sql }: ObjectStorage) {
    this.#sql = sql;
  }

  tip(): ChainTip {
    const [row] = this.#rows("SELECT sequence, previous FROM faramesh_chain WHERE id = 1");
    const previous = bytesOf(row?.[1]);
    if (previous.length !== HASH_BYTES) {
      throw new ObjectStoreFailure("store_damaged", "the object does not say where the chain ends");
    }
    return { sequence: numberOf(row?.[0]), previous };
  }

  moveTip({ sequence, previous }: ChainTip): void {
    this.#sql.exec("UPDATE faramesh_chain SET sequence = ?, previous = ? WHERE id = 1", sequence, previous);
  }

  entry(key: string): StateEntry | null {
    const [row] = this.#rows("SELECT version, bytes FROM faramesh_state WHERE key = ?", encodeKey(key));
    return row === undefined ? null : { version: numberOf(row[0]), bytes: bytesOf(row[1]) };
  }

  version(key: string): number {
    const [row] = this.#rows("SELECT version FROM faramesh_state WHERE key = ?", encodeKey(key));
    return row === undefined ? 0 : numberOf(row[0]);
  }

  put(key: string, { version, bytes }: StateEntry): void {
    this.#sql.exec(
      "INSERT INTO faramesh_state (key, version, bytes) VALUES (?, ?, ?) " +
        "ON CONFLICT (key) DO UPDATE SET version = excluded.version, bytes = excluded.bytes",
      encodeKey(key),
      version,
      bytes,
    );
  }

  remove(key: string): void {
    this.#sql.exec("DELETE FROM faramesh_state WHERE key = ?", encodeKey(key));
  }

  list(prefix: string, after: string | null, limit: number): string[] {
    const start = encodeText("prefix", prefix);
    const behind = after === null ? NOTHING : encodeText("after", after);
    const sql = "SELECT key FROM faramesh_state WHERE key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?";
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    return this.#rows(sql, start, behind, prefixEnd(start), limit).map(([key]) =>
      decoder.decode(bytesOf(key)),
    );
  }

  push({ sequence, hash, record }: SealedRecord): void {
    const sql = "INSERT INTO faramesh_records (sequence, hash, record) VALUES (?, ?, ?)";
    this.#sql.exec(sql, sequence, hash, record);
  }

  page(from: number, to: number): SealedRecord[] {
    const sql =
      "SELECT sequence, hash, record FROM faramesh_records WHERE sequence >= ? AND sequence < ? ORDER BY sequence LIMIT ?";
    return this.#rows(sql, from, to, PAGE).map(([sequence, hash, record]) => ({
      sequence: numberOf(sequence),
      hash: bytesOf(hash),
      record: bytesOf(record),
    }));
  }

  #rows(sql: string, ...values: Value[]): Value[][] {
    return [...this.#sql.exec(sql, ...values).raw()];
  }
}

/**
 * Opens the stores in an object's storage, and makes their tables in an empty one; its other tables are left alone. To be called in
 * `ctx.blockConcurrencyWhile` of the constructor, or before the first use.
 * @throws ObjectStoreFailure `store_version`, `store_foreign`; nothing is changed then.
 */
export async function openObjectStores(storage: ObjectStorage): Promise<ObjectStores> {
  storage.transactionSync(() => {
    const named = storage.sql.exec("SELECT name FROM sqlite_master WHERE name = 'faramesh_meta'").raw();
    if ([...named].length === 0) makeTables(storage);
    else checkTables(storage);
  });
  await storage.sync();
  return storesIn(storage);
}

function storesIn(storage: ObjectStorage): ObjectStores {
  const tables = new ObjectTables(storage);
  const active = new Set<Promise<void>>();
  let closed = false;
  const run = <Result>(body: (tables: Tables) => Result): Result => {
    if (closed) throw new ObjectStoreFailure("store_closed", "the store is closed");
    return storage.transactionSync(() => body(tables));
  };
  const transactions: Transactions = {
    read: async (body) => run(body),
    write: async (body) => {
      const value = run(body);
      const durable = storage.sync();
      active.add(durable);
      try {
        await durable;
      } finally {
        active.delete(durable);
      }
      return value;
    },
    missing: (sequence) => new ObjectStoreFailure("log_pruned", `sequence ${sequence} is no longer kept`),
    close: async () => {
      closed = true;
      await Promise.allSettled(active);
    },
  };
  return {
    state: new TableState(transactions),
    log: new TableLog(transactions),
    ledger: new TableLedger(transactions),
  };
}
