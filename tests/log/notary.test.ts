import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { signBytes, verifyBytes } from "../../bundles/trust/ed25519.ts";
import { generateKey } from "../../bundles/trust/index.ts";
import {
  checkSignatures,
  parseCheckpoint,
  printCheckpoint,
  signCheckpoint,
} from "../../control/audit/checkpoint.ts";
import { isCutProven, parseCut } from "../../control/audit/cut.ts";
import { formatLine, genesis } from "../../control/audit/line.ts";
import { inclusionPath, rootAt } from "../../control/audit/merkle.ts";
import {
  cosignedAt,
  type Ed25519,
  type NoteSigner,
  parseVerifierKey,
  printVerifierKey,
  signatureState,
} from "../../control/audit/note.ts";
import { parseProof, printProof, verifyProof } from "../../control/audit/proof.ts";
import { cosign } from "../../control/audit/witness.ts";
import {
  type Notary,
  openLog,
  openNotary,
  readCheckpoints,
  startCheckpoints,
} from "../../hosts/node/log/index.ts";
import { NATIVE_SHA256 as sha256 } from "../../hosts/node/log/sha256.ts";
import { naiveRoot } from "../audit/naive.ts";
import { all, opened, temporaryFolder } from "./folders.ts";
import { behind, firstRecords, recordsFrom } from "./records.ts";

const ed25519: Ed25519 = { sign: signBytes, verify: verifyBytes };

function signerOf(fill: number, name: string, kind: NoteSigner["kind"] = "ed25519"): NoteSigner {
  const { publicKey, seed } = generateKey(new Uint8Array(32).fill(fill), "test");
  return { kind, name, publicKey, seed };
}

const signer = signerOf(1, "example.org/log");
const witness = signerOf(2, "example.org/witness", "cosignature");
const pinned = { logKeys: [signer], witnessKeys: [] };

async function notaryOf(folder: string, by = signer): Promise<Notary> {
  const result = await openNotary(folder, { signer: by, ed25519 });
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  onTestFinished(() => result.notary.close());
  return result.notary;
}

/** A closed log of `count` records in segments of about 20. */
async function logOf(count: number): Promise<{ folder: string; records: ReturnType<typeof firstRecords> }> {
  const folder = temporaryFolder();
  const log = await opened(folder, { segmentBytes: 20_000 });
  const records = firstRecords(count);
  for (let at = 0; at < count; at += 10) await log.append(await log.tip(), records.slice(at, at + 10));
  await log.close();
  return { folder, records };
}

describe("checkpoints", () => {
  test("are over the records, grow with them, and survive a restart and the loss of all tiles", async () => {
    const { folder, records } = await logOf(700);
    const hashes = records.map(({ hash }) => hash);
    const first = await notaryOf(folder);
    const made = (await first.checkpoint(600))!;
    expect(made.root).toEqual(naiveRoot(hashes.slice(0, 600)));
    expect(checkSignatures(made, pinned, ed25519)).toBeNull();
    await first.close();
    const second = await notaryOf(folder);
    expect((await second.checkpoint())!.root).toEqual(naiveRoot(hashes));
    expect(await second.checkpoint()).toBeNull();
    await second.close();
    rmSync(join(folder, "tile"), { recursive: true });
    const third = await notaryOf(folder);
    expect(rootAt(700, third.tree, sha256)).toEqual(naiveRoot(hashes));
    expect(readCheckpoints(folder).checkpoints.map(({ size }) => size)).toEqual([600, 700]);
  });

  test("of an interrupted write are cut off, and a log shorter than its checkpoint is refused", async () => {
    const { folder } = await logOf(100);
    const notary = await notaryOf(folder);
    await notary.checkpoint(50);
    appendFileSync(join(folder, "checkpoints"), "example.org/log\n100\nAAAA");
    await notary.checkpoint();
    expect(readCheckpoints(folder)).toMatchObject({
      fault: null,
      checkpoints: [{ size: 50 }, { size: 100 }],
    });
    await notary.close();
    const segments = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));
    rmSync(join(folder, segments.at(-1)!));
    expect(await openLog(folder)).toMatchObject({ ok: false, code: "log_bad_tail" });
  });

  test("are made while records are appended", async () => {
    const folder = temporaryFolder();
    const log = await opened(folder, { segmentBytes: 200_000 });
    const sizes: number[] = [];
    const checkpoints = await startCheckpoints(folder, {
      key: generateKey(new Uint8Array(32).fill(1), "test"),
      origin: signer.name,
      everyMs: 5,
      onCheckpoint: (made) => {
        expect(checkSignatures(made, pinned, ed25519)).toBeNull();
        sizes.push(made.size);
      },
      onFailure: (failure) => {
        throw failure;
      },
    });
    if (!checkpoints.ok) throw new Error(checkpoints.message);
    for (let round = 0; round < 40; round++) {
      await log.append(await log.tip(), recordsFrom(await log.tip(), 25));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await checkpoints.stop();
    expect(sizes.at(-1)).toBe(1_000);
    const hashes = (await all(log)).map(({ hash }) => hash);
    for (const { size, root } of readCheckpoints(folder).checkpoints) {
      expect(root).toEqual(naiveRoot(hashes.slice(0, size)));
    }
  });

  test("are not signed when the log was written anew, or by another key", async () => {
    const { folder } = await logOf(60);
    const notary = await notaryOf(folder);
    await notary.checkpoint();
    await notary.close();
    expect(await openNotary(folder, { signer: signerOf(3, "example.org/log"), ed25519 })).toMatchObject({
      ok: false,
      code: "checkpoint_refused",
    });
    for (const name of readdirSync(folder)) {
      if (name.endsWith(".jsonl") || name === "tile") rmSync(join(folder, name), { recursive: true });
    }
    const other = recordsFrom(genesis(), 60, "another story");
    writeFileSync(
      join(folder, "0000000000000000.jsonl"),
      Buffer.concat(other.map(({ hash, record }) => formatLine(hash, record))),
    );
    expect(await openNotary(folder, { signer, ed25519 })).toMatchObject({
      ok: false,
      code: "checkpoint_refused",
    });
  });
});

