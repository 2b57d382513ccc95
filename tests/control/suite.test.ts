/** The ledger of one process keeps the contract of every ledger. */
import { openOwnLedger } from "../../control/ledger/open.ts";
import { Memory, MemoryLog, MemoryState } from "../../control/stores/memory.ts";
import { recordAt } from "../log/records.ts";
import { describeStore } from "../stores/run.ts";
import { digest } from "./counting.ts";

for (const writeBehindRecords of [1, 3, 4096]) {
  describeStore({
    name: `a log and a store that follows it every ${writeBehindRecords} records`,
    has: ["ledger"],
    exclusive: true,
    make: async () => {
      const [disk, store] = [new Memory(), new Memory()];
      const open = async () => {
        const parts = { log: new MemoryLog(disk), store: new MemoryState(store), digest };
        const opened = await openOwnLedger({ ...parts, options: { writeBehindRecords } });
        if (!opened.ok) throw new Error(`${opened.code}: ${opened.message}`);
        return { state: null, log: null, ledger: opened.ledger };
      };
      return { open, seal: recordAt };
    },
  });
}
