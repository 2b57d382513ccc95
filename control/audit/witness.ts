/** What a witness does: it cosigns a checkpoint only when the log has not forked since the last one that it saw. */
import {
  type Checkpoint,
  type CheckpointFault,
  checkSignatures,
  type SignedCheckpoint,
  withSignature,
} from "./checkpoint.ts";
import type { Sha256 } from "./hash.ts";
import { verifyConsistency } from "./merkle.ts";
import type { Ed25519, NoteKey, NoteSigner } from "./note.ts";

export interface WitnessRequest {
  checkpoint: SignedCheckpoint;
  /** The log's key, pinned by the witness. */
  logKey: NoteKey;
  /** The last checkpoint of this log that the witness cosigned, as it keeps it itself; null: it has seen none. */
  seen: Checkpoint | null;
  /** From the seen one to this one. */
  path: readonly Uint8Array[];
  /** Unix time. */
  seconds: number;
}

export type WitnessResult =
  | { ok: true; checkpoint: SignedCheckpoint }
  | { ok: false; fault: CheckpointFault };

/** Null when a tree of the later checkpoint holds that of the earlier one as its beginning. */
export function consistencyFault(
  earlier: Checkpoint,
  later: Checkpoint,
  path: readonly Uint8Array[],
  sha256: Sha256,
): CheckpointFault | null {
  const sizes = `${earlier.size} and ${later.size}`;
  if (earlier.origin !== later.origin) {
    const message = `the checkpoints are of two logs, \`${earlier.origin}\` and \`${later.origin}\``;
    return { code: "checkpoint_origin", message, help: "compare checkpoints of one log" };
  }
  if (later.size < earlier.size) {
    const message = `the log went back from ${earlier.size} records to ${later.size}`;
    const help = "records were cut off, or an old checkpoint is shown; compare the log with a copy";
    return { code: "checkpoint_rolled_back", message, help };
  }
  if (verifyConsistency(earlier.size, later.size, earlier.root, later.root, path, sha256)) return null;
  return {
    code: "checkpoint_inconsistent",
    message: `the trees of ${sizes} records are not shown to be one log`,
    help: "the log was written anew, or the proof is of another one; do not trust either until that is known",
  };
}

/** The caller keeps what is cosigned, durably and before it gives it out: it is `seen` of the next request. */
export function cosign(
  { checkpoint, logKey, seen, path, seconds }: WitnessRequest,
  signer: NoteSigner,
  ed25519: Ed25519,
  sha256: Sha256,
): WitnessResult {
  if (signer.kind !== "cosignature") throw new TypeError("a witness signs with a key of kind cosignature");
  const unsigned = checkSignatures(checkpoint, { logKeys: [logKey], witnessKeys: [] }, ed25519);
  const fault = unsigned ?? (seen === null ? null : consistencyFault(seen, checkpoint, path, sha256));
  if (fault !== null) return { ok: false, fault };
  return { ok: true, checkpoint: withSignature(checkpoint, signer, seconds, ed25519) };
}
