import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { acquireLock } from "../../hosts/node/lock.ts";
import { openLog } from "../../hosts/node/log/index.ts";
import { opened, temporaryFolder } from "./folders.ts";

const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
const space = readlinkSync("/proc/self/ns/pid");
const absentPid = 999_999_999;
const owner = { host: hostname(), boot, space, pid: absentPid, started: "1" };

describe("a lock in doubt counts as held", () => {
  test.each<[string, string, string]>([
    ["of another host", JSON.stringify({ ...owner, host: "elsewhere" }), `process ${absentPid} on elsewhere`],
    [
      "of another boot on another host",
      JSON.stringify({ ...owner, host: "elsewhere", boot: "1" }),
      "elsewhere",
    ],
    ["of an unseen process number space", JSON.stringify({ ...owner, space: "pid:[1]" }), String(absentPid)],
    ["that does not tell its boot", JSON.stringify({ ...owner, boot: "" }), String(absentPid)],
    ["that is illegible", "?", "an unknown process"],
    ["that is empty", "", "an unknown process"],
    ["of half an owner", JSON.stringify({ host: hostname(), pid: absentPid }), "an unknown process"],
    ["of process 0", JSON.stringify({ ...owner, pid: 0 }), "an unknown process"],
  ])("%s", async (_, content, holder) => {
    const folder = temporaryFolder();
    const path = join(folder, "lock");
    writeFileSync(path, content);
    expect(await openLog(folder)).toMatchObject({
      ok: false,
      code: "log_locked",
      message: expect.stringContaining(holder),
    });
    expect(readFileSync(path, "utf8")).toBe(content);
    expect(existsSync(`${path}.break`)).toBe(false);
  });
});

describe("a lock whose owner is certainly gone is taken over", () => {
  test.each<[string, string]>([
    ["no such process", JSON.stringify(owner)],
    ["the machine was started anew", JSON.stringify({ ...owner, boot: "an older one", pid: process.pid })],
    ["its number is another process's now", JSON.stringify({ ...owner, pid: process.pid, started: "1" })],
  ])("%s", async (_, content) => {
    const folder = temporaryFolder();
    const path = join(folder, "lock");
    writeFileSync(path, content);
    const log = await opened(folder);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ pid: process.pid });
    await log.close();
    expect(existsSync(path)).toBe(false);
    expect(existsSync(`${path}.break`)).toBe(false);
  });
});

test("a lock that was removed by hand and is another's now is not released", async () => {
  const path = join(temporaryFolder(), "lock");
  const result = await acquireLock(path);
  if (!result.ok) throw new Error(result.holder);
  const other = JSON.stringify({ ...owner, pid: 1 });
  writeFileSync(path, other);
  await result.lock.release();
  expect(readFileSync(path, "utf8")).toBe(other);
});
