/** What is left after a crash: killed processes, torn writes, full disks. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { signBytes, verifyBytes } from "../../bundles/trust/ed25519.ts";
import { formatLine } from "../../control/audit/line.ts";
import { openLog, verifyFolder } from "../../hosts/node/log/index.ts";
import { all, memoryFolder, opened, temporaryFolder } from "./folders.ts";
import { firstRecords } from "./records.ts";
import { startWorker } from "./workers.ts";

const ed25519 = { sign: signBytes, verify: verifyBytes };
const KILLS = 200;
const AT_ONCE = 4;

async function verified(folder: string) {
  return verifyFolder(folder, { head: null, pinned: null, ed25519 });
}

/** One chain of processes on one folder, each killed at a moment of its own. */
async function killAgainAndAgain(folder: string, times: number, seed: number): Promise<void> {
  let acknowledged = -1;
  for (let time = 0; time < times; time++) {
    const worker = await startWorker(folder, 20_000, 1_000_000);
    const goal = acknowledged + 1 + ((time * 37 + seed * 11) % 90);
    await worker.line((line) => line.startsWith("refused") || Number(line) > goal);
    worker.child.kill("SIGKILL");
    const lines = await worker.ended;
    expect(lines[0]).toBe("open");
    const said = lines.slice(1).map(Number);
    expect(said.every((sequence) => Number.isSafeInteger(sequence) && sequence > acknowledged)).toBe(true);
    acknowledged = said.at(-1) ?? acknowledged;
    const reopened = await openLog(folder);
    if (!reopened.ok) throw new Error(`after kill ${time} of seed ${seed}: ${reopened.message}`);
    const { sequence } = await reopened.log.tip();
    await reopened.log.close();
    expect(sequence).toBeGreaterThan(acknowledged);
    acknowledged = sequence - 1;
  }
  const report = await verified(folder);
  expect(report.fault).toBeNull();
  expect(report.records).toBe(acknowledged + 1);
}

test(`no acknowledged record is lost over ${KILLS} kills under load`, async () => {
  const chains = Array.from({ length: AT_ONCE }, (_, seed) =>
    killAgainAndAgain(join(temporaryFolder(), "records"), KILLS / AT_ONCE, seed),
  );
  await Promise.all(chains);
}, 120_000);

describe("a torn write", () => {
  const records = firstRecords(4);
  const lines = records.map(({ hash, record }) => Buffer.from(formatLine(hash, record)));
  const whole = Buffer.concat(lines.slice(0, 3));

  test("is cut off at every byte of the last record, and kept beside", async () => {
    const last = lines[3]!;
    for (const zeros of [0, 4_096]) {
      for (let bytes = 0; bytes < last.length; bytes += zeros === 0 ? 1 : 16) {
        const folder = memoryFolder();
        const path = join(folder, "0000000000000000.jsonl");
        writeFileSync(path, Buffer.concat([whole, last.subarray(0, bytes), Buffer.alloc(zeros)]));
        const result = await openLog(folder);
        if (!result.ok) throw new Error(`${bytes} bytes and ${zeros} zeros: ${result.message}`);
        expect(result.cutBytes).toBe(bytes + zeros);
        expect((await result.log.tip()).sequence).toBe(3);
        expect(await result.log.append(await result.log.tip(), [records[3]!])).toEqual({ ok: true });
        await result.log.close();
        expect(readFileSync(path)).toEqual(Buffer.concat(lines));
        const torn = `${path}.torn-${whole.length}`;
        expect(existsSync(torn)).toBe(bytes > 0);
        if (bytes > 0) expect(readFileSync(torn)).toEqual(last.subarray(0, bytes));
      }
    }
  }, 60_000);

  test.each([
    ["a changed byte of the last record", (log: Buffer) => log.fill("Z", log.length - 30, log.length - 29)],
    ["a changed byte of an earlier record", (log: Buffer) => log.fill("Z", 300, 301)],
    ["a whole line that is none", (log: Buffer) => Buffer.concat([log, Buffer.from("{}\n")])],
    ["zeros with a line behind them", (log: Buffer) => Buffer.concat([log, Buffer.alloc(99), lines[3]!])],
    ["a record twice", (log: Buffer) => Buffer.concat([log, lines[2]!])],
  ])("is not taken for %s: that is refused, and nothing is touched", async (_, damage) => {
    const folder = temporaryFolder();
    const path = join(folder, "0000000000000000.jsonl");
    const damaged = Buffer.from(damage(Buffer.from(whole)));
    writeFileSync(path, damaged);
    expect(await openLog(folder)).toMatchObject({ ok: false, code: "log_bad_tail" });
    expect(readFileSync(path)).toEqual(damaged);
    expect(readdirSync(folder)).toEqual(["0000000000000000.jsonl"]);
  });

  test("of a new segment leaves an empty one", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "0000000000000000.jsonl"), whole);
    writeFileSync(join(folder, "0000000000000003.jsonl"), lines[3]!.subarray(0, 100));
    const log = await opened(folder);
    expect(await all(log)).toHaveLength(3);
    expect(await log.append(await log.tip(), [records[3]!])).toEqual({ ok: true });
    expect(await all(log, 2)).toEqual(records.slice(2));
  });
});

