import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openLog } from "../../hosts/node/log/index.ts";
import { recordAt } from "../log/records.ts";
import { describeStore } from "./run.ts";

describeStore({
  name: "segmented log",
  has: ["log"],
  exclusive: true,
  make: async () => {
    const folder = await mkdtemp(join(tmpdir(), "faramesh-log-"));
    const open = async () => {
      const opened = await openLog(join(folder, "log"));
      if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
      return { state: null, log: opened.log, ledger: null };
    };
    return { open, seal: recordAt, remove: () => rm(folder, { recursive: true }) };
  },
});