describe("forged checkpoints", () => {
  const root = new Uint8Array(32).fill(7);
  const good = signCheckpoint({ origin: signer.name, size: 5, root }, signer, ed25519);
  const text = printCheckpoint(good);

  test.each([
    ["another size", text.replace("\n5\n", "\n6\n"), "checkpoint_signature"],
    ["another origin", text.replaceAll("example.org/log", "example.com/log"), "checkpoint_origin"],
    [
      "another key of the same name",
      printCheckpoint(
        signCheckpoint({ origin: signer.name, size: 5, root }, signerOf(9, signer.name), ed25519),
      ),
      "checkpoint_unsigned",
    ],
  ])("%s", (_, forged, code) => {
    expect(checkSignatures(parseCheckpoint(forged)!, pinned, ed25519)).toMatchObject({ code });
  });

  test.each([
    ["no signature", text.slice(0, text.indexOf("\n\n") + 2)],
    ["a leading zero", text.replace("\n5\n", "\n05\n")],
    ["a short root", text.replace(/\n5\n.*\n/, "\n5\nAAAA\n")],
    ["an empty line in the text", text.replace("\n5\n", "\n5\n\n")],
    ["no line break at the end", text.slice(0, -1)],
    ["a control character", text.replace("example", "exa\u0007mple")],
  ])("%s is not read at all", (_, forged) => {
    expect(parseCheckpoint(forged)).toBeNull();
  });

  test("every changed character is found", () => {
    for (let at = 0; at < text.length; at++) {
      const forged = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
      const parsed = parseCheckpoint(forged);
      expect(parsed === null || checkSignatures(parsed, pinned, ed25519) !== null, `at ${at}`).toBe(true);
    }
  });
});

test("verifier keys are printed and read as other tools do", () => {
  // The key of the Go checksum database, from its documentation.
  const known = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
  expect(printVerifierKey(parseVerifierKey(known)!)).toBe(known);
  expect(parseVerifierKey(printVerifierKey(witness))).toMatchObject({
    kind: "cosignature",
    name: witness.name,
  });
  expect(parseVerifierKey(known.replace("033d", "033e"))).toBeNull();
});

