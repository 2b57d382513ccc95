/** The same control plane over the other ledgers. */
import { join } from "node:path";
import type { Ledger } from "../../control/ports.ts";
import { Memory, MemoryLedger } from "../../control/stores/memory.ts";
import { openControl } from "../../hosts/node/control.ts";
import { createSalts } from "../../hosts/node/salt-key.ts";
import { migratePostgres, openPostgres } from "../../hosts/node/stores/postgres.ts";
import { openSqlite } from "../../hosts/node/stores/sqlite.ts";
import { BINARIES, startServer } from "../../tests/stores/postgres-server.ts";
import { type Floor, postgresFloor } from "./floors.ts";
import { type Load, runLoad } from "./load.ts";
import { durableFile, type Kind, openSessions } from "./workload.ts";

export interface StoreLoads {
  store: string;
  kind: Kind;
  loads: Load[];
}

const CALLERS = [1, 8, 64];
const KINDS: readonly Kind[] = ["plain", "settled"];

async function measureLedger(store: string, ledger: Ledger, durationMs: number): Promise<StoreLoads[]> {
  const salts = createSalts(new Uint8Array(32).fill(7));
  const control = await openControl({ policy: durableFile(), insecure: true, ledger, salts });
  try {
    await openSessions(control, Math.max(...CALLERS));
    const all: StoreLoads[] = [];
    for (const kind of KINDS) {
      const loads: Load[] = [];
      for (const callers of CALLERS) {
        await runLoad(control, { kind, callers, decisions: 50 });
        loads.push(await runLoad(control, { kind, callers, durationMs }));
      }
      all.push({ store, kind, loads });
    }
    return all;
  } finally {
    await control.close();
  }
}

export async function measureStores(folder: string, durationMs: number): Promise<StoreLoads[]> {
  const memory = await measureLedger("memory, nothing durable", new MemoryLedger(new Memory()), durationMs);
  const sqlite = await openSqlite(join(folder, "ledger.sqlite"));
  if (!sqlite.ok) throw new Error(`${sqlite.code}: ${sqlite.message}`);
  return [...memory, ...(await measureLedger("SQLite", sqlite.stores.ledger, durationMs))];
}

/** On a server of its own, reached by a socket; null where PostgreSQL is not installed. */
export async function measurePostgres(
  line: Uint8Array,
  durationMs: number,
): Promise<{ stores: StoreLoads[]; floors: Floor[] } | null> {
  if (BINARIES === null) return null;
  const server = await startServer();
  try {
    const floors: Floor[] = [];
    for (const connections of [1, 64]) {
      floors.push(await postgresFloor(server.address, line, connections, durationMs));
    }
    const migrated = await migratePostgres(server.address);
    if (!migrated.ok) throw new Error(`${migrated.code}: ${migrated.message}`);
    const opened = await openPostgres(server.address);
    if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
    const stores = await measureLedger("PostgreSQL", opened.stores.ledger, durationMs);
    return { stores, floors };
  } finally {
    await server.remove();
  }
}
