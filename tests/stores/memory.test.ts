import { Memory, MemoryLedger, MemoryLog, MemoryState } from "../../control/stores/memory.ts";
import { recordAt } from "../log/records.ts";
import { describeStore } from "./run.ts";

describeStore({
  name: "stores in memory",
  has: ["state", "log", "ledger"],
  make: async () => {
    const memory = new Memory();
    const open = async () => ({
      state: new MemoryState(memory),
      log: new MemoryLog(memory),
      ledger: new MemoryLedger(memory),
    });
    return { open, seal: recordAt };
  },
});
