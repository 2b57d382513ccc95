/**
 * Proof files: everything that is needed to check, offline and with the log's public key alone, that a record is in a log, or that one
 * log is the continuation of another. One JSON object and a line break, in one encoding:
 *
 *   {"checkpoint":"<note>","line":"<line of the log>","path":["<hex>",…],"type":"inclusion","version":"faramesh/proof/v1"}
 *   {"checkpoint":"<note>","earlier":"<note>","path":["<hex>",…],"type":"consistency","version":"faramesh/proof/v1"}
 */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import {
  type CheckpointFaultCode,
  checkSignatures,
  type Pinned,
  parseCheckpoint,
  printCheckpoint,
  type SignedCheckpoint,
} from "./checkpoint.ts";
import type { Sha256 } from "./hash.ts";
import { checkLine, type LogFaultCode } from "./line.ts";
import { leafHash, verifyInclusion } from "./merkle.ts";
import type { Ed25519 } from "./note.ts";
import { consistencyFault } from "./witness.ts";

const VERSION = "faramesh/proof/v1";
/** Twice the levels of the largest tree, which has 2^53 leaves. */
const MAX_PATH = 107;

export type Proof =
  | {
      type: "inclusion";
      checkpoint: SignedCheckpoint;
      /** A line of the log, without its line break. */
      line: string;
      path: Uint8Array[];
    }
  | { type: "consistency"; checkpoint: SignedCheckpoint; earlier: SignedCheckpoint; path: Uint8Array[] };

export interface ProofFault {
  code: "proof_malformed" | "proof_wrong" | CheckpointFaultCode | LogFaultCode;
  message: string;
  help: string;
}

export function printProof(proof: Proof): string {
  const path = proof.path.map(bytesToHex);
  const checkpoint = printCheckpoint(proof.checkpoint);
  const fields =
    proof.type === "inclusion"
      ? { checkpoint, line: proof.line, path, type: proof.type, version: VERSION }
      : { checkpoint, earlier: printCheckpoint(proof.earlier), path, type: proof.type, version: VERSION };
  return `${JSON.stringify(fields)}\n`;
}

/** Null for what is no proof file in exactly this form. */
export function parseProof(text: string): Proof | null {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null || value.version !== VERSION) return null;
  const { path } = value;
  const hashes = Array.isArray(path) && path.length <= MAX_PATH ? path : null;
  if (hashes === null || !hashes.every((hash) => typeof hash === "string" && /^[0-9a-f]{64}$/.test(hash))) {
    return null;
  }
  const note = (field: unknown) => (typeof field === "string" ? parseCheckpoint(field) : null);
  const [checkpoint, earlier] = [note(value.checkpoint), note(value.earlier)];
  const { type, line } = value;
  const steps = (hashes as string[]).map(hexToBytes);
  let proof: Proof | null = null;
  if (checkpoint === null) return null;
  if (type === "inclusion" && typeof line === "string") proof = { type, checkpoint, line, path: steps };
  if (type === "consistency" && earlier !== null) proof = { type, checkpoint, earlier, path: steps };
  return proof !== null && printProof(proof) === text ? proof : null;
}

export type ProofResult =
  | {
      ok: true;
      /** Sequence of the record of an inclusion, null for a consistency. */
      sequence: number | null;
    }
  | { ok: false; fault: ProofFault };

/** Checks a proof against pinned keys; nothing of it is believed before its checkpoints' signatures verify. */
export function verifyProof(proof: Proof, pinned: Pinned, ed25519: Ed25519, sha256: Sha256): ProofResult {
  const notes = proof.type === "inclusion" ? [proof.checkpoint] : [proof.checkpoint, proof.earlier];
  for (const note of notes) {
    const fault = checkSignatures(note, pinned, ed25519);
    if (fault !== null) return { ok: false, fault };
  }
  if (proof.type === "consistency") {
    const fault = consistencyFault(proof.earlier, proof.checkpoint, proof.path, sha256);
    return fault === null ? { ok: true, sequence: null } : { ok: false, fault };
  }
  const checked = checkLine(new TextEncoder().encode(proof.line), null, sha256);
  if (!checked.ok) return { ok: false, fault: checked.fault };
  const sequence = checked.tip.sequence - 1;
  const { size, root } = proof.checkpoint;
  const leaf = leafHash(checked.hash, sha256);
  if (verifyInclusion(leaf, sequence, size, proof.path, root, sha256)) return { ok: true, sequence };
  const message = `record ${sequence} is not shown to be in the log of ${size} records`;
  const help = "the proof is of another record or checkpoint; make it anew from the log";
  return { ok: false, fault: { code: "proof_wrong", message, help } };
}
