/**
 * State, records and both at once in one SQLite file, for any number of processes of one machine. What resolves is on the disk:
 * a commit ends with the fsync of SQLite's write-ahead log. Not for a file system shared over a network: its locks do not hold.
 */
import { resolve } from "node:path";
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
import type { HostRefusal } from "../refusals.ts";
import { checkEntry, checkRecord, entryDigest } from "./digest.ts";
import { asRefusal, StoreFailure } from "./failure.ts";
import { SqliteFile, type SqliteOptions } from "./sqlite-file.ts";

export type { SqliteOptions } from "./sqlite-file.ts";

/** Faces of one connection: to close one closes all. */
export interface SqliteStores {
  readonly state: StateStore;
  readonly log: RecordLog;
  readonly ledger: Ledger;
}

export type OpenedSqlite = { readonly ok: true; readonly stores: SqliteStores } | HostRefusal;

/** Records read in one transaction. */
const PAGE = 64;
const NOTHING = new Uint8Array(0);

type Row = readonly unknown[];

function prepareStatements(file: SqliteFile) {
  return {
    entry: file.prepare("SELECT version, bytes, digest FROM state WHERE key = ?"),
    version: file.prepare("SELECT version FROM state WHERE key = ?"),
    put: file.prepare(
      "INSERT INTO state (key, version, bytes, digest) VALUES (?, ?, ?, ?) " +
        "ON CONFLICT (key) DO UPDATE SET version = excluded.version, bytes = excluded.bytes, digest = excluded.digest",
    ),
    remove: file.prepare("DELETE FROM state WHERE key = ?"),
    list: file.prepare("SELECT key FROM state WHERE key >= ? AND key > ? AND key < ? ORDER BY key LIMIT ?"),
    tip: file.prepare("SELECT sequence, previous FROM chain WHERE id = 1"),
    moveTip: file.prepare("UPDATE chain SET sequence = ?, previous = ? WHERE id = 1"),
    push: file.prepare("INSERT INTO records (sequence, hash, record) VALUES (?, ?, ?)"),
    hash: file.prepare("SELECT hash FROM records WHERE sequence = ?"),
    integrity: file.prepare("SELECT integrity_check FROM pragma_integrity_check('state')"),
    last: file.prepare("SELECT sequence, hash FROM records ORDER BY sequence DESC LIMIT 1"),
    page: file.prepare(
      "SELECT sequence, hash, record FROM records WHERE sequence >= ? AND sequence < ? ORDER BY sequence LIMIT ?",
    ),
  };
}

class SqliteTables implements Tables {
  readonly #path: string;
  readonly #sql: ReturnType<typeof prepareStatements>;

  constructor(file: SqliteFile) {
    this.#path = file.path;
    this.#sql = prepareStatements(file);
  }

  tip(): ChainTip {
    const [sequence, previous] = (this.#sql.tip.get([]) as Row | undefined) ?? [];
    if (!Number.isSafeInteger(sequence) || (sequence as number) < 0 || !isHash(previous)) {
      throw new StoreFailure("store_damaged", `${this.#path}: it does not say where the chain ends`);
    }
    return { sequence: sequence as number, previous: new Uint8Array(previous) };
  }

  moveTip({ sequence, previous }: ChainTip): void {
    this.#sql.moveTip.run([sequence, previous]);
  }

  entry(key: string): StateEntry | null {
    const name = encodeKey(key);
    const row = this.#sql.entry.get([name]) as [number, Uint8Array, Uint8Array] | undefined;
    if (row === undefined) return null;
    const [version, bytes, digest] = row;
    checkEntry(name, version, bytes, digest);
    return { bytes: new Uint8Array(bytes), version };
  }

  version(key: string): number {
    const [version = 0] = (this.#sql.version.get([encodeKey(key)]) as [number] | undefined) ?? [];
    return version;
  }

  put(key: string, { bytes, version }: StateEntry): void {
    const name = encodeKey(key);
    this.#sql.put.run([name, version, bytes, entryDigest(name, version, bytes)]);
  }

  remove(key: string): void {
    this.#sql.remove.run([encodeKey(key)]);
  }

  list(prefix: string, after: string | null, limit: number): string[] {
    const start = encodeText("prefix", prefix);
    const behind = after === null ? NOTHING : encodeText("after", after);
    const rows = this.#sql.list.all([start, behind, prefixEnd(start), limit]) as [Uint8Array][];
    return rows.map(([key]) => Buffer.from(key).toString());
  }

  push({ sequence, hash, record }: SealedRecord): void {
    this.#sql.push.run([sequence, hash, record]);
  }

  page(from: number, to: number): SealedRecord[] {
    const rows = this.#sql.page.all([from, to, PAGE]) as [number, Uint8Array, Uint8Array][];
    const before = this.#sql.hash.get([from - 1]) as [Uint8Array] | undefined;
    if (rows[0]?.[0] !== from) {
      // Retention drops from the beginning, and never what stands behind a record that is kept.
      if (before === undefined) return [];
      throw new StoreFailure("store_damaged", `${this.#path}: record ${from} is missing`);
    }
    let previous = from === 0 ? new Uint8Array(HASH_BYTES) : (before?.[0] ?? null);
    return rows.map(([sequence, hash, record]) => {
      const sealed = { sequence, record: new Uint8Array(record), hash: new Uint8Array(hash) };
      checkRecord(previous, sealed);
      previous = sealed.hash;
      return sealed;
    });
  }

  /**
   * The tip and the last record are written together: they say the same. A key that its index does not find would count as new, so the
   * index is compared with its table.
   * @throws StoreFailure
   */
  checkWhole(): void {
    const [found] = this.#sql.integrity.get([]) as [string];
    if (found !== "ok") throw new StoreFailure("store_damaged", `${this.#path}: ${found}`);
    const { sequence, previous } = this.tip();
    const last = this.#sql.last.get([]) as [number, Uint8Array] | undefined;
    const follows = last === undefined ? sequence === 0 : last[0] === sequence - 1;
    if (follows && Buffer.compare(previous, last?.[1] ?? new Uint8Array(HASH_BYTES)) === 0) return;
    throw new StoreFailure("store_damaged", `${this.#path}: the chain does not end with its last record`);
  }
}

function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES;
}

/**
 * Opens the file, or makes it with mode 0600. Refused with `store_foreign`, `store_version`, `store_damaged`, `store_busy`,
 * `store_unavailable`; nothing is changed then. What the stores reject with is a StoreFailure of these codes, `store_closed` or
 * `log_pruned`; it is the `cause` of a LedgerFailure.
 */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<OpenedSqlite> {
  let file: SqliteFile | null = null;
  try {
    // libsql takes `:memory:` and addresses of servers for something else than files: an absolute path is neither.
    file = await SqliteFile.open(resolve(path), options);
    const stores = await storesOf(file);
    return { ok: true, stores };
  } catch (error) {
    await file?.close();
    return asRefusal(error);
  }
}

async function storesOf(file: SqliteFile): Promise<SqliteStores> {
  const tables = await file.read(() => new SqliteTables(file));
  const transactions: Transactions = {
    read: (body) => file.read(() => body(tables)),
    write: (body) => file.write(() => body(tables)),
    missing: (sequence) => new StoreFailure("log_pruned", `${file.path}: sequence ${sequence}`),
    close: () => file.close(),
  };
  await file.read(() => tables.checkWhole());
  return {
    state: new TableState(transactions),
    log: new TableLog(transactions),
    ledger: new TableLedger(transactions),
  };
}
