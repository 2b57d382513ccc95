import { bytesToHex } from "@noble/hashes/utils.js";
import { parseProof, verifyProof } from "../../control/audit/proof.ts";
import type { KnownHead } from "../../control/audit/verify.ts";
import { type FolderReport, verifyFolder } from "../../hosts/node/log/index.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";
import type { Invocation } from "../command.ts";
import { EXIT_FINDINGS, EXIT_OK, misuse, refused } from "../errors.ts";
import { Progress, placeName, print, printError, printJson, readText } from "../io.ts";
import { printable, styleFor } from "../style.ts";
import { asCommandError, ED25519, isFolder, readFile, readPinned } from "./audit-source.ts";

function readHead(invocation: Invocation): KnownHead | null {
  const text = invocation.value("head");
  if (text === null) return null;
  const match = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text);
  if (match === null)
    throw misuse(
      `\`--head\` cannot be \`${text}\``,
      "SEQUENCE:HASH, as an earlier `faramesh audit verify` printed it",
    );
  return { sequence: Number(match[1]), hash: match[2]! };
}

/** A file as a report of the same shape. */
async function verifyFile(
  path: string,
  invocation: Invocation,
  head: KnownHead | null,
): Promise<FolderReport> {
  const { fault, tip, records } = await readFile(path, { partial: invocation.flag("partial"), head });
  const end = tip ?? { sequence: 0, previous: new Uint8Array(32) };
  return {
    segments: 1,
    records,
    first: end.sequence - records,
    tip: end,
    checkpoints: 0,
    signatures: false,
    latest: null,
    fault: fault === null ? null : { ...fault, place: placeName(path) },
  };
}

async function verifyLog(path: string, invocation: Invocation): Promise<FolderReport> {
  const head = readHead(invocation);
  const pinned = readPinned(invocation);
  if (!isFolder(path)) {
    if (pinned === null) return verifyFile(path, invocation, head);
    throw misuse("a single file has no checkpoints to check a key against", "give the log's folder");
  }
  const progress = new Progress("verifying bytes");
  try {
    return await verifyFolder(path, {
      head,
      pinned,
      ed25519: ED25519,
      onBytes: (bytes) => progress.update(bytes),
    });
  } catch (error) {
    throw asCommandError(path, error);
  } finally {
    progress.end();
  }
}

function headOf({ records, tip }: FolderReport): { sequence: number; hash: string } | null {
  return records === 0 ? null : { sequence: tip.sequence - 1, hash: bytesToHex(tip.previous) };
}

function faultText({ fault }: FolderReport): string {
  const style = styleFor(process.stderr);
  const { line, offset, message, code, help, place } = fault!;
  const where = line === null ? printable(place) : `${printable(place)}:${line}`;
  const byte = offset === null ? "" : `, byte ${offset}`;
  return `faramesh: ${where}: ${style.bold(style.red("error"))}: ${message} (${code}${byte})\n  ${style.cyan("help")}: ${help}\n`;
}

function detailLines(report: FolderReport): string {
  const head = headOf(report);
  const from = report.first > 0 && report.records > 0 ? `records ${report.first} to ${head!.sequence}\n` : "";
  const signed = report.signatures
    ? "signatures verified"
    : "signatures not checked: give the key with --key";
  const count = `${report.checkpoints} checkpoint${report.checkpoints === 1 ? "" : "s"}`;
  const checkpoints =
    report.latest === null
      ? ""
      : `${count} up to ${report.latest.size} of ${printable(report.latest.origin)}, ${signed}\n`;
  return `${from}${checkpoints}${head === null ? "" : `head ${head.sequence}:${head.hash}\n`}`;
}

/** `audit verify LOG`. */
export async function verify(path: string, invocation: Invocation): Promise<number> {
  const report = await verifyLog(path, invocation);
  const { records, fault, first, segments, checkpoints, signatures } = report;
  const exit = fault === null ? EXIT_OK : EXIT_FINDINGS;
  // A key was given to be checked: a log without any checkpoint does not pass it.
  const unproven = fault === null && signatures && report.latest === null;
  if (invocation.flag("json")) {
    const latest = report.latest === null ? null : { origin: report.latest.origin, size: report.latest.size };
    await printJson({
      ok: fault === null && !unproven,
      records,
      first,
      segments,
      checkpoints,
      signatures,
      checkpoint: latest,
      head: headOf(report),
      fault,
    });
    return unproven ? EXIT_FINDINGS : exit;
  }
  const style = styleFor(process.stdout);
  const count = `${records} record${records === 1 ? "" : "s"}`;
  if (fault !== null) {
    await print(`${style.red("✗")} ${placeName(path)}: ${count} verified, then a fault\n`);
    printError(faultText(report));
    return exit;
  }
  await print(`${style.green("✓")} ${placeName(path)}: ${count}, the chain holds\n${detailLines(report)}`);
  if (!unproven) return exit;
  throw refused(
    path,
    "the log has no checkpoint for the key to verify",
    "make one with `faramesh audit checkpoint`",
  );
}

/** `audit verify --proof FILE`: offline, and without the log. */
export async function verifyProofFile(path: string, invocation: Invocation): Promise<number> {
  const proof = parseProof(readText(path));
  if (proof === null) {
    throw refused(path, "it is no proof file", "give a file that `faramesh audit prove` wrote, unchanged");
  }
  const pinned = readPinned(invocation);
  if (pinned === null) throw misuse("a proof is nothing without the log's key", "give it with `--key`");
  const result = verifyProof(proof, pinned, ED25519, NATIVE_SHA256);
  const { origin, size } = proof.checkpoint;
  const earlier = proof.type === "consistency" ? proof.earlier.size : null;
  if (invocation.flag("json")) {
    const fault = result.ok ? null : result.fault;
    const sequence = result.ok ? result.sequence : null;
    await printJson({ ok: result.ok, type: proof.type, origin, size, earlier, sequence, fault });
    return result.ok ? EXIT_OK : EXIT_FINDINGS;
  }
  if (!result.ok) throw refused(path, `${result.fault.message} (${result.fault.code})`, result.fault.help);
  const log = `\`${printable(origin)}\` of ${size} records`;
  const text =
    result.sequence === null
      ? `the log ${log} begins with its first ${earlier} records as they were`
      : `record ${result.sequence} is in the log ${log}`;
  await print(`${styleFor(process.stdout).green("✓")} ${text}\n`);
  return EXIT_OK;
}
