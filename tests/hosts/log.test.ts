import { spawn } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { verifyLines } from "../../control/audit/verify.ts";
import { cutTornLine, openLog, type RecordLog, verifyLog } from "../../hosts/node/log.ts";
import { joined, linesOf, recordAt, temporaryFolder } from "./records.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

function logPath(): string {
  return join(temporaryFolder(), "records.jsonl");
}

async function opened(path: string): Promise<RecordLog> {
  const result = await openLog(path);
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  onTestFinished(() => result.log.close());
  return result.log;
}

/** Starts the worker behind a shell prefix such as a limit; resolves when it printed its line. */
function worker(
  path: string,
  count: number,
  options: { hold?: boolean; prefix?: string; noteLength?: number } = {},
) {
  const hold = options.hold ? "hold" : "";
  const command = `${options.prefix ?? ""} exec node cli/run.mjs tests/hosts/append-worker.ts "$0" ${count} ${options.noteLength ?? 100} ${hold}`;
  const child = spawn("sh", ["-c", command, path], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const printed = new Promise<{ opened: true | string; results: string[] }>((resolve, reject) => {
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
      if (text.endsWith("\n")) resolve(JSON.parse(text));
    });
    child.on("exit", () => reject(new Error(`the worker printed only ${JSON.stringify(text)}`)));
  });
  return { child, printed, ended };
}

