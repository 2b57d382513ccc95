/**
 * Run as a process of its own: `append-worker FOLDER SEGMENT_BYTES BATCHES`. Appends batches of 1 to 5 records, and prints the last sequence of
 * each batch that was acknowledged. At the end, or when an append is refused, it prints that and waits to be ended, the lock in its hand.
 */
import { writeSync } from "node:fs";
import { LogFailure, openLog } from "../../hosts/node/log/index.ts";
import { recordsFrom } from "./records.ts";

const [folder, segmentBytes, batches] = process.argv.slice(2);
const say = (text: string): void => void writeSync(1, `${text}\n`);
const opened = await openLog(folder!, { segmentBytes: Number(segmentBytes) });
if (!opened.ok) {
  say(`refused ${opened.code} ${opened.message}`);
} else {
  const { log } = opened;
  say("open");
  try {
    for (let batch = 0; batch < Number(batches); batch++) {
      const tip = await log.tip();
      const records = recordsFrom(tip, 1 + (batch % 5), `${process.pid} ${"x".repeat(batch % 700)}`);
      const appended = await log.append(tip, records);
      say(appended.ok ? String(records.at(-1)!.sequence) : "moved");
    }
    say("done");
  } catch (error) {
    say(error instanceof LogFailure ? `failed ${error.code}` : `threw ${error}`);
  }
  setInterval(() => {}, 1_000);
}
