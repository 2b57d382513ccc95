import { existsSync } from "node:fs";
import { toBase64 } from "../../bundles/trust/bytes.ts";
import {
  checkSignatures,
  parseCheckpoint,
  printCheckpoint,
  type SignedCheckpoint,
} from "../../control/audit/checkpoint.ts";
import { consistencyPath, rootAt } from "../../control/audit/merkle.ts";
import { printVerifierKey } from "../../control/audit/note.ts";
import { cosign } from "../../control/audit/witness.ts";
import {
  keepCheckpoint,
  type Notary,
  openNotary,
  openTree,
  readCheckpoints,
} from "../../hosts/node/log/index.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";
import type { Invocation } from "../command.ts";
import { CommandError, EXIT_FINDINGS, EXIT_MISUSE, EXIT_OK, misuse, nearest, refused } from "../errors.ts";
import { writeFile } from "../files.ts";
import { print, printJson, readText } from "../io.ts";
import { printable, styleFor, table } from "../style.ts";
import { asCommandError, ED25519, mustBeFolder, readPinned, readSigner } from "./audit-source.ts";

const DEEDS: readonly string[] = ["make", "list", "verify", "cosign"];

async function withNotary<Value>(
  path: string,
  invocation: Invocation,
  work: (notary: Notary) => Promise<Value>,
): Promise<Value> {
  const signer = readSigner(invocation, "ed25519");
  const opened = await openNotary(path, { signer, ed25519: ED25519 });
  if (!opened.ok) {
    const findings = opened.code === "checkpoint_refused" || opened.code === "log_damaged";
    throw new CommandError(findings ? EXIT_FINDINGS : EXIT_MISUSE, opened.message, {
      place: path,
      help: opened.help,
    });
  }
  try {
    return await work(opened.notary);
  } catch (error) {
    throw asCommandError(path, error);
  } finally {
    await opened.notary.close();
  }
}

function jsonOf({ origin, size, root, note }: SignedCheckpoint) {
  const signatures = note.signatures.map(({ name, keyId }) => ({ name, key_id: keyId }));
  return { origin, size, root: toBase64(root), signatures };
}

async function make(path: string, invocation: Invocation): Promise<number> {
  return withNotary(path, invocation, async (notary) => {
    const made = await notary.checkpoint();
    const checkpoint = made ?? notary.latest!;
    if (invocation.flag("json")) {
      await printJson({
        made: made !== null,
        ...jsonOf(checkpoint),
        note: printCheckpoint(checkpoint),
        key: printVerifierKey(readSigner(invocation, "ed25519")),
      });
      return EXIT_OK;
    }
    await print(printCheckpoint(checkpoint));
    return EXIT_OK;
  });
}

async function list(path: string, invocation: Invocation): Promise<number> {
  const { checkpoints, fault, torn } = readCheckpoints(path);
  if (invocation.flag("json")) await printJson(checkpoints.map(jsonOf));
  else if (checkpoints.length === 0) await print("no checkpoints\n");
  else {
    const style = styleFor(process.stdout);
    const rows = checkpoints.map(({ origin, size, root, note }) => [
      String(size),
      toBase64(root),
      printable(origin),
      note.signatures.map(({ name, keyId }) => `${printable(name)}+${keyId}`).join(" "),
    ]);
    const heading = ["size", "root", "origin", "signed by"];
    await print(table([heading, ...rows], (text, row) => (row === 0 ? style.dim(text) : text)));
  }
  if (fault === null || torn) return EXIT_OK;
  throw refused(path, fault.message, fault.help);
}

/** Signatures, and that the tree gives every root; the records themselves are `audit verify`'s. */
async function verify(path: string, invocation: Invocation): Promise<number> {
  const pinned = readPinned(invocation);
  if (pinned === null)
    throw misuse("checkpoints are verified against a key", "give it with `--key` or `--trust`");
  const { checkpoints, fault, torn } = readCheckpoints(path);
  const last = checkpoints.at(-1);
  if (fault !== null && !torn) throw refused(path, fault.message, fault.help);
  if (last === undefined)
    throw refused(path, "the log has no checkpoint", "make one with `checkpoint LOG make`");
  const tree = await openTree(path, last);
  for (const checkpoint of checkpoints) {
    const witnessKeys = checkpoint === last ? pinned.witnessKeys : [];
    const unsigned = checkSignatures(checkpoint, { ...pinned, witnessKeys }, ED25519);
    if (unsigned !== null) throw refused(path, `${unsigned.message} (${unsigned.code})`, unsigned.help);
    const root = checkpoint.size <= tree.size ? rootAt(checkpoint.size, tree, NATIVE_SHA256) : null;
    if (root === null || Buffer.compare(root, checkpoint.root) !== 0) {
      const message = `the checkpoint of size ${checkpoint.size} is not one of this log (checkpoint_inconsistent)`;
      throw refused(path, message, "the log was written anew, or the checkpoint is of another one");
    }
  }
  if (invocation.flag("json"))
    await printJson({ ok: true, checkpoints: checkpoints.length, ...jsonOf(last) });
  else {
    const count = `${checkpoints.length} checkpoint${checkpoints.length === 1 ? "" : "s"}`;
    await print(`${styleFor(process.stdout).green("✓")} ${count}, the newest of size ${last.size}\n`);
  }
  return EXIT_OK;
}

