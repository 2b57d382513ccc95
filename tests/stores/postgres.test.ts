import { afterAll, beforeAll, describe } from "vitest";
import { migratePostgres, openPostgres } from "../../hosts/node/stores/postgres.ts";
import { recordAt } from "../log/records.ts";
import { BINARIES, type Server, startServer } from "./postgres-server.ts";
import { describeStore } from "./run.ts";

let server: Server;
let schemas = 0;

describe.skipIf(BINARIES === null)("with a PostgreSQL server (Debian: postgresql)", () => {
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(async () => {
    await server?.remove();
  });

  describeStore({
    name: "PostgreSQL",
    has: ["state", "log", "ledger"],
    make: async () => {
      const options = { ...server.address, schema: `place_${schemas++}` };
      const migrated = await migratePostgres(options);
      if (!migrated.ok) throw new Error(`${migrated.code}: ${migrated.message}`);
      const open = async () => {
        const opened = await openPostgres(options);
        if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
        return opened.stores;
      };
      return { open, seal: recordAt };
    },
  });
});
