/** What others take for the same bytes, in the same run: the disk itself, and databases that make each insert durable. */
import { hash } from "node:crypto";
import { closeSync, constants, fdatasyncSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import pg from "pg";

export interface Floor {
  name: string;
  /** Records in a commit. */
  batch: number;
  recordsPerSecond: number;
}

/** Runs `commit`, of `batch` records, for so long. */
function timed(name: string, batch: number, durationMs: number, commit: () => void): Floor {
  for (let warm = 0; warm < 20; warm++) commit();
  const start = performance.now();
  let commits = 0;
  for (; performance.now() - start < durationMs; commits++) commit();
  return { name, batch, recordsPerSecond: (commits * batch * 1e3) / (performance.now() - start) };
}

/** Append, then fdatasync: with nothing computed at all. */
export function appendFloor(folder: string, line: Uint8Array, batch: number, durationMs: number): Floor {
  const path = join(folder, "floor");
  const descriptor = openSync(path, constants.O_CREAT | constants.O_TRUNC | constants.O_WRONLY);
  const bytes = Buffer.concat(Array.from({ length: batch }, () => line));
  let at = 0;
  try {
    return timed("append and fdatasync", batch, durationMs, () => {
      at += writeSync(descriptor, bytes, 0, bytes.length, at);
      fdatasyncSync(descriptor);
    });
  } finally {
    closeSync(descriptor);
    rmSync(path);
  }
}

export function sqliteFloor(folder: string, line: Uint8Array, batch: number, durationMs: number): Floor {
  const database = new Database(join(folder, `floor-${batch}.sqlite`));
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    database.exec("CREATE TABLE records (sequence INTEGER PRIMARY KEY, line BLOB NOT NULL)");
    const insert = database.prepare("INSERT INTO records (line) VALUES (?)");
    const bytes = Buffer.from(line);
    return timed("SQLite, insert", batch, durationMs, () => {
      database.exec("BEGIN");
      for (let index = 0; index < batch; index++) insert.run([bytes]);
      database.exec("COMMIT");
    });
  } finally {
    database.close();
  }
}

/** One insert in each commit, from so many connections at once: the server makes them durable together where it can. */
export async function postgresFloor(
  address: { host: string; user: string; database: string },
  line: Uint8Array,
  connections: number,
  durationMs: number,
): Promise<Floor> {
  const pool = new pg.Pool({ ...address, max: connections });
  const bytes = Buffer.from(line);
  const insert = { name: "insert", text: "INSERT INTO floor (line) VALUES ($1)", values: [bytes] };
  try {
    await pool.query(
      "CREATE TABLE IF NOT EXISTS floor (sequence bigserial PRIMARY KEY, line bytea NOT NULL)",
    );
    const start = performance.now();
    let commits = 0;
    const client = async (): Promise<void> => {
      for (; performance.now() - start < durationMs; commits++) await pool.query(insert);
    };
    await Promise.all(Array.from({ length: connections }, client));
    const recordsPerSecond = (commits * 1e3) / (performance.now() - start);
    return { name: `PostgreSQL, insert, ${connections} connections`, batch: 1, recordsPerSecond };
  } finally {
    await pool.end();
  }
}

/** Nanoseconds of node:crypto's SHA-256 over a text of that size. */
export function sha256Ns(bytes: Uint8Array): number {
  const { recordsPerSecond } = timed("SHA-256", 200, 200, () => {
    for (let index = 0; index < 200; index++) hash("sha256", bytes, "hex");
  });
  return 1e9 / recordsPerSecond;
}
