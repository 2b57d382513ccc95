/** Run by hand: `node cli/run.mjs tests/log/measure.ts [FOLDER]`. Prints what the log costs: per record, per batch, to open and to verify. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { signBytes, verifyBytes } from "../../bundles/trust/ed25519.ts";
import { generateKey } from "../../bundles/trust/index.ts";
import { genesis } from "../../control/audit/line.ts";
import { LogVerifier } from "../../control/audit/verify.ts";
import { encodeBatch } from "../../hosts/node/log/batch.ts";
import { openLog, openNotary, readRecords, startCheckpoints } from "../../hosts/node/log/index.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";
import { firstRecords, recordsFrom } from "./records.ts";

const folder = mkdtempSync(join(process.argv[2] ?? tmpdir(), "faramesh-measure-"));
const print = (text: string): void => void process.stdout.write(`${text}\n`);
const quantile = (times: number[], part: number): string => {
  const sorted = [...times].sort((left, right) => left - right);
  return `${(sorted[Math.floor((sorted.length - 1) * part)]! * 1000).toFixed(0)} µs`;
};

function encoding(): void {
  const records = recordsFrom(genesis(), 64, "x".repeat(150));
  let room: Buffer | null = null;
  for (let round = 0; round < 4; round++) {
    const start = performance.now();
    for (let time = 0; time < 2_000; time++) {
      const { bytes } = encodeBatch(genesis(), records, room);
      room = Buffer.from(bytes.buffer as ArrayBuffer);
    }
    const micros = ((performance.now() - start) * 1000) / (2_000 * 64);
    print(`encoding, ${records[63]!.record.length} bytes: ${micros.toFixed(2)} µs a record`);
  }
}

async function appending(count: number, batch: number, checkpoints = false): Promise<void> {
  const path = join(folder, `batch-${batch}${checkpoints ? "-checkpoints" : ""}`);
  const opened = await openLog(path);
  if (!opened.ok) throw new Error(opened.message);
  const running = checkpoints
    ? await startCheckpoints(path, {
        key: generateKey(new Uint8Array(32).fill(1), "measure"),
        everyMs: 200,
        onFailure: (failure) => {
          throw failure;
        },
      })
    : null;
  const times: number[] = [];
  let spent = 0;
  for (let done = 0; done < count; done += batch) {
    const tip = await opened.log.tip();
    const records = recordsFrom(tip, batch, "x".repeat(150));
    const start = performance.now();
    await opened.log.append(tip, records);
    times.push(performance.now() - start);
    spent += times.at(-1)!;
  }
  const start = performance.now();
  if (running?.ok === true) {
    await running.stop();
    print(`the last checkpoint: ${(performance.now() - start).toFixed(0)} ms`);
  }
  await opened.log.close();
  const rate = Math.round((count / spent) * 1000).toLocaleString("en");
  print(
    `append, ${batch} at once${checkpoints ? " beside checkpoints" : ""}: p50 ${quantile(times, 0.5)}, p99 ${quantile(times, 0.99)}, ${rate} records/s`,
  );
}

async function reopening(name: string): Promise<void> {
  const path = join(folder, name);
  let start = performance.now();
  const opened = await openLog(path);
  if (!opened.ok) throw new Error(opened.message);
  const { sequence } = await opened.log.tip();
  print(`open, ${sequence.toLocaleString("en")} records: ${(performance.now() - start).toFixed(0)} ms`);
  await opened.log.close();
  start = performance.now();
  const signer = { kind: "ed25519", ...generateKey(new Uint8Array(32).fill(1), "measure") } as const;
  const notary = await openNotary(path, { signer, ed25519: { sign: signBytes, verify: verifyBytes } });
  if (!notary.ok) throw new Error(notary.message);
  await notary.notary.checkpoint();
  print(`tree and checkpoint: ${(((performance.now() - start) * 1000) / sequence).toFixed(2)} µs a record`);
  await notary.notary.close();
  const segments = readdirSync(path)
    .filter((segment) => segment.endsWith(".jsonl"))
    .sort();
  start = performance.now();
  let tip = genesis();
  for (const segment of segments) {
    const verifier = new LogVerifier({ start: tip, sha256: NATIVE_SHA256 });
    verifier.push(readFileSync(join(path, segment)));
    tip = verifier.finish().tip!;
  }
  const rate = (tip.sequence / (performance.now() - start)) * 1000;
  print(`verify: ${Math.round(rate).toLocaleString("en")} records/s`);
  start = performance.now();
  let read = 0;
  for await (const record of readRecords(path, { from: 0, to: null })) read += record.sequence >= 0 ? 1 : 0;
  print(`read: ${Math.round((read / (performance.now() - start)) * 1000).toLocaleString("en")} records/s`);
}

try {
  encoding();
  print(`a record: ${firstRecords(1)[0]!.record.length} bytes and its note`);
  await appending(5_000, 1);
  await appending(40_000, 8);
  await appending(Number(process.argv[3] ?? 300_000), 64);
  await appending(100_000, 64, true);
  await reopening("batch-64");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