describe("appending", () => {
  test("records survive closing and the chain goes on", async () => {
    const path = logPath();
    for (const note of ["one", "two"]) {
      const log = await opened(path);
      expect(await log.append((tip) => recordAt(tip, note))).toMatchObject({ ok: true });
      expect(await log.append((tip) => recordAt(tip, note))).toMatchObject({ ok: true });
      await log.close();
    }
    expect(existsSync(`${path}.lock`)).toBe(false);
    expect(await verifyLog(path)).toMatchObject({
      ok: true,
      report: { records: 4, fault: null, tip: { sequence: 4 } },
    });
  });

  test("calls at once are put in one order and share writes", async () => {
    const path = logPath();
    const log = await opened(path);
    const results = await Promise.all(
      Array.from({ length: 600 }, (_, index) => log.append((tip) => recordAt(tip, `call ${index}`))),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(log.tip.sequence).toBe(600);
    const text = readFileSync(path, "utf8");
    expect(verifyLines(new TextEncoder().encode(text))).toMatchObject({ records: 600, fault: null });
    expect(text.indexOf("call 598")).toBeLessThan(text.indexOf("call 599"));
  });

  test("the tip moves only when the record is durable", async () => {
    const log = await opened(logPath());
    const pending = log.append((tip) => recordAt(tip, "one"));
    expect(log.tip.sequence).toBe(0);
    await pending;
    expect(log.tip.sequence).toBe(1);
    log.tip.previous.fill(7);
    expect((await log.append((tip) => recordAt(tip, "two"))).ok).toBe(true);
  });

  test("a record that does not continue the chain is refused and the rest of the batch is not", async () => {
    const log = await opened(logPath());
    const [good, stale, after] = await Promise.all([
      log.append((tip) => recordAt(tip, "good")),
      log.append((tip) => recordAt({ ...tip, sequence: 7 }, "stale")),
      log.append((tip) => recordAt(tip, "after")),
    ]);
    expect([good.ok, after.ok]).toEqual([true, true]);
    expect(stale).toMatchObject({ ok: false, code: "record_refused" });
    expect(log.tip.sequence).toBe(2);
  });

  test("a maker that throws fails its own call only", async () => {
    const log = await opened(logPath());
    const failed = log.append(() => {
      throw new RangeError("mine");
    });
    const good = log.append((tip) => recordAt(tip, "good"));
    await expect(failed).rejects.toThrow("mine");
    expect((await good).ok).toBe(true);
  });

  test("after closing nothing is appended", async () => {
    const log = await opened(logPath());
    const pending = log.append((tip) => recordAt(tip, "before"));
    await log.close();
    expect((await pending).ok).toBe(true);
    expect(await log.append((tip) => recordAt(tip, "after"))).toMatchObject({
      ok: false,
      code: "log_closed",
    });
  });
});

describe("a log is opened only if its end verifies", () => {
  const lines = linesOf(3);
  test.each<[string, Uint8Array]>([
    ["torn", joined(lines).slice(0, -9)],
    ["edited", Buffer.from(Buffer.from(joined(lines)).toString().replace("note 2", "note 3"))],
    ["reordered", joined([lines[0]!, lines[2]!, lines[1]!])],
    ["not a log", Buffer.from("hello\n")],
  ])("%s", async (_, bytes) => {
    const path = logPath();
    writeFileSync(path, bytes);
    expect(await openLog(path)).toMatchObject({ ok: false, code: "log_bad_tail" });
    expect(readFileSync(path)).toEqual(Buffer.from(bytes));
    expect(existsSync(`${path}.lock`)).toBe(false);
  });

  test("a long log is checked at its end, also when its last line is long", async () => {
    const path = logPath();
    const log = await opened(path);
    for (let index = 0; index < 3; index++) {
      await Promise.all(
        Array.from({ length: 200 }, () => log.append((tip) => recordAt(tip, "x".repeat(300)))),
      );
    }
    await log.close();
    const again = await opened(path);
    expect(again.tip.sequence).toBe(600);
    await again.append((tip) => recordAt(tip, "y".repeat(300_000)));
    await again.close();
    const last = await opened(path);
    expect(last.tip.sequence).toBe(601);
    await last.close();
    expect(await verifyLog(path)).toMatchObject({ ok: true, report: { records: 601, fault: null } });
  });

  test("a torn line is cut on request only, and kept beside", async () => {
    const path = logPath();
    writeFileSync(path, joined(lines).slice(0, -9));
    const whole = joined(lines.slice(0, 2)).length;
    expect(await cutTornLine(path)).toEqual({ ok: true, cutBytes: lines[2]!.length - 9 });
    expect(statSync(path).size).toBe(whole);
    expect(new Uint8Array(readFileSync(`${path}.torn-${whole}`))).toEqual(lines[2]!.slice(0, -9));
    expect(await cutTornLine(path)).toEqual({ ok: true, cutBytes: 0 });
    const log = await opened(path);
    expect(log.tip.sequence).toBe(2);
  });

  test("any other fault is not repaired", async () => {
    const path = logPath();
    writeFileSync(path, "hello\n");
    expect(await cutTornLine(path)).toMatchObject({ ok: false, code: "log_bad_tail" });
    expect(readFileSync(path, "utf8")).toBe("hello\n");
    expect(existsSync(`${path}.lock`)).toBe(false);
  });
});

describe("somebody else", () => {
  test("in this process is refused while the log is open", async () => {
    const path = logPath();
    const log = await opened(path);
    expect(await openLog(path)).toMatchObject({
      ok: false,
      code: "log_locked",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await log.close();
    expect((await opened(path)).tip.sequence).toBe(0);
  });

  test("in other processes: one writes, the others are refused, the chain does not fork", async () => {
    const path = logPath();
    const workers = [0, 1, 2].map(() => worker(path, 5));
    const results = await Promise.all(workers.map(({ printed }) => printed));
    const wrote = results.filter((result) => result.opened === true);
    expect(results.filter((result) => result.opened === "log_locked").length).toBe(3 - wrote.length);
    expect(wrote.length).toBeGreaterThan(0);
    expect(wrote.every((result) => result.results.every((one) => one === "ok"))).toBe(true);
    expect(await verifyLog(path)).toMatchObject({
      ok: true,
      report: { records: 5 * wrote.length, fault: null },
    });
  });

  test("who was killed with the lock in hand does not lock the log for ever", async () => {
    const path = logPath();
    const { child, printed, ended } = worker(path, 3, { hold: true });
    expect(await printed).toMatchObject({ opened: true });
    expect(await openLog(path)).toMatchObject({
      ok: false,
      code: "log_locked",
      message: expect.stringContaining(String(child.pid)),
    });
    child.kill("SIGKILL");
    await ended;
    expect((await opened(path)).tip.sequence).toBe(3);
    expect(existsSync(`${path}.lock.break`)).toBe(false);
  });

  test.each([
    ["another host", JSON.stringify({ host: "elsewhere", boot: "", space: "", pid: 1, started: "" })],
    [
      "a number space that we cannot see",
      JSON.stringify({ host: hostname(), boot: "", space: "pid:[1]", pid: 999_999_999, started: "" }),
    ],
    ["nobody legible", "?"],
  ])("a lock of %s counts as held", async (_, content) => {
    const path = logPath();
    writeFileSync(`${path}.lock`, content);
    expect(await openLog(path)).toMatchObject({ ok: false, code: "log_locked" });
    expect(readFileSync(`${path}.lock`, "utf8")).toBe(content);
  });

  test("who wrote to the file anyway is noticed before the next append", async () => {
    const path = logPath();
    const log = await opened(path);
    await log.append((tip) => recordAt(tip, "one"));
    appendFileSync(path, "surprise\n");
    expect(await log.append((tip) => recordAt(tip, "two"))).toMatchObject({ ok: false, code: "log_changed" });
    expect(readFileSync(path, "utf8").endsWith("surprise\n")).toBe(true);
    expect(log.tip.sequence).toBe(1);
  });

  test("who moved the file away is noticed", async () => {
    const path = logPath();
    const log = await opened(path);
    await log.append((tip) => recordAt(tip, "one"));
    renameSync(path, `${path}.moved`);
    expect(await log.append((tip) => recordAt(tip, "two"))).toMatchObject({
      ok: false,
      code: "log_unwritable",
    });
    expect(await log.append((tip) => recordAt(tip, "two"))).toMatchObject({
      ok: false,
      code: "log_unwritable",
    });
  });
});

describe("the disk", () => {
  test("a write that fails half-way is taken back: no record, no torn line", async () => {
    const path = logPath();
    // A limit on the file's size (in blocks of 512 bytes) makes the kernel cut a write short, as a full disk does.
    const { printed, ended } = worker(path, 9, { prefix: "ulimit -f 4096;", noteLength: 300_000 });
    const { results } = await printed;
    await ended;
    const durable = results.indexOf("log_unwritable");
    expect(durable).toBeGreaterThan(0);
    expect(results.slice(durable).every((result) => result === "log_unwritable")).toBe(true);
    expect(await verifyLog(path)).toMatchObject({ ok: true, report: { records: durable, fault: null } });
    expect((await opened(path)).tip.sequence).toBe(durable);
  });

  test("what is no file, or in no folder, is refused", async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, "log"));
    expect(await openLog(join(folder, "log"))).toMatchObject({ ok: false, code: "log_unwritable" });
    expect(await openLog(join(folder, "absent", "log"))).toMatchObject({ ok: false, code: "log_unwritable" });
    expect(await verifyLog(join(folder, "none"))).toMatchObject({ ok: false, code: "file_unreadable" });
    expect(readdirSync(folder)).toEqual(["log"]);
  });
});
