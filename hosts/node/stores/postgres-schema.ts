/** The tables in PostgreSQL: made by `migratePostgres`, looked at by `checkSchema`. */
import type pg from "pg";
import type { HostRefusal } from "../refusals.ts";
import { asRefusal, StoreFailure } from "./failure.ts";
import { asFailure, makePool, type PostgresOptions, schemaOf } from "./postgres-pool.ts";

const APPLICATION = "faramesh stores";
const SCHEMA_VERSION = 1;
/** Of the advisory lock under which one migration runs at a time; "FPLS". */
const MIGRATION_LOCK = 0x46504c53;
const DUPLICATE_TABLE = "42P07";

const tables = (schema: string): string => `
  CREATE TABLE ${schema}.meta (id integer PRIMARY KEY CHECK (id = 1), application text NOT NULL, version integer NOT NULL);
  CREATE TABLE ${schema}.state (key bytea PRIMARY KEY, version bigint NOT NULL, bytes bytea NOT NULL, digest bytea NOT NULL);
  CREATE TABLE ${schema}.records (sequence bigint PRIMARY KEY, hash bytea NOT NULL, record bytea NOT NULL);
  CREATE TABLE ${schema}.chain (id integer PRIMARY KEY CHECK (id = 1), sequence bigint NOT NULL, previous bytea NOT NULL);
  ALTER TABLE ${schema}.chain SET (fillfactor = 10);
  INSERT INTO ${schema}.chain VALUES (1, 0, decode(repeat('00', 32), 'hex'));
  INSERT INTO ${schema}.meta VALUES (1, '${APPLICATION}', ${SCHEMA_VERSION});
`;

interface Queries {
  query(sql: string, values?: unknown[]): Promise<{ rows: pg.QueryResultRow[] }>;
}

/** Whether the tables are there. @throws StoreFailure for others of that name. */
async function hasTables(client: Queries, schema: string): Promise<boolean> {
  const found = await client.query("SELECT to_regclass($1) IS NOT NULL AS there", [`${schema}.meta`]);
  if (found.rows[0]?.there !== true) return false;
  let row: { application?: unknown; version?: unknown } = {};
  try {
    row = (await client.query(`SELECT application, version FROM ${schema}.meta WHERE id = 1`)).rows[0] ?? {};
  } catch (error) {
    // An undefined column: some other table of that name.
    if ((error as { code?: unknown }).code !== "42703") throw error;
  }
  if (row.application !== APPLICATION) throw new StoreFailure("store_foreign", `schema ${schema}`);
  if (row.version !== SCHEMA_VERSION) {
    const detail = `schema ${schema} has version ${row.version}, this release reads ${SCHEMA_VERSION}`;
    throw new StoreFailure("store_version", detail);
  }
  return true;
}

/** Refuses servers on which a commit is no promise. @throws StoreFailure */
export async function checkSchema(client: Queries, schema: string): Promise<void> {
  if (!(await hasTables(client, schema))) throw new StoreFailure("store_unmigrated", `schema ${schema}`);
  const { rows } = await client.query(
    "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit, pg_is_in_recovery() AS replica",
  );
  const { fsync, commit, replica } = rows[0] as { fsync: string; commit: string; replica: boolean };
  if (replica) throw new StoreFailure("store_unavailable", "the server is a replica, which takes no writes");
  if (fsync !== "on") throw new StoreFailure("store_unavailable", "the server runs with fsync = off");
  if (commit === "off") {
    throw new StoreFailure("store_unavailable", "synchronous_commit is off for this user or database");
  }
}

/**
 * Makes schema and tables, unless they are there. As a user who may create them; who only runs the control plane needs USAGE on the
 * schema, SELECT on its tables, INSERT, UPDATE and DELETE on `state`, INSERT on `records`, UPDATE on `chain`.
 */
export async function migratePostgres(
  options: PostgresOptions,
): Promise<{ ok: true; made: boolean } | HostRefusal> {
  const schema = schemaOf(options);
  const pool = makePool({ ...options, connections: 1 });
  try {
    return { ok: true, made: await migrate(pool, schema) };
  } catch (error) {
    return asRefusal(asFailure(error));
  } finally {
    await pool.end();
  }
}

async function migrate(pool: pg.Pool, schema: string): Promise<boolean> {
  const client = await pool.connect();
  let done = false;
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    const there = await hasTables(client, schema);
    if (!there) await client.query(`CREATE SCHEMA IF NOT EXISTS ${schema}; ${tables(schema)}`);
    await client.query("COMMIT");
    done = true;
    return !there;
  } catch (error) {
    if ((error as { code?: unknown }).code !== DUPLICATE_TABLE) throw error;
    throw new StoreFailure("store_foreign", `schema ${schema}: ${(error as Error).message}`, error);
  } finally {
    client.release(!done);
  }
}
