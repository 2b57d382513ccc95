import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { genesis } from "../../control/audit/line.ts";
import { openLog, readRecords } from "../../hosts/node/log/index.ts";
import { all, opened, temporaryFolder } from "./folders.ts";
import { behind, firstRecords, recordsFrom } from "./records.ts";

describe("appending", () => {
  test("survives closing, over segments, and reads from anywhere", async () => {
    const folder = join(temporaryFolder(), "records");
    const records = firstRecords(60);
    for (let start = 0; start < 60; start += 20) {
      const log = await opened(folder, { segmentBytes: 10_000 });
      expect(await log.tip()).toEqual(start === 0 ? genesis() : behind(records[start - 1]!));
      for (let at = start; at < start + 20; at += 5) {
        expect(await log.append(await log.tip(), records.slice(at, at + 5))).toEqual({ ok: true });
      }
      expect(await all(log)).toEqual(records.slice(0, start + 20));
      await log.close();
    }
    const log = await opened(folder);
    for (const from of [0, 1, 7, 29, 59, 60]) expect(await all(log, from)).toEqual(records.slice(from));
  });

  test("appends handed in at once take effect in order", async () => {
    const log = await opened(temporaryFolder(), { segmentBytes: 20_000 });
    const records = firstRecords(200);
    const results = await Promise.all(
      records.map((record, index) =>
        log.append(index === 0 ? genesis() : behind(records[index - 1]!), [record]),
      ),
    );
    expect(results.every(({ ok }) => ok)).toBe(true);
    expect(await all(log)).toEqual(records);
  });

  test("a tip that moved on writes nothing", async () => {
    const log = await opened(temporaryFolder());
    const [first] = firstRecords(1);
    expect(await log.append(genesis(), [first!])).toEqual({ ok: true });
    expect(await log.append(genesis(), [first!])).toEqual({ ok: false, tip: behind(first!) });
    expect(await log.append(behind(first!), recordsFrom(behind(first!), 2))).toEqual({ ok: true });
    expect(await all(log)).toHaveLength(3);
  });

  test("records that do not follow one another are refused, and the log goes on", async () => {
    const log = await opened(temporaryFolder());
    const records = firstRecords(3);
    await expect(log.append(genesis(), [records[0]!, records[2]!])).rejects.toMatchObject({
      code: "record_refused",
    });
    await expect(log.append(genesis(), [{ ...records[1]!, sequence: 0 }])).rejects.toMatchObject({
      code: "record_refused",
    });
    expect(await log.append(genesis(), records)).toEqual({ ok: true });
  });

  test("a second opener is refused", async () => {
    const folder = temporaryFolder();
    await opened(folder);
    expect(await openLog(folder)).toMatchObject({ ok: false, code: "log_locked" });
  });
});

test("reading ends within a segment that others follow", async () => {
  const folder = temporaryFolder();
  const log = await opened(folder, { segmentBytes: 10_000 });
  const records = firstRecords(60);
  for (let at = 0; at < 60; at += 5) await log.append(await log.tip(), records.slice(at, at + 5));
  for (const [from, to] of [
    [0, 3],
    [2, 40],
    [0, 60],
  ] as const) {
    const read = [];
    for await (const record of readRecords(folder, { from, to })) read.push(record);
    expect(read).toEqual(records.slice(from, to));
  }
});

test("who stops reading early leaves no file open", async () => {
  const log = await opened(temporaryFolder(), { segmentBytes: 10_000 });
  await log.append(genesis(), firstRecords(100));
  const descriptors = (): number => readdirSync("/proc/self/fd").length;
  const before = descriptors();
  for (let time = 0; time < 20; time++) {
    for await (const record of log.read(0)) if (record.sequence === time) break;
  }
  expect(descriptors()).toBe(before);
});
