/** The whole control plane on a folder, killed under load, on full and read-only disks, on folders that are not its own. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type Control, openControl, rebuild } from "../../hosts/node/control.ts";
import { Auditor } from "../simulate/auditor.ts";
import { closeWorkshop, openWorkshop, temporaryFolder, type Workshop, work } from "./workers.ts";

const KILLS = 200;
const AT_ONCE = 2;
const LOOK_EVERY = 10;
let shop: Workshop;

beforeAll(async () => {
  shop = await openWorkshop();
});
afterAll(() => closeWorkshop(shop));

const logOf = (folder: string): Uint8Array => readFileSync(join(folder, "records/0000000000000000.jsonl"));
const open = (folder: string): Promise<Control> =>
  openControl({ folder, policy: readFileSync(shop.bundle), insecure: true });

/** Chain, replay and model over all that the log has, and every answer in it. */
function audit(auditor: Auditor, folder: string, lines: readonly string[]): number {
  auditor.follow(logOf(folder));
  let acknowledged = 0;
  for (const line of lines) {
    const [word, sequence, code, hash] = line.split(" ");
    if (word !== "ack") continue;
    const record = auditor.records[Number(sequence)];
    expect([record?.fields.code, record?.hash], line).toEqual([code, hash]);
    acknowledged++;
  }
  return acknowledged;
}

/** What is opened has in memory what the records make, and so has a rebuild. */
async function compareStates(auditor: Auditor, folder: string): Promise<void> {
  const control = await open(folder);
  const { keys } = auditor;
  const held = await control.ledger.read(keys);
  await control.close();
  const found = new Map(keys.map((key, index) => [key, held[index] ?? null]));
  auditor.follow(logOf(folder));
  auditor.checkStates("the folder", auditor.records.length, (key) => found.get(key) ?? null);
}

async function killAgainAndAgain(kills: number, chain: number): Promise<number> {
  const folder = temporaryFolder();
  const auditor = new Auditor([shop.policy], new Map());
  let acknowledged = 0;
  for (let kill = 0; kill < kills; kill++) {
    const killAfter = 1 + ((kill * 37 + chain * 11) % 60);
    const lines = await work(shop, folder, { callers: 8, calls: 10_000, killAfter });
    expect(lines[0]).toBe("open");
    acknowledged += audit(auditor, folder, lines);
    if (kill % LOOK_EVERY === 0) await compareStates(auditor, folder);
  }
  await compareStates(auditor, folder);
  expect(await rebuild(folder)).toBe(auditor.records.length);
  await compareStates(auditor, folder);
  return acknowledged;
}

test(`${KILLS} kills under load lose nothing that was answered and overspend nothing`, async () => {
  const chains = Array.from({ length: AT_ONCE }, (_, chain) => killAgainAndAgain(KILLS / AT_ONCE, chain));
  // Their folders are removed when the test ends, so all of them are waited for.
  await Promise.allSettled(chains);
  expect(Math.min(...(await Promise.all(chains)))).toBeGreaterThan(KILLS);
}, 300_000);

/** A small file system of its own; null where this user may not mount one. */
function smallDisk(size: string): string | null {
  const folder = join(temporaryFolder(), "disk");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size}`, "tmpfs", folder], { stdio: "ignore" });
  } catch {
    return null;
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  return folder;
}

describe("a full disk", () => {
  test.runIf(process.getuid?.() === 0)(
    "denies what it cannot record, and keeps what it answered",
    async () => {
      const disk = smallDisk("1m");
      if (disk === null) throw new Error("no file system can be mounted here");
      const folder = join(disk, "plane");
      const lines = await work(shop, folder, { callers: 4, calls: 2_000 });
      const failed = lines.filter((line) => line.startsWith("failed"));
      expect(failed.length).toBeGreaterThan(0);
      expect(new Set(failed)).toEqual(new Set(["failed record_unwritable deny"]));
      const auditor = new Auditor([shop.policy], new Map());
      expect(audit(auditor, folder, lines)).toBeGreaterThan(20);
      const copy = join(temporaryFolder(), "plane");
      cpSync(folder, copy, { recursive: true });
      rmSync(join(copy, "records/lock"), { force: true });
      await compareStates(auditor, copy);
    },
  );
});

describe("a folder", () => {
  async function filled(): Promise<string> {
    const folder = join(temporaryFolder(), "plane");
    expect((await work(shop, folder, { callers: 2, calls: 10 })).at(-1)).toBe("done");
    return folder;
  }

  async function refused(folder: string): Promise<unknown> {
    const before = logOf(folder);
    const code = await open(folder).then(
      () => "opened",
      (error: { code?: unknown; help?: unknown }) => (error.help === "" ? "no help" : error.code),
    );
    expect(Buffer.compare(logOf(folder), before)).toBe(0);
    return code;
  }

  test("whose state is of another version is refused, and made anew from the log", async () => {
    const folder = await filled();
    const path = join(folder, "state.sqlite");
    const database = new Database(path);
    database.exec("PRAGMA user_version = 99; PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    expect(await refused(folder)).toBe("store_version");
    await remake(folder, path);
  });

  test("whose state is damaged is refused, and made anew from the log", async () => {
    const folder = await filled();
    const path = join(folder, "state.sqlite");
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    writeFileSync(path, Buffer.alloc(8_192, 7));
    expect(await refused(folder)).toBe("store_damaged");
    await remake(folder, path);
  });

  async function remake(folder: string, path: string): Promise<void> {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
    const auditor = new Auditor([shop.policy], new Map());
    expect(await rebuild(folder)).toBeGreaterThan(0);
    expect(existsSync(path)).toBe(true);
    auditor.follow(logOf(folder));
    await compareStates(auditor, folder);
  }

  test("whose log was cut is refused: the state holds more", async () => {
    const folder = await filled();
    const path = join(folder, "records/0000000000000000.jsonl");
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, bytes.lastIndexOf(0x0a, bytes.length - 2) + 1));
    expect(await refused(folder)).toBe("state_ahead");
  });

  test.runIf(process.getuid?.() === 0)("that is read-only is refused", async () => {
    const disk = smallDisk("4m");
    if (disk === null) throw new Error("no file system can be mounted here");
    const folder = join(disk, "plane");
    await work(shop, folder, { callers: 2, calls: 10 });
    execFileSync("mount", ["-o", "remount,ro", disk]);
    expect(await refused(folder)).toBe("log_unwritable");
  });

  test("whose clock went back while it was closed denies, and records it", async () => {
    const folder = await filled();
    const lines = await work(shop, folder, { callers: 1, calls: 3, skewMs: -3_600_000 });
    const codes = lines.filter((line) => line.startsWith("ack")).map((line) => line.split(" ")[2]);
    expect(codes).toEqual(["clock_backwards", "clock_backwards", "clock_backwards"]);
    audit(new Auditor([shop.policy], new Map()), folder, lines);
  });
});
