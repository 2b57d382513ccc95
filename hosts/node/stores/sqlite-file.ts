/** One SQLite file of ours: opened, judged, and written in transactions that are on the disk when they are over. */
import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import Database from "libsql";
import { errorCode, errorText, syncFolder } from "../files.ts";
import { StoreFailure } from "./failure.ts";

/** "FPLS": marks the file as one of ours, in its header. */
const APPLICATION_ID = 0x46504c53;
const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE state (
    key BLOB NOT NULL UNIQUE, version INTEGER NOT NULL, bytes BLOB NOT NULL, digest BLOB NOT NULL
  ) STRICT;
  CREATE TABLE records (sequence INTEGER PRIMARY KEY, hash BLOB NOT NULL, record BLOB NOT NULL) STRICT;
  CREATE TABLE chain (id INTEGER PRIMARY KEY CHECK (id = 1), sequence INTEGER NOT NULL, previous BLOB NOT NULL) STRICT;
  INSERT INTO chain VALUES (1, 0, zeroblob(32));
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
`;
/** A write-ahead log beyond this is copied into the file. */
const MAX_WAL_BYTES = 16_777_216;
const COMMITS_PER_LOOK = 32;
/** Looks for a lock without a pause before they are 1 ms apart. */
const EAGER_ATTEMPTS = 8;

export interface SqliteOptions {
  /** Longest wait for other processes' transactions; 5,000 when left out. */
  readonly busyMs?: number;
  /** Pages of 4 KiB that the file may have; for quotas. */
  readonly maxPages?: number;
}

function codeOf(error: unknown): string {
  return errorCode(error) ?? "";
}

const isBusy = (error: unknown): boolean => /^SQLITE_(?:BUSY|LOCKED)/.test(codeOf(error));

function asFailure(error: unknown, path: string): unknown {
  if (error instanceof StoreFailure || error instanceof RangeError || error instanceof TypeError)
    return error;
  const detail = `${path}: ${errorText(error)}`;
  if (/^SQLITE_(?:CORRUPT|NOTADB|CONSTRAINT|MISMATCH)|^SQLITE_ERROR$/.test(codeOf(error))) {
    return new StoreFailure("store_damaged", detail, error);
  }
  if (isBusy(error)) return new StoreFailure("store_busy", detail, error);
  return new StoreFailure("store_unavailable", detail, error);
}

/** First column of the first row. */
function single(database: Database.Database, sql: string): unknown {
  return (database.prepare(sql).raw().get([]) as unknown[])[0];
}

function pause(attempt: number): Promise<void> {
  return new Promise((resolve) => {
    if (attempt < EAGER_ATTEMPTS) setImmediate(resolve);
    else setTimeout(resolve, 1);
  });
}

/** SQLite gives the files beside it the mode of the file. An existing one is not opened here: closing it would drop SQLite's locks. */
async function createFile(path: string): Promise<void> {
  try {
    const handle = await open(path, "wx", 0o600);
    await handle.close();
    await syncFolder(dirname(path));
  } catch (error) {
    if (errorCode(error) !== "EEXIST") throw error;
  }
}

/**
 * A connection in WAL mode with `synchronous = FULL`: every commit waits for its fsync.
 *
 * SQLite before 3.51.3, which libsql is, can lose a commit that resets the write-ahead log while another process copies it into
 * the file (https://sqlite.org/wal.html#walresetbug). So nobody copies it but who keeps all writers out: a second connection holds
 * the write lock meanwhile.
 */
export class SqliteFile {
  readonly path: string;
  readonly #busyMs: number;
  #database: Database.Database | null;
  #guard: Database.Database | null;
  readonly #active = new Set<Promise<unknown>>();
  #closing: Promise<void> | null = null;
  #broken: StoreFailure | null = null;
  /** The file is one of ours and open for writing. */
  #usable = false;
  #commits = 0;

  private constructor(
    path: string,
    connections: { database: Database.Database; guard: Database.Database },
    busyMs: number,
  ) {
    this.path = path;
    this.#database = connections.database;
    this.#guard = connections.guard;
    this.#busyMs = busyMs;
  }

  /** Opens or makes the file. @throws StoreFailure */
  static async open(path: string, options: SqliteOptions = {}): Promise<SqliteFile> {
    const busyMs = options.busyMs ?? 5_000;
    try {
      await createFile(path);
      const database = new Database(path);
      const file = new SqliteFile(path, { database, guard: new Database(path) }, busyMs);
      try {
        await file.#prepare(database, options.maxPages ?? null);
      } catch (error) {
        await file.close();
        throw error;
      }
      return file;
    } catch (error) {
      throw asFailure(error, path);
    }
  }

  /** Rows come as arrays. */
  prepare(sql: string): Database.Statement<unknown[]> {
    const statement = this.#database!.prepare(sql);
    return statement.reader ? statement.raw() : statement;
  }

  /** Reads as of one moment. `body` is synchronous and may run again. @throws StoreFailure */
  read<Value>(body: () => Value): Promise<Value> {
    return this.#track(this.#transaction("BEGIN", body));
  }

  /** Reads and writes with everybody else kept out; durable when it resolves. `body` is synchronous and may run again. @throws StoreFailure */
  write<Value>(body: () => Value): Promise<Value> {
    return this.#track(this.#write(body));
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #prepare(database: Database.Database, maxPages: number | null): Promise<void> {
    await this.#retry(() => this.#judge(database));
    // Not before the file is known to be ours: this changes it.
    const mode = await this.#retry(() => single(database, "PRAGMA journal_mode = WAL"));
    database.exec("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;");
    // A log that starts over is written in its old place, which makes its fsync cheaper, and is cut to where the next copying is due.
    database.exec(`PRAGMA journal_size_limit = ${MAX_WAL_BYTES};`);
    database.exec("PRAGMA fullfsync = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;");
    this.#guard!.exec("PRAGMA wal_autocheckpoint = 0;");
    if (maxPages !== null) database.exec(`PRAGMA max_page_count = ${maxPages};`);
    if (mode !== "wal" || single(database, "PRAGMA synchronous") !== 2) {
      throw new StoreFailure("store_unavailable", `${this.path}: the file system takes no write-ahead log`);
    }
    // A file that cannot be written is found out here, not at the first decision.
    await this.write(() => {
      if (this.#judge(database)) database.exec(SCHEMA);
    });
    this.#usable = true;
  }

  /** True for an empty file. */
  #judge(database: Database.Database): boolean {
    const application = single(database, "PRAGMA application_id");
    const version = single(database, "PRAGMA user_version");
    const tables = single(database, "SELECT count(*) FROM sqlite_schema");
    if (application === 0 && version === 0 && tables === 0) return true;
    if (application !== APPLICATION_ID) throw new StoreFailure("store_foreign", this.path);
    if (version !== SCHEMA_VERSION) {
      const detail = `${this.path} has version ${version}, this release reads ${SCHEMA_VERSION}`;
      throw new StoreFailure("store_version", detail);
    }
    return false;
  }

  #track<Value>(work: Promise<Value>): Promise<Value> {
    this.#active.add(work);
    const done = () => this.#active.delete(work);
    work.then(done, done);
    return work;
  }

  async #write<Value>(body: () => Value): Promise<Value> {
    const value = await this.#transaction("BEGIN IMMEDIATE", body);
    this.#commits++;
    if (this.#commits % COMMITS_PER_LOOK === 0) this.#lookAtWal();
    return value;
  }

  #transaction<Value>(begin: string, body: () => Value): Promise<Value> {
    if (this.#closing !== null) return Promise.reject(new StoreFailure("store_closed", this.path));
    return this.#retry(() => {
      if (this.#broken !== null) throw this.#broken;
      const database = this.#database!;
      // Not prepared: libsql leaves a statement that met a lock unfinished, and the next COMMIT fails for it.
      database.exec(begin);
      try {
        const value = body();
        database.exec("COMMIT");
        return value;
      } catch (error) {
        this.#rollBack(error);
        throw error;
      }
    });
  }

  #rollBack(error: unknown): void {
    // Behind such an error the connection cannot be trusted any more.
    const fatal = /^SQLITE_(?:IOERR|CORRUPT|NOTADB|NOMEM)/.test(codeOf(error));
    if (fatal) this.#broken = asFailure(error, this.path) as StoreFailure;
    if (!this.#database!.inTransaction) return;
    try {
      this.#database!.exec("ROLLBACK");
    } catch (second) {
      this.#broken = asFailure(second, this.path) as StoreFailure;
    }
  }

  /** Tries again while somebody else holds the lock that `attempt` needs. */
  async #retry<Value>(attempt: () => Value): Promise<Value> {
    const end = performance.now() + this.#busyMs;
    for (let count = 0; ; count++) {
      try {
        return attempt();
      } catch (error) {
        if (!isBusy(error) || performance.now() >= end) throw asFailure(error, this.path);
      }
      await pause(count);
    }
  }

  /** Whatever fails here, the transaction is durable already; the write-ahead log grows until it can be copied. */
  #lookAtWal(): void {
    const { size } = statSync(`${this.path}-wal`, { throwIfNoEntry: false }) ?? { size: 0 };
    if (size > MAX_WAL_BYTES) this.#checkpoint();
  }

  /** Unless somebody writes at this moment: then they, or the next commit, will do it. */
  #checkpoint(): void {
    const guard = this.#guard!;
    try {
      guard.exec("BEGIN IMMEDIATE");
      this.#database!.pragma("wal_checkpoint(PASSIVE)");
    } catch (error) {
      if (/^SQLITE_(?:IOERR|CORRUPT)/.test(codeOf(error)))
        this.#broken = asFailure(error, this.path) as StoreFailure;
    } finally {
      if (guard.inTransaction) guard.exec("ROLLBACK");
    }
  }

  async #close(): Promise<void> {
    while (this.#active.size > 0) await Promise.allSettled(this.#active);
    if (this.#usable && this.#broken === null) this.#checkpoint();
    this.#guard!.close();
    this.#database!.close();
    this.#guard = null;
    this.#database = null;
  }
}