describe("a witness", () => {
  test("cosigns what continues the log it saw, and nothing else", async () => {
    const { folder, records } = await logOf(90);
    const notary = await notaryOf(folder);
    const [older, newer] = [(await notary.checkpoint(40))!, (await notary.checkpoint())!];
    const request = { logKey: signer, seconds: 1_800_000_000 };
    const first = cosign({ ...request, checkpoint: older, seen: null, path: [] }, witness, ed25519, sha256);
    const path = notary.consistency(40, 90);
    const second = cosign({ ...request, checkpoint: newer, seen: older, path }, witness, ed25519, sha256);
    if (!first.ok || !second.ok) throw new Error("not cosigned");
    expect(signatureState(second.checkpoint.note, witness, ed25519)).toBe("valid");
    expect(cosignedAt(second.checkpoint.note, witness)).toBe(1_800_000_000);
    expect(
      checkSignatures(second.checkpoint, { logKeys: [signer], witnessKeys: [witness] }, ed25519),
    ).toBeNull();
    expect(checkSignatures(newer, { logKeys: [signer], witnessKeys: [witness] }, ed25519)).toMatchObject({
      code: "checkpoint_unwitnessed",
    });
    const fork = signCheckpoint(
      {
        origin: signer.name,
        size: 90,
        root: naiveRoot(recordsFrom(genesis(), 90, "fork").map(({ hash }) => hash)),
      },
      signer,
      ed25519,
    );
    expect(naiveRoot(records.map(({ hash }) => hash))).toEqual(newer.root);
    for (const [checkpoint, seen, code] of [
      [fork, older, "checkpoint_inconsistent"],
      [older, newer, "checkpoint_rolled_back"],
    ] as const) {
      const refused = cosign({ ...request, checkpoint, seen, path }, witness, ed25519, sha256);
      expect(refused).toMatchObject({ ok: false, fault: { code } });
    }
  });
});

describe("retention", () => {
  test("removes old segments and keeps what proves them", async () => {
    const { folder, records } = await logOf(700);
    const notary = await notaryOf(folder);
    await expect(notary.prune(500)).rejects.toMatchObject({ code: "prune_refused" });
    const checkpoint = (await notary.checkpoint())!;
    const first = await notary.prune(600);
    expect(first > 480 && first <= 512).toBe(true);
    const cut = parseCut(readFileSync(join(folder, "cut"), "utf8"))!;
    expect(cut).toMatchObject({ first, previous: records[first - 1]!.hash });
    expect(isCutProven(cut, sha256)).toBe(true);
    await notary.close();

    const log = await opened(folder);
    expect(await log.tip()).toEqual(behind(records[699]!));
    expect(await all(log, first)).toEqual(records.slice(first));
    await expect(all(log, first - 1)).rejects.toMatchObject({ code: "log_pruned" });
    const tip = await log.tip();
    await log.append(tip, recordsFrom(tip, 50));

    const again = await notaryOf(folder);
    const newer = (await again.checkpoint())!;
    const proof = {
      type: "inclusion",
      checkpoint: newer,
      line: Buffer.from(formatLine(records[3]!.hash, records[3]!.record)).toString().slice(0, -1),
      path: inclusionPath(3, newer.size, again.tree, sha256),
    } as const;
    expect(verifyProof(parseProof(printProof(proof))!, pinned, ed25519, sha256)).toEqual({
      ok: true,
      sequence: 3,
    });
    const consistent = {
      type: "consistency",
      checkpoint: newer,
      earlier: checkpoint,
      path: again.consistency(700, 750),
    } as const;
    expect(verifyProof(consistent, pinned, ed25519, sha256)).toEqual({ ok: true, sequence: null });
    const swapped = { ...proof, path: inclusionPath(4, newer.size, again.tree, sha256) };
    expect(verifyProof(swapped, pinned, ed25519, sha256)).toMatchObject({
      ok: false,
      fault: { code: "proof_wrong" },
    });
  });

  test("left half done by a crash does no harm, and without its cut note the rest is refused", async () => {
    const { folder, records } = await logOf(600);
    const copy = readFileSync(join(folder, "0000000000000000.jsonl"));
    const notary = await notaryOf(folder);
    await notary.checkpoint();
    const first = await notary.prune(400);
    writeFileSync(join(folder, "0000000000000000.jsonl"), copy);
    const log = await opened(folder);
    expect(await all(log, first)).toEqual(records.slice(first));
    await log.close();
    rmSync(join(folder, "0000000000000000.jsonl"));
    rmSync(join(folder, "cut"));
    expect(existsSync(join(folder, "cut"))).toBe(false);
    expect(await openLog(folder)).toMatchObject({ ok: false, code: "log_damaged" });
  });
});
