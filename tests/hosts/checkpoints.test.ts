/** Checkpoints that a control plane makes of its own log, as its policy asks, in a thread of their own. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { signBytes, verifyBytes } from "../../bundles/trust/ed25519.ts";
import { generateKey } from "../../bundles/trust/index.ts";
import { startThread } from "../../hosts/node/checkpoints/thread.ts";
import {
  type Control,
  type ControlOptions,
  ControlRefused,
  openControl,
  openSqlite,
  PolicyRefused,
  RECORDS_NAME,
  verifyFolder,
} from "../../hosts/node/index.ts";
import { openNotary, readCheckpoints } from "../../hosts/node/log/index.ts";
import { fileOf, keyOf, refundPolicy, trustIn } from "./policies.ts";
import { temporaryFolder } from "./records.ts";

const key = keyOf(1);
const logKey = generateKey(new Uint8Array(32).fill(9), "shop-log");
const ASKS = `runtime {
  checkpoint_every = 20
  checkpoint_interval = 1h
}
${refundPolicy(100)}`;
const ORDER = { agent: "shop", action: { agent: "shop", tool: "orders/get", args: {} } };
const pinned = {
  logKeys: [{ kind: "ed25519" as const, name: "shop-log", publicKey: logKey.publicKey }],
  witnessKeys: [],
};
const ed25519 = { sign: signBytes, verify: verifyBytes };

async function opened(folder: string, more: object, policy = ASKS): Promise<Control> {
  const nowMs = () => Date.UTC(2027, 5, 1);
  const options = { policy: fileOf(policy, 1, key), trust: trustIn(key), nowMs, folder, ...more };
  const control = await openControl(options as ControlOptions);
  onTestFinished(() => control.close());
  return control;
}

async function decide(control: Control, count: number): Promise<void> {
  const codes = await Promise.all(Array.from({ length: count }, () => control.decide(ORDER)));
  expect(codes.every(({ verdict }) => verdict.effect === "permit")).toBe(true);
}

async function until(holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 50) {
    if (waited > 20_000) throw new Error("it did not come about");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const sizes = (folder: string): number[] =>
  readCheckpoints(join(folder, RECORDS_NAME)).checkpoints.map(({ size }) => size);

async function refusedWith(opening: Promise<Control>): Promise<string> {
  const error = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ControlRefused || error instanceof PolicyRefused)) throw error;
  return error.code;
}

test("are made as the policy asks, and once more at the end", async () => {
  const folder = temporaryFolder();
  const control = await opened(folder, { checkpoints: { key: logKey } });
  await decide(control, 5);
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect(sizes(folder)).toEqual([]);
  await decide(control, 20);
  await until(() => control.checkpoints?.latest?.size === 25);
  await decide(control, 3);
  await control.close();
  expect(sizes(folder)).toEqual([25, 28]);
  const report = await verifyFolder(join(folder, RECORDS_NAME), { head: null, pinned, ed25519 });
  expect(report).toMatchObject({ records: 28, fault: null });
});

test("an option goes before the policy, and a replaced policy before the one of before", async () => {
  const folder = temporaryFolder();
  const seen: number[] = [];
  const onCheckpoint = ({ size }: { size: number }) => seen.push(size);
  const control = await opened(folder, { checkpoints: { key: logKey, everyRecords: 7, onCheckpoint } });
  await decide(control, 8);
  await until(() => seen.includes(8));
  await control.close();

  const other = temporaryFolder();
  const second = await opened(other, { checkpoints: { key: logKey } });
  await decide(second, 8);
  expect(await second.reload(fileOf(ASKS.replace("= 20", "= 4"), 2, key))).toMatchObject({ ok: true });
  await until(() => second.checkpoints?.latest?.size === 8);
});

test("that nobody makes: the policy is refused, at the start and later", async () => {
  const folder = temporaryFolder();
  expect(await refusedWith(opened(folder, {}))).toBe("checkpoints_missing");
  const control = await opened(folder, {}, refundPolicy(100));
  expect(control.checkpoints).toBeNull();
  expect(await control.reload(fileOf(ASKS, 2, key))).toMatchObject({
    ok: false,
    code: "checkpoints_missing",
  });
  await decide(control, 1);
  await control.close();
  await (await opened(folder, { checkpoints: "elsewhere" })).close();
  const zero = ASKS.replace("= 20", "= 0");
  expect(await refusedWith(opened(folder, { checkpoints: { key: logKey } }, zero))).toBe("bundle_refused");

  const sqlite = await openSqlite(join(folder, "all.sqlite"));
  if (!sqlite.ok) throw new Error(sqlite.message);
  const kept = { folder: undefined, ledger: sqlite.stores.ledger, salts: { at: () => "0123456789abcdef" } };
  expect(await refusedWith(opened(folder, kept))).toBe("checkpoints_missing");
  await sqlite.stores.ledger.close();
});

test("while another notary has the log: waited for, then refused", async () => {
  const folder = temporaryFolder();
  await (await opened(folder, { checkpoints: "elsewhere" })).close();
  const { name, publicKey, seed } = logKey;
  const signer = { kind: "ed25519", name, publicKey, seed } as const;
  const other = await openNotary(join(folder, RECORDS_NAME), { signer, ed25519 });
  if (!other.ok) throw new Error(other.message);
  expect(await refusedWith(opened(folder, { checkpoints: { key: logKey } }))).toBe("log_locked");
  setTimeout(() => void other.notary.close(), 500);
  const control = await opened(folder, { checkpoints: { key: logKey } });
  expect(control.checkpoints?.failure).toBeNull();
});

test("with the key of another log: refused", async () => {
  const folder = temporaryFolder();
  const control = await opened(folder, { checkpoints: { key: logKey } });
  await decide(control, 1);
  await control.close();
  const stranger = generateKey(new Uint8Array(32).fill(8), "shop-log");
  expect(await refusedWith(opened(folder, { checkpoints: { key: stranger } }))).toBe("checkpoint_refused");
});

test("by a thread that cannot be begun: refused, and the folder is let go", async () => {
  const folder = temporaryFolder();
  const broken = { ...logKey, sign: () => new Uint8Array(64) };
  expect(await refusedWith(opened(folder, { checkpoints: { key: broken } }))).toBe("checkpoint_refused");
  await (await opened(folder, { checkpoints: { key: logKey } })).close();
});

test("a failure is told, stops no decision, and is over when it is over", async () => {
  const folder = temporaryFolder();
  const failures: Error[] = [];
  const onFailure = (failure: Error) => failures.push(failure);
  const control = await opened(folder, { checkpoints: { key: logKey, everyMs: 100, onFailure } });
  await decide(control, 1);
  await until(() => control.checkpoints?.latest?.size === 1);
  // In the place of the tiles' folder, which the next ones need.
  rmSync(join(folder, RECORDS_NAME, "tile"), { recursive: true });
  writeFileSync(join(folder, RECORDS_NAME, "tile"), "");
  await decide(control, 2);
  await until(() => failures.length > 0);
  expect(control.checkpoints?.failure).toBe(failures.at(-1));
  await decide(control, 2);
  rmSync(join(folder, RECORDS_NAME, "tile"));
  await until(() => control.checkpoints?.latest?.size === 5);
  expect(control.checkpoints?.failure).toBeNull();
});

test("a thread that crashes is told, and followed by another", async () => {
  const folder = temporaryFolder();
  const control = await opened(folder, { checkpoints: "elsewhere" });
  await decide(control, 3);
  const log = join(folder, RECORDS_NAME);
  const crashing = join(folder, "crashing.mjs");
  const mark = join(folder, "crashed");
  const program = new URL("../../hosts/node/dist/checkpoints.mjs", import.meta.url);
  writeFileSync(
    crashing,
    `import { existsSync, writeFileSync } from "node:fs";
if (!existsSync(${JSON.stringify(mark)})) setTimeout(() => {
  writeFileSync(${JSON.stringify(mark)}, "");
  throw new Error("a fault of the thread");
}, 300);
await import(${JSON.stringify(program.href)});
`,
  );
  const failures: Error[] = [];
  const options = {
    key: logKey,
    worker: new URL(`file://${crashing}`),
    onFailure: (failure: Error) => failures.push(failure),
  };
  const started = await startThread(log, options, { everyRecords: 1_000, everyMs: 3_600_000 });
  if (!started.ok) throw new Error(started.message);
  await until(() => failures.length === 1);
  expect(failures[0]!.message).toContain("a fault of the thread");
  await decide(control, 3);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  await started.thread.close();
  expect(sizes(folder)).toEqual([6]);
  expect(failures).toHaveLength(1);
});
