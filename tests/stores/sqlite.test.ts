import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqlite } from "../../hosts/node/stores/sqlite.ts";
import { recordAt } from "../log/records.ts";
import { describeStore } from "./run.ts";

describeStore({
  name: "SQLite",
  has: ["state", "log", "ledger"],
  make: async () => {
    const folder = await mkdtemp(join(tmpdir(), "faramesh-sqlite-"));
    const open = async () => {
      const opened = await openSqlite(join(folder, "faramesh.db"));
      if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
      return opened.stores;
    };
    return { open, seal: recordAt, remove: () => rm(folder, { recursive: true }) };
  },
});
