/** What the audit commands read: a log folder, one file of lines, or standard input; and whose signatures count. */
import { createReadStream, existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { signBytes, verifyBytes } from "../../bundles/trust/ed25519.ts";
import {
  type PublicKey,
  parsePrivateKey,
  parsePublicKey,
  parseTrustFile,
} from "../../bundles/trust/index.ts";
import type { Pinned } from "../../control/audit/checkpoint.ts";
import { genesis } from "../../control/audit/line.ts";
import {
  type Ed25519,
  isKeyName,
  type KeyKind,
  type NoteKey,
  type NoteSigner,
} from "../../control/audit/note.ts";
import { type LogReport, LogVerifier } from "../../control/audit/verify.ts";
import type { SealedRecord } from "../../control/ports.ts";
import { RECORDS_NAME } from "../../hosts/node/control.ts";
import { holdsLog, LogFailure, readRecords, sealedAt } from "../../hosts/node/log/index.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";
import type { Invocation } from "../command.ts";
import { CommandError, EXIT_FINDINGS, EXIT_MISUSE, misuse, refused } from "../errors.ts";
import { cannotRead, Progress, placeName, readBytes } from "../io.ts";

export const ED25519: Ed25519 = { sign: signBytes, verify: verifyBytes };

/** Errors of the log as errors of the command. */
export function asCommandError(place: string, error: unknown): CommandError {
  if (error instanceof CommandError) return error;
  if (!(error instanceof LogFailure)) return cannotRead(placeName(place), error);
  const findings = error.code === "log_damaged" || error.code === "log_bad_tail";
  return new CommandError(findings ? EXIT_FINDINGS : EXIT_MISUSE, error.message, {
    place: placeName(place),
    help: error.help,
  });
}

/** The log that is meant: the one in it, where `path` is a control plane's folder. */
export function logOf(path: string): string {
  if (path === "-") return path;
  const records = join(path, RECORDS_NAME);
  return existsSync(records) ? records : path;
}

/** Whether a log's folder is meant, and not a file of it. @throws CommandError when nothing is there, or a folder that is no log. */
export function isFolder(path: string): boolean {
  if (path === "-") return false;
  try {
    if (!statSync(path).isDirectory()) return false;
    if (holdsLog(path)) return true;
  } catch (error) {
    throw cannotRead(placeName(path), error);
  }
  throw new CommandError(EXIT_MISUSE, "it is a folder without a record log", {
    place: path,
    help: "give the folder of `faramesh decide --log`, or the control plane's of `--folder`",
  });
}

/** As `isFolder`, for what only a folder has. */
export function mustBeFolder(path: string): void {
  if (isFolder(path)) return;
  throw new CommandError(EXIT_MISUSE, "it is a file", { place: path, help: "give the log's folder" });
}

export interface FileOptions {
  /** The file begins in the middle of a log: a segment, or a part that was exported. */
  partial: boolean;
  head: LogVerifierHead;
}
type LogVerifierHead = NonNullable<ConstructorParameters<typeof LogVerifier>[0]>["head"];

/** A segment's name says where it begins; any other file must begin at the beginning unless `partial` is given. */
function startsInside(path: string, partial: boolean): boolean {
  return partial || (/^\d{16}\.jsonl$/.test(basename(path)) && Number(basename(path).slice(0, 16)) > 0);
}

/** Verifies a file as a stream; `onRecord` gets what verified. */
export async function readFile(
  path: string,
  { partial, head = null }: Partial<FileOptions>,
  onRecord: (record: SealedRecord) => void = () => {},
): Promise<LogReport> {
  const verifier = new LogVerifier({
    start: startsInside(path, partial ?? false) ? null : genesis(),
    head,
    sha256: NATIVE_SHA256,
    onRecord: (sequence, bytes, start, end) => onRecord(sealedAt(sequence, bytes, start, end)),
  });
  const progress = new Progress("verifying bytes");
  let bytes = 0;
  try {
    const stream = path === "-" ? process.stdin : createReadStream(path, { highWaterMark: 1 << 20 });
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      progress.update(bytes);
      if (!verifier.push(chunk)) break;
    }
  } catch (error) {
    throw cannotRead(placeName(path), error);
  } finally {
    progress.end();
  }
  return verifier.finish();
}

/** Hands every record that verifies to `onRecord`; false from it ends the reading. Throws CommandError at the first fault, after what is before it. */
export async function eachRecord(
  path: string,
  { from, partial }: { from: number; partial: boolean },
  onRecord: (record: SealedRecord) => boolean | Promise<boolean>,
): Promise<void> {
  if (isFolder(path)) {
    try {
      for await (const record of readRecords(path, { from, to: null })) if (!(await onRecord(record))) return;
    } catch (error) {
      throw asCommandError(path, error);
    }
    return;
  }
  const found: SealedRecord[] = [];
  const { fault } = await readFile(path, { partial }, (record) => void found.push(record));
  for (const record of found) if (record.sequence >= from && !(await onRecord(record))) return;
  if (fault !== null) {
    const place = `${placeName(path)}:${fault.line}`;
    throw refused(place, `${fault.message} (${fault.code}, byte ${fault.offset})`, fault.help);
  }
}

function noteKey(kind: KeyKind, { name, publicKey }: PublicKey, origin: string | null): NoteKey {
  return { kind, name: origin ?? name, publicKey };
}

function readOrigin(invocation: Invocation): string | null {
  const origin = invocation.value("origin");
  if (origin === null || isKeyName(origin)) return origin;
  throw misuse(
    `\`--origin\` cannot be \`${origin}\``,
    "a name without spaces or `+`, such as example.org/log",
  );
}

/** A public key file; a private one will do, of which the public half is taken. */
function readPublicKey(path: string): PublicKey {
  const bytes = readBytes(path);
  const parsed = parsePublicKey(bytes);
  if (parsed.ok) return parsed.key;
  const secret = parsePrivateKey(bytes);
  if (secret.ok) return secret.key;
  throw refused(path, parsed.message, parsed.help);
}

/** Whose signatures `--key`, `--trust` and `--witness` pin; null without any. */
export function readPinned(invocation: Invocation): Pinned | null {
  const origin = readOrigin(invocation);
  const keys = invocation.values("key").map((path) => noteKey("ed25519", readPublicKey(path), origin));
  const trustPath = invocation.value("trust");
  if (trustPath !== null) {
    const parsed = parseTrustFile(readBytes(trustPath));
    if (!parsed.ok) throw refused(trustPath, parsed.message, parsed.help);
    for (const { name, publicKey } of parsed.trust.keys) {
      keys.push({ kind: "ed25519", name: origin ?? name, publicKey });
    }
  }
  const witnessKeys = invocation
    .values("witness")
    .map((path) => noteKey("cosignature", readPublicKey(path), null));
  if (keys.length > 0) return { logKeys: keys, witnessKeys };
  if (witnessKeys.length === 0 && origin === null) return null;
  throw misuse("`--witness` and `--origin` need the log's key too", "give it with `--key`");
}

/** The one private key of `--key`. */
export function readSigner(invocation: Invocation, kind: KeyKind): NoteSigner {
  const [path, ...more] = invocation.values("key");
  if (path === undefined || more.length > 0) {
    throw misuse("one private key is needed to sign", "give it with `--key`; `faramesh keygen` makes one");
  }
  const parsed = parsePrivateKey(readBytes(path));
  if (!parsed.ok) throw refused(path, parsed.message, parsed.help);
  const { name, publicKey, seed } = parsed.key;
  return { kind, name: (kind === "ed25519" ? readOrigin(invocation) : null) ?? name, publicKey, seed };
}
