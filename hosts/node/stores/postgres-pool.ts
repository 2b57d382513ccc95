/** Connections to one PostgreSQL database, and transactions that hold its one lock. */
import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import type { ChainTip } from "../../../control/ports.ts";
import { HASH_BYTES } from "../../../control/stores/check.ts";
import { errorCode, errorText } from "../files.ts";
import { StoreFailure } from "./failure.ts";

export interface PostgresOptions {
  /** `postgres://…`; or the fields below. Passwords are not in any message. */
  readonly url?: string;
  /** Name, address, or folder of the server's socket. */
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly user?: string;
  readonly password?: string;
  /** As for `tls.connect`; false or left out: no TLS. */
  readonly tls?: boolean | ConnectionOptions;
  /** A name of lower-case letters, digits and `_`; `faramesh` when left out. */
  readonly schema?: string;
  /** Longest wait for a connection; 5,000 when left out. */
  readonly connectMs?: number;
  /** Longest wait for a statement, locks included; 10,000 when left out. */
  readonly statementMs?: number;
  /** 4 when left out. */
  readonly connections?: number;
}

/** Serialization failure and deadlock: the server says that nothing of the transaction stays. */
const RETRYABLE = new Set(["40001", "40P01"]);
const ATTEMPTS = 6;
const RETRY_MS = 5;
/** Beyond the server's own limit: a server that does not answer at all. */
const ANSWER_MS = 2_000;

const SCHEMA_NAME = /^[a-z_][a-z0-9_]{0,62}$/;

/** @throws RangeError */
export function schemaOf({ schema = "faramesh" }: PostgresOptions): string {
  if (!SCHEMA_NAME.test(schema))
    throw new RangeError(`schema: a lower-case name, not ${JSON.stringify(schema)}`);
  return schema;
}

export function makePool(options: PostgresOptions): pg.Pool {
  const { url, host, port, database, user, password, tls, statementMs = 10_000 } = options;
  const address = { host, port, database, user, password, connectionString: url, ssl: tls };
  const given = Object.entries(address).filter(([, value]) => value !== undefined);
  const pool = new pg.Pool({
    ...Object.fromEntries(given),
    application_name: "faramesh",
    connectionTimeoutMillis: options.connectMs ?? 5_000,
    statement_timeout: statementMs,
    lock_timeout: statementMs,
    // Of a process that stands still within a transaction: it would keep everybody out.
    idle_in_transaction_session_timeout: statementMs,
    query_timeout: statementMs + ANSWER_MS,
    keepAlive: true,
    max: options.connections ?? 4,
  });
  // A connection that is lost while nobody uses it is no event: whoever uses the next one hears of it.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));
  return pool;
}

export function asFailure(error: unknown): unknown {
  if (error instanceof StoreFailure || error instanceof RangeError || error instanceof TypeError)
    return error;
  const code = errorCode(error) ?? "";
  const detail = code === "" ? errorText(error) : `${errorText(error)} (${code})`;
  if (code === "3F000" || code === "42P01") return new StoreFailure("store_unmigrated", detail, error);
  if (code === "55P03" || code === "57014" || RETRYABLE.has(code))
    return new StoreFailure("store_busy", detail, error);
  // Integrity constraints, data and index corruption.
  if (code.startsWith("23") || code.startsWith("XX")) return new StoreFailure("store_damaged", detail, error);
  return new StoreFailure("store_unavailable", detail, error);
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** @throws StoreFailure */
export function readTip(row: { sequence: string; previous: Buffer } | undefined): ChainTip {
  const sequence = Number(row?.sequence);
  if (
    row === undefined ||
    !Number.isSafeInteger(sequence) ||
    sequence < 0 ||
    row.previous.length !== HASH_BYTES
  ) {
    throw new StoreFailure("store_damaged", "it does not say where the chain ends");
  }
  return { sequence, previous: new Uint8Array(row.previous) };
}

export class PostgresPool {
  readonly schema: string;
  readonly #pool: pg.Pool;
  readonly #active = new Set<Promise<unknown>>();
  #closing: Promise<void> | null = null;

  constructor(options: PostgresOptions) {
    this.schema = schemaOf(options);
    this.#pool = makePool(options);
  }

  /** One statement, of one moment. @throws StoreFailure */
  read<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<Row[]> {
    return this.#track(async () => (await this.#pool.query<Row>(query)).rows);
  }

  /**
   * Runs `body` with the tip while nobody else is in such a transaction, in this or another process, and commits. It may be run again. Rejects
   * when the commit did not take place, or when that is not known. @throws StoreFailure
   */
  locked<Value>(body: (client: pg.PoolClient, tip: ChainTip) => Promise<Value>): Promise<Value> {
    return this.#track(async () => {
      for (let attempt = 1; ; attempt++) {
        try {
          return await this.#once(body);
        } catch (error) {
          if (!RETRYABLE.has(errorCode(error) ?? "") || attempt === ATTEMPTS) throw error;
          await pause(attempt * RETRY_MS);
        }
      }
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #track<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#closing !== null) throw new StoreFailure("store_closed", this.schema);
    const running = work();
    this.#active.add(running);
    try {
      return await running;
    } catch (error) {
      throw asFailure(error);
    } finally {
      this.#active.delete(running);
    }
  }

  async #once<Value>(body: (client: pg.PoolClient, tip: ChainTip) => Promise<Value>): Promise<Value> {
    const client = await this.#pool.connect();
    let committed = false;
    try {
      // Each statement sees what was committed before it began: those behind the lock see all.
      const results = (await client.query(
        `BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT sequence, previous FROM ${this.schema}.chain WHERE id = 1 FOR UPDATE`,
      )) as unknown as pg.QueryResult[];
      const value = await body(client, readTip(results[1]!.rows[0]));
      const { command } = await client.query("COMMIT");
      if (command !== "COMMIT")
        throw new StoreFailure("store_unavailable", "the transaction was rolled back");
      committed = true;
      return value;
    } finally {
      // A connection on which something failed is not used again; the server rolls back when it ends.
      client.release(!committed);
    }
  }

  async #close(): Promise<void> {
    while (this.#active.size > 0) await Promise.allSettled(this.#active);
    await this.#pool.end();
  }
}
