/** A log folder as somebody who has it in hand could change it: every change is found. */
import {
  cpSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { signBytes, verifyBytes } from "../../bundles/trust/ed25519.ts";
import { generateKey } from "../../bundles/trust/index.ts";
import { checkpointText, printCheckpoint } from "../../control/audit/checkpoint.ts";
import { type NoteSigner, signText } from "../../control/audit/note.ts";
import { openLog, openNotary, verifyFolder } from "../../hosts/node/log/index.ts";
import { temporaryFolder } from "./folders.ts";
import { firstRecords } from "./records.ts";

const ed25519 = { sign: signBytes, verify: verifyBytes };
const key = (fill: number, name: string): NoteSigner => {
  const { publicKey, seed } = generateKey(new Uint8Array(32).fill(fill), "test");
  return { kind: "ed25519", name, publicKey, seed };
};
const signer = key(1, "log");
const records = firstRecords(600);
let source = "";
let pruned = "";

async function build(folder: string): Promise<void> {
  const opened = await openLog(folder, { segmentBytes: 40_000 });
  if (!opened.ok) throw new Error(opened.message);
  for (let at = 0; at < records.length; at += 10) {
    await opened.log.append(await opened.log.tip(), records.slice(at, at + 10));
  }
  await opened.log.close();
  const notary = await openNotary(folder, { signer, ed25519 });
  if (!notary.ok) throw new Error(notary.message);
  await notary.notary.checkpoint(300);
  await notary.notary.checkpoint();
  await notary.notary.close();
}

beforeAll(async () => {
  // Not `temporaryFolder`, which ends with a test.
  const { mkdtempSync } = await import("node:fs");
  const { tmpdir } = await import("node:os");
  const base = mkdtempSync(join(tmpdir(), "faramesh-log-"));
  source = join(base, "whole");
  pruned = join(base, "pruned");
  await build(source);
  cpSync(source, pruned, { recursive: true });
  const notary = await openNotary(pruned, { signer, ed25519 });
  if (!notary.ok) throw new Error(notary.message);
  await notary.notary.prune(400);
  await notary.notary.close();
  return () => rmSync(base, { recursive: true });
});

const segmentsOf = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => /^\d{16}\.jsonl$/.test(name))
    .sort();

function copyOf(folder: string): string {
  const copy = join(temporaryFolder(), "records");
  cpSync(folder, copy, { recursive: true });
  return copy;
}

const verify = (folder: string, keys = [signer]) =>
  verifyFolder(folder, { head: null, pinned: { logKeys: keys, witnessKeys: [] }, ed25519 });

/** Changes one file below the folder. */
const edit = (name: string, change: (text: string) => string) => (folder: string) => {
  const path = join(folder, name);
  writeFileSync(path, change(readFileSync(path, "utf8")));
};

test("unchanged, it verifies whole and pruned", async () => {
  expect(await verify(source)).toMatchObject({ fault: null, records: 600, first: 0, checkpoints: 2 });
  const report = await verify(pruned);
  expect(report).toMatchObject({ fault: null, checkpoints: 2 });
  expect(report.first).toBeGreaterThan(300);
  expect(report.first + report.records).toBe(600);
});

const FORGED = key(2, "log");
function forgedNote(by: NoteSigner, origin: string, size: number): string {
  const text = checkpointText({ origin, size, root: new Uint8Array(32) });
  const note = { text, signatures: [signText(text, by, 0, ed25519)] };
  return `${printCheckpoint({ origin, size, root: new Uint8Array(32), note })}\n`;
}

