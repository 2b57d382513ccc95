/**
 * State, records and both at once in one PostgreSQL database, for any number of processes on any number of machines. What resolves
 * was committed by a server with `fsync` and `synchronous_commit`. The row of the chain's tip is the lock of all that write.
 */
import type pg from "pg";
import { type RunTransaction, TransactionQueue } from "../../../control/ledger/batch.ts";
import type {
  AppendResult,
  ChainTip,
  CommitResult,
  Ledger,
  LedgerOutcome,
  LedgerView,
  RecordLog,
  SealedRecord,
  StateEntry,
  StateStore,
  StateWrite,
} from "../../../control/ports.ts";
import {
  checkListing,
  checkRecords,
  checkSequence,
  checkWrites,
  encodeKey,
  encodeText,
  HASH_BYTES,
  prefixEnd,
  sameTip,
} from "../../../control/stores/check.ts";
import { ledgerFailure } from "../../../control/stores/tables.ts";
import type { HostRefusal } from "../refusals.ts";
import { checkEntry, checkRecord, entryDigest } from "./digest.ts";
import { asRefusal, StoreFailure } from "./failure.ts";
import { asFailure, type PostgresOptions, PostgresPool, readTip } from "./postgres-pool.ts";
import { checkSchema } from "./postgres-schema.ts";

export type { PostgresOptions } from "./postgres-pool.ts";
export { migratePostgres } from "./postgres-schema.ts";

/** Faces of one pool of connections: to close one closes all. */
export interface PostgresStores {
  readonly state: StateStore;
  readonly log: RecordLog;
  readonly ledger: Ledger;
}

export type OpenedPostgres = { readonly ok: true; readonly stores: PostgresStores } | HostRefusal;

/** Records read at a time. */
const PAGE = 256;

const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const bufferOfKey = (key: string): Buffer => buffer(encodeKey(key));

interface Changes {
  readonly records: readonly SealedRecord[];
  /** Behind them. */
  readonly tip: ChainTip;
  /** New entries; null removes. */
  readonly entries: ReadonlyMap<string, StateEntry | null>;
}

/** The statements, and how their rows are read. */
class PostgresTables {
  readonly #schema: string;

  constructor(schema: string) {
    this.#schema = schema;
  }

  entries(keys: readonly string[]): pg.QueryConfig {
    const text = `SELECT key, version, bytes, digest FROM ${this.#schema}.state WHERE key = ANY($1::bytea[])`;
    return { name: "entries", text, values: [keys.map(bufferOfKey)] };
  }

  readEntries(rows: readonly pg.QueryResultRow[]): Map<string, StateEntry> {
    const found = new Map<string, StateEntry>();
    for (const row of rows) {
      const { key, bytes, digest } = row as { key: Buffer; bytes: Buffer; digest: Buffer };
      const version = Number(row.version);
      checkEntry(key, version, bytes, digest);
      found.set(key.toString(), { bytes: new Uint8Array(bytes), version });
    }
    return found;
  }

  versions(keys: readonly string[]): pg.QueryConfig {
    const text = `SELECT key, version FROM ${this.#schema}.state WHERE key = ANY($1::bytea[])`;
    return { name: "versions", text, values: [keys.map(bufferOfKey)] };
  }

  list(prefix: string, after: string | null, limit: number): pg.QueryConfig {
    const start = encodeText("prefix", prefix);
    const behind = after === null ? new Uint8Array(0) : encodeText("after", after);
    const text = `SELECT key FROM ${this.#schema}.state WHERE key >= $1 AND key > $2 AND key < $3 ORDER BY key LIMIT $4`;
    return { name: "list", text, values: [...[start, behind, prefixEnd(start)].map(buffer), limit] };
  }

  tip(): pg.QueryConfig {
    return { name: "tip", text: `SELECT sequence, previous FROM ${this.#schema}.chain WHERE id = 1` };
  }

  /** Tip and last record, as of one moment. */
  end(): pg.QueryConfig {
    const last = `SELECT sequence AS last, hash FROM ${this.#schema}.records ORDER BY sequence DESC LIMIT 1`;
    const text = `SELECT chain.sequence, previous, last, hash FROM ${this.#schema}.chain LEFT JOIN (${last}) AS r ON true WHERE id = 1`;
    return { text };
  }

  /** With the record before, when it is there. */
  page(from: number, to: number): pg.QueryConfig {
    const text = `SELECT sequence, hash, record FROM ${this.#schema}.records WHERE sequence >= $1 AND sequence < $2 ORDER BY sequence LIMIT $3`;
    return { name: "page", text, values: [from - 1, to, PAGE + 1] };
  }

