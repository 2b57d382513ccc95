/**
 * Run as a process of its own: `append-worker LOG COUNT NOTE_LENGTH [hold]`. Opens the log, appends, prints one JSON line; with
 * `hold` it then waits to be killed, the lock still in its hand.
 */
import { openLog } from "../../hosts/node/log.ts";
import { recordAt } from "./record.ts";

const [path, count, noteLength, hold] = process.argv.slice(2);
const opened = await openLog(path!);
const results: string[] = [];
if (opened.ok) {
  for (let index = 0; index < Number(count); index++) {
    const result = await opened.log.append((tip) =>
      recordAt(tip, `${process.pid} ${"x".repeat(Number(noteLength))}`),
    );
    results.push(result.ok ? "ok" : result.code);
  }
}
console.log(JSON.stringify({ opened: opened.ok || opened.code, results }));
if (hold === "hold") setInterval(() => {}, 1_000);
else if (opened.ok) await opened.log.close();