describe.each([
  ["whole", () => source],
  ["pruned", () => pruned],
])("%s", (_, original) => {
  const segment = (place: number): string => segmentsOf(original()).at(place)!;
  test.each<[string, (folder: string) => void, string]>([
    ["the first segment missing", (folder) => rmSync(join(folder, segment(0))), "log_damaged"],
    ["one in the middle missing", (folder) => rmSync(join(folder, segment(2))), "log_damaged"],
    ["the last one missing", (folder) => rmSync(join(folder, segment(-1))), "checkpoint_rolled_back"],
    [
      "one renamed",
      (folder) =>
        renameSync(join(folder, segment(2)), join(folder, segment(2).replace("0.jsonl", "1.jsonl"))),
      "log_damaged",
    ],
    [
      "two swapped",
      (folder) => {
        renameSync(join(folder, segment(1)), join(folder, "x"));
        renameSync(join(folder, segment(2)), join(folder, segment(1)));
        renameSync(join(folder, "x"), join(folder, segment(2)));
      },
      "sequence_mismatch",
    ],
    [
      "one cut behind a line",
      (folder) => {
        const text = readFileSync(join(folder, segment(1)), "latin1");
        writeFileSync(join(folder, segment(1)), text.slice(0, text.lastIndexOf("\n", text.length - 2) + 1));
      },
      "log_damaged",
    ],
    [
      "one cut inside a line",
      (folder) => truncateSync(join(folder, segment(1)), statSync(join(folder, segment(1))).size - 9),
      "line_torn",
    ],
    ["one emptied", (folder) => truncateSync(join(folder, segment(2)), 0), "log_damaged"],
    [
      "a record edited",
      (folder) => edit(segment(1), (text) => text.replace("note ", "nota "))(folder),
      "hash_mismatch",
    ],
    [
      "a checkpoint forged",
      edit("checkpoints", (text) => text + forgedNote(FORGED, "log", 601)),
      "checkpoint_unsigned",
    ],
    [
      "one of another log",
      edit("checkpoints", (text) => text + forgedNote(signer, "other", 600)),
      "checkpoint_origin",
    ],
    [
      "one over another tree",
      edit("checkpoints", (text) => text + forgedNote(signer, "log", 600)),
      "checkpoint_inconsistent",
    ],
    [
      "one over more than there is",
      edit("checkpoints", (text) => text + forgedNote(signer, "log", 601)),
      "checkpoint_rolled_back",
    ],
    [
      "one rolled back",
      edit("checkpoints", (text) => text + text.slice(0, text.indexOf("\n\n", 60) + 2)),
      "checkpoint_rolled_back",
    ],
    [
      "one with a signature changed",
      edit("checkpoints", (text) => text.replace(/.(?=.{9}\n\n)/, (one) => (one === "A" ? "B" : "A"))),
      "checkpoint_signature",
    ],
    ["one that is none", edit("checkpoints", (text) => `log\nx\n\n\n\n${text}`), "checkpoint_malformed"],
  ])("%s", async (__, change, code) => {
    const folder = copyOf(original());
    change(folder);
    const { fault } = await verify(folder);
    expect(fault?.code).toBe(code);
    expect(fault!.message.length > 0 && fault!.help.length > 0).toBe(true);
  });

  test("another key", async () => {
    expect((await verify(original(), [FORGED])).fault).toMatchObject({ code: "checkpoint_unsigned" });
  });
});

describe("of a pruned log", () => {
  test.each<[string, (folder: string) => void, string]>([
    ["the cut note missing", (folder) => rmSync(join(folder, "cut")), "log_damaged"],
    ["the cut note moved", edit("cut", (text) => text.replace(/"first":(\d)/, '"first":5')), "log_damaged"],
    [
      "the hash in the cut note changed",
      edit("cut", (text) => text.replace(/"previous":"./, '"previous":"f')),
      "log_damaged",
    ],
    ["the tiles missing", (folder) => rmSync(join(folder, "tile"), { recursive: true }), "tiles_damaged"],
    [
      "a tile changed",
      (folder) => {
        const path = join(folder, "tile/0/000");
        const bytes = readFileSync(path);
        bytes[77]! ^= 1;
        writeFileSync(path, bytes);
      },
      "tiles_damaged",
    ],
  ])("%s", async (_, change, code) => {
    const folder = copyOf(pruned);
    change(folder);
    expect((await verify(folder)).fault).toMatchObject({ code });
  });
});

test("opening refuses what its end shows, and a reader what it comes across", async () => {
  for (const [change, code] of [
    [(folder: string) => rmSync(join(folder, segmentsOf(folder).at(-1)!)), "log_bad_tail"],
    [(folder: string) => rmSync(join(folder, segmentsOf(folder).at(-2)!)), "log_bad_tail"],
    [(folder: string) => rmSync(join(folder, segmentsOf(folder)[0]!)), "log_damaged"],
    [(folder: string) => truncateSync(join(folder, segmentsOf(folder).at(-2)!), 5_000), "log_bad_tail"],
  ] as const) {
    const folder = copyOf(source);
    change(folder);
    expect(await openLog(folder)).toMatchObject({ ok: false, code });
  }
});