  write({ records, tip, entries }: Changes): pg.QueryConfig {
    const removed = [...entries].filter(([, entry]) => entry === null).map(([key]) => bufferOfKey(key));
    const put = [...entries].flatMap(([key, entry]) =>
      entry === null ? [] : [{ key: bufferOfKey(key), entry }],
    );
    const text = `WITH pushed AS (
        INSERT INTO ${this.#schema}.records (sequence, hash, record)
        SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[])
      ), removed AS (
        DELETE FROM ${this.#schema}.state WHERE key = ANY($4::bytea[])
      ), put AS (
        INSERT INTO ${this.#schema}.state (key, version, bytes, digest)
        SELECT * FROM unnest($5::bytea[], $6::bigint[], $7::bytea[], $8::bytea[])
        ON CONFLICT (key) DO UPDATE SET version = excluded.version, bytes = excluded.bytes, digest = excluded.digest
      )
      UPDATE ${this.#schema}.chain SET sequence = $9, previous = $10 WHERE id = 1`;
    const values = [
      records.map(({ sequence }) => sequence),
      records.map(({ hash }) => buffer(hash)),
      records.map(({ record }) => buffer(record)),
      removed,
      put.map(({ key }) => key),
      put.map(({ entry }) => entry.version),
      put.map(({ entry }) => buffer(entry.bytes)),
      put.map(({ key, entry }) => buffer(entryDigest(key, entry.version, entry.bytes))),
      tip.sequence,
      buffer(tip.previous),
    ];
    return { name: "write", text, values };
  }
}

class Face {
  protected readonly pool: PostgresPool;
  protected readonly tables: PostgresTables;

  constructor(pool: PostgresPool, tables: PostgresTables) {
    this.pool = pool;
    this.tables = tables;
  }

  protected async readKeys(keys: readonly string[]): Promise<(StateEntry | null)[]> {
    const query = this.tables.entries([...new Set(keys)]);
    const found = this.tables.readEntries(await this.pool.read(query));
    const given = new Set<StateEntry>();
    return keys.map((key) => {
      const entry = found.get(key);
      if (entry === undefined) return null;
      if (!given.has(entry)) {
        given.add(entry);
        return entry;
      }
      return { bytes: entry.bytes.slice(), version: entry.version };
    });
  }

  async close(): Promise<void> {
    await this.pool.close();
  }

  protected async listKeys(prefix: string, after: string | null, limit: number): Promise<string[]> {
    checkListing(prefix, after, limit);
    const rows = await this.pool.read<{ key: Buffer }>(this.tables.list(prefix, after, limit));
    return rows.map(({ key }) => key.toString());
  }
}

class PostgresState extends Face implements StateStore {
  read(keys: readonly string[]): Promise<(StateEntry | null)[]> {
    return this.readKeys(keys);
  }

  list(prefix: string, after: string | null, limit: number): Promise<string[]> {
    return this.listKeys(prefix, after, limit);
  }

  async commit(writes: readonly StateWrite[]): Promise<CommitResult> {
    checkWrites(writes);
    const query = this.tables.versions(writes.map(({ key }) => key));
    const entries = new Map(
      writes.map(({ key, expected, bytes }) => [
        key,
        bytes === null ? null : { bytes, version: expected + 1 },
      ]),
    );
    return this.pool.locked(async (client, tip): Promise<CommitResult> => {
      const { rows } = await client.query<{ key: Buffer; version: string }>(query);
      const versions = new Map(rows.map(({ key, version }) => [key.toString(), Number(version)]));
      const conflict = writes.find(({ key, expected }) => (versions.get(key) ?? 0) !== expected);
      if (conflict !== undefined) return { ok: false, conflict: conflict.key };
      await client.query(this.tables.write({ records: [], tip, entries }));
      return { ok: true };
    });
  }
}

class PostgresLog extends Face implements RecordLog {
  async tip(): Promise<ChainTip> {
    return readTip((await this.pool.read<{ sequence: string; previous: Buffer }>(this.tables.tip()))[0]);
  }

  async append(expected: ChainTip, records: readonly SealedRecord[]): Promise<AppendResult> {
    const next = checkRecords(expected, records);
    return this.pool.locked(async (client, tip): Promise<AppendResult> => {
      if (!sameTip(tip, expected)) return { ok: false, tip };
      if (records.length > 0)
        await client.query(this.tables.write({ records, tip: next, entries: new Map() }));
      return { ok: true };
    });
  }