/** A small file system of its own; null where this user may not mount one. */
function smallDisk(bytes: number): string | null {
  const folder = join(temporaryFolder(), "disk");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return null;
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  return folder;
}

describe("a full disk", () => {
  /** Where no file system can be mounted, a limit on the size of files does the same to the writer. */
  test("refuses what does not fit and loses nothing that was acknowledged", async () => {
    const disk = smallDisk(262_144);
    const folder = join(disk ?? temporaryFolder(), "records");
    const prefix = disk === null ? "ulimit -f 256; trap '' XFSZ;" : "";
    const worker = await startWorker(folder, 1 << 30, 1_000_000, prefix);
    expect(await worker.line((line) => line.startsWith("failed"))).toBe("failed log_unwritable");
    worker.child.kill("SIGKILL");
    const acknowledged = (await worker.ended).map(Number).filter(Number.isSafeInteger).at(-1)!;
    expect(acknowledged).toBeGreaterThan(20);

    const copy = join(temporaryFolder(), "records");
    cpSync(folder, copy, { recursive: true });
    const log = await opened(copy);
    const { sequence } = await log.tip();
    expect(sequence).toBeGreaterThan(acknowledged);
    await log.close();
    expect((await verified(copy)).fault).toBeNull();
  }, 30_000);
});

describe("another process", () => {
  test("is refused while one holds the log, and takes over when that is gone", async () => {
    const folder = join(temporaryFolder(), "records");
    const holder = await startWorker(folder, 1 << 20, 3);
    await holder.line((line) => line === "done");
    const second = await startWorker(folder, 1 << 20, 3);
    expect(await second.line((line) => line !== "open")).toMatch(/^refused log_locked/);
    holder.child.kill("SIGKILL");
    await holder.ended;
    const third = await startWorker(folder, 1 << 20, 3);
    await third.line((line) => line === "done");
  });

  test.each([
    ["cuts", (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 100))],
    ["appends to", (path: string) => writeFileSync(path, "x", { flag: "a" })],
    [
      "replaces",
      (path: string) => {
        const bytes = readFileSync(path);
        execFileSync("mv", [path, `${path}.away`]);
        writeFileSync(path, bytes);
      },
    ],
  ])("that %s the file makes appends fail", async (_, change) => {
    const folder = temporaryFolder();
    const log = await opened(folder);
    const records = firstRecords(3);
    await log.append(await log.tip(), records.slice(0, 2));
    change(join(folder, "0000000000000000.jsonl"));
    for (let time = 0; time < 2; time++) {
      await expect(log.append(await log.tip(), [records[2]!])).rejects.toMatchObject({ code: "log_changed" });
    }
    expect((await log.tip()).sequence).toBe(2);
  });
});

test("no segment grows beyond its size", async () => {
  const folder = temporaryFolder();
  const log = await opened(folder, { segmentBytes: 1 << 20 });
  const records = firstRecords(20_000);
  for (let at = 0; at < records.length; at += 500)
    await log.append(await log.tip(), records.slice(at, at + 500));
  const sizes = readdirSync(folder)
    .filter((name) => name.endsWith(".jsonl"))
    .map((name) => statSync(join(folder, name)).size);
  expect(sizes.length).toBeGreaterThan(10);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(1 << 20);
});
