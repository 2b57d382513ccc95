/** What the steps of one durable decision cost, each measured alone: 64 callers, no state. */
import { closeSync, constants, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { genesis } from "../../control/audit/line.ts";
import type { ChainTip, SealedRecord } from "../../control/ports.ts";
import { Memory, MemoryLedger } from "../../control/stores/memory.ts";
import { openControl } from "../../hosts/node/control.ts";
import { encodeBatch } from "../../hosts/node/log/batch.ts";
import { createSalts } from "../../hosts/node/salt-key.ts";
import { openCore } from "../faramesh.ts";
import { type Contender, measure, type Timing } from "../measure.ts";
import { runLoad } from "./load.ts";
import { actionOf, durableBundle, durableFile } from "./workload.ts";

const BATCH = 64;
const FACTS = '{"agent":"plain","time":1790000000000}';

/** @param folder for a file on the disk whose cost is to be known. */
export async function measureSteps(folder: string): Promise<Timing[]> {
  const core = await openCore(durableBundle());
  const action = actionOf("plain", 0);
  const records: SealedRecord[] = [];
  let tip: ChainTip = genesis();
  for (let sequence = 0; sequence < BATCH; sequence++) {
    const { record, hash } = core.decideRecorded(action, FACTS, tip);
    records.push({ sequence, record, hash });
    tip = { sequence: sequence + 1, previous: hash };
  }
  const path = join(folder, "steps");
  const descriptor = openSync(path, constants.O_CREAT | constants.O_WRONLY | constants.O_DSYNC);
  const salts = createSalts(new Uint8Array(32).fill(7));
  const ledger = (): MemoryLedger => new MemoryLedger(new Memory());
  const step = (name: string, note: string, run: () => unknown): Contender => ({
    name,
    note,
    run: (count) => {
      for (let i = 0; i < count; i++) run();
      return count;
    },
  });
  const first = encodeBatch(genesis(), records.slice(0, 1), null).bytes;
  const lines = encodeBatch(genesis(), records, null).bytes;
  const [{ record }] = records as [SealedRecord];
  const previous = new Uint8Array(32);
  const planeOn = async (): Promise<(count: number) => Promise<number>> => {
    const control = await openControl({ policy: durableFile(), insecure: true, ledger: ledger(), salts });
    return async (count) => {
      await runLoad(control, { kind: "plain", callers: BATCH, decisions: count });
      return count;
    };
  };
  try {
    return await measure([
      step("parse, canonical", "300 bytes of JSON text", () => core.canonicalize(action)),
      step("decide", "parse and digest of the action included", () => core.decide(action, FACTS)),
      step("record", "decide included", () => core.decideRecorded(action, FACTS, genesis())),
      step("hash", `SHA-256 of the core over ${record.length} bytes`, () => core.chain(previous, record)),
      perRecord(step("line", `of ${BATCH} in a batch`, () => encodeBatch(genesis(), records, lines))),
      perRecord(step("write, durable", `of ${BATCH} in a batch`, () => writeSync(descriptor, lines))),
      step("write, durable, 1", "a batch of one", () => writeSync(descriptor, first)),
      {
        name: "whole, in memory",
        note: "record, ledger and promises; no disk",
        run: await planeOn(),
      },
    ]);
  } finally {
    closeSync(descriptor);
    rmSync(path);
  }
}

/** Of a step that does BATCH records at once. */
function perRecord(contender: Contender): Contender {
  const { run } = contender;
  return {
    ...contender,
    run: async (count) => {
      await run(Math.ceil(count / BATCH));
      return count;
    },
  };
}