  read(from: number): AsyncIterable<SealedRecord> {
    checkSequence(from);
    const tip = this.tip();
    // Whoever never iterates does not hear of it.
    tip.catch(() => {});
    return this.#readPages(from, tip);
  }

  async *#readPages(from: number, tip: Promise<ChainTip>): AsyncGenerator<SealedRecord> {
    const end = (await tip).sequence;
    for (let next = from; next < end; ) {
      const rows = await this.pool.read<{ sequence: string; hash: Buffer; record: Buffer }>(
        this.tables.page(next, end),
      );
      let previous: Uint8Array | null = next === 0 ? new Uint8Array(HASH_BYTES) : null;
      const start = next;
      for (const row of rows) {
        const sequence = Number(row.sequence);
        const hash = new Uint8Array(row.hash);
        if (sequence >= start) {
          if (sequence !== next) break;
          const sealed = { sequence, record: new Uint8Array(row.record), hash };
          checkRecord(previous, sealed);
          yield sealed;
          next++;
        }
        previous = hash;
      }
      if (next === start) {
        // Retention drops from the beginning, and never what stands behind a record that is kept.
        const code = previous === null || start === 0 ? "log_pruned" : "store_damaged";
        throw new StoreFailure(code, `sequence ${next}`);
      }
    }
  }
}

class PostgresLedger extends Face implements Ledger {
  readonly #queue = new TransactionQueue((keys, compute) => this.#run(keys, compute));

  transact<Value>(keys: readonly string[], work: (view: LedgerView) => LedgerOutcome<Value>): Promise<Value> {
    return this.#queue.transact(keys, work);
  }

  async read(keys: readonly string[]): Promise<(Uint8Array | null)[]> {
    return (await this.readKeys(keys)).map((entry) => entry?.bytes ?? null);
  }

  list(prefix: string, after: string | null, limit: number): Promise<string[]> {
    return this.listKeys(prefix, after, limit);
  }

  override async close(): Promise<void> {
    await this.#queue.idle();
    await this.pool.close();
  }

  async #run(...[keys, compute]: Parameters<RunTransaction>): Promise<void> {
    let computed = false;
    try {
      await this.pool.locked(async (client, tip) => {
        computed = false;
        const rows = keys.length === 0 ? [] : (await client.query(this.tables.entries(keys))).rows;
        const before = this.tables.readEntries(rows);
        const outcome = compute({ tip, get: (key) => before.get(key)?.bytes ?? null });
        computed = true;
        if (outcome.records.length === 0 && outcome.writes.size === 0) return;
        const entries = new Map(
          [...outcome.writes].map(([key, bytes]) => {
            const version = (before.get(key)?.version ?? 0) + 1;
            return [key, bytes === null ? null : { bytes, version }];
          }),
        );
        await client.query(this.tables.write({ records: outcome.records, tip: outcome.tip, entries }));
      });
    } catch (error) {
      throw ledgerFailure(error, computed);
    }
  }
}

/** The tip and the last record are written together: they say the same. */
async function checkEnd(pool: PostgresPool, tables: PostgresTables): Promise<void> {
  type Row = { sequence: string; previous: Buffer; last: string | null; hash: Buffer | null };
  const [row] = await pool.read<Row>(tables.end());
  const { sequence, previous } = readTip(row);
  const follows = row?.last == null ? sequence === 0 : Number(row.last) === sequence - 1;
  if (follows && Buffer.compare(previous, row?.hash ?? new Uint8Array(HASH_BYTES)) === 0) return;
  throw new StoreFailure("store_damaged", "the chain does not end with its last record");
}

/**
 * Connects and looks at the tables. Refused with `store_unmigrated`, `store_version`, `store_foreign`, `store_damaged`,
 * `store_unavailable`; nothing is changed then. What the stores reject with is a StoreFailure of these codes, `store_busy`,
 * `store_closed` or `log_pruned`; it is the `cause` of a LedgerFailure.
 */
export async function openPostgres(options: PostgresOptions): Promise<OpenedPostgres> {
  const pool = new PostgresPool(options);
  const tables = new PostgresTables(pool.schema);
  try {
    const query = async (text: string, values: unknown[] = []) => ({
      rows: await pool.read({ text, values }),
    });
    await checkSchema({ query }, pool.schema);
    await checkEnd(pool, tables);
  } catch (error) {
    await pool.close();
    return asRefusal(asFailure(error));
  }
  return {
    ok: true,
    stores: {
      state: new PostgresState(pool, tables),
      log: new PostgresLog(pool, tables),
      ledger: new PostgresLedger(pool, tables),
    },
  };
}