/** What the witness saw last: a file of its own, made at first sight. */
function readSeen(path: string): SignedCheckpoint | null {
  if (!existsSync(path)) return null;
  const seen = parseCheckpoint(readText(path));
  if (seen !== null) return seen;
  throw refused(path, "it is no checkpoint", "give the file that an earlier `cosign` wrote");
}

async function cosignNewest(path: string, invocation: Invocation): Promise<number> {
  const signer = readSigner(invocation, "cosignature");
  const seenPath = invocation.value("seen");
  const logKeyPath = invocation.value("log-key");
  if (seenPath === null || logKeyPath === null) {
    throw misuse(
      "a witness needs the log's public key and its own memory",
      "give `--log-key FILE` and `--seen FILE`, which is made at first sight and must not be lost",
    );
  }
  const asked: Invocation = {
    ...invocation,
    values: (name) => (name === "key" ? [logKeyPath] : name === "witness" ? [] : invocation.values(name)),
  };
  const logKey = readPinned(asked)!.logKeys[0]!;
  const checkpoint = readCheckpoints(path).checkpoints.at(-1);
  if (checkpoint === undefined)
    throw refused(path, "the log has no checkpoint", "make one with `checkpoint LOG make`");
  const seen = readSeen(seenPath);
  const tree = await openTree(path, checkpoint);
  const steps =
    seen === null || seen.size > checkpoint.size
      ? []
      : consistencyPath(seen.size, checkpoint.size, tree, NATIVE_SHA256);
  const seconds = Math.floor(Date.now() / 1_000);
  const result = cosign({ checkpoint, logKey, seen, path: steps, seconds }, signer, ED25519, NATIVE_SHA256);
  if (!result.ok) throw refused(path, `${result.fault.message} (${result.fault.code})`, result.fault.help);
  // Remembered before it is given out: a witness that forgets can be led to cosign a fork.
  await writeFile(seenPath, printCheckpoint(result.checkpoint));
  const kept = await keepCheckpoint(path, result.checkpoint);
  if (!kept.ok) throw new CommandError(EXIT_MISUSE, kept.message, { place: path, help: kept.help });
  if (invocation.flag("json")) {
    const note = printCheckpoint(result.checkpoint);
    await printJson({ ...jsonOf(result.checkpoint), note, key: printVerifierKey(signer) });
  } else await print(printCheckpoint(result.checkpoint));
  return EXIT_OK;
}

/** `audit checkpoint LOG [make|list|verify|cosign]`. */
export async function checkpoint(
  path: string,
  deed: string | undefined,
  invocation: Invocation,
): Promise<number> {
  if (deed !== undefined && DEEDS.includes(path) && !DEEDS.includes(deed)) {
    throw misuse("the log comes first", `\`faramesh audit checkpoint ${deed} ${path}\``);
  }
  mustBeFolder(path);
  try {
    if (deed === undefined || deed === "list") return await list(path, invocation);
    if (deed === "make") return await make(path, invocation);
    if (deed === "verify") return await verify(path, invocation);
    if (deed === "cosign") return await cosignNewest(path, invocation);
  } catch (error) {
    throw asCommandError(path, error);
  }
  const near = nearest(deed, DEEDS);
  throw misuse(
    `a checkpoint cannot be asked to \`${deed}\``,
    near === null ? `one of ${DEEDS.join(", ")}` : `did you mean \`${near}\`?`,
  );
}

/** `audit prune LOG N`. */
export async function prune(path: string, word: string | undefined, invocation: Invocation): Promise<number> {
  mustBeFolder(path);
  if (word === undefined || !/^\d{1,15}$/.test(word)) {
    throw misuse(
      "the first record to keep is needed",
      "`prune LOG N --key KEY`: whole segments before it are removed",
    );
  }
  return withNotary(path, invocation, async (notary) => {
    const first = await notary.prune(Number(word));
    if (invocation.flag("json")) await printJson({ first });
    else await print(`the first record that is kept is ${first}\n`);
    return EXIT_OK;
  });
}
