/**
 * The cut note of a log whose oldest records were removed: where the rest begins, bound to a signed checkpoint that was made before the
 * cut. One JSON object and a line break, in one encoding:
 *
 *   {"checkpoint":"<note>","first":4096,"path":["<hex>",…],"previous":"<hex>","version":"faramesh/cut/v1"}
 *
 * `first` is the sequence of the first record that is kept, `previous` the hash of the one before it, `path` its proof of inclusion.
 */
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { parseCheckpoint, printCheckpoint, type SignedCheckpoint } from "./checkpoint.ts";
import type { Sha256 } from "./hash.ts";
import { leafHash, verifyInclusion } from "./merkle.ts";

const VERSION = "faramesh/cut/v1";
const HASH = /^[0-9a-f]{64}$/;

export interface Cut {
  first: number;
  /** 32 bytes. */
  previous: Uint8Array;
  path: Uint8Array[];
  checkpoint: SignedCheckpoint;
}

export function printCut({ first, previous, path, checkpoint }: Cut): string {
  const fields = {
    checkpoint: printCheckpoint(checkpoint),
    first,
    path: path.map(bytesToHex),
    previous: bytesToHex(previous),
    version: VERSION,
  };
  return `${JSON.stringify(fields)}\n`;
}

/** Null for what is no cut note in exactly this form. */
export function parseCut(text: string): Cut | null {
  try {
    const { checkpoint, first, path, previous } = JSON.parse(text) as Record<string, unknown>;
    const note = typeof checkpoint === "string" ? parseCheckpoint(checkpoint) : null;
    const steps = Array.isArray(path) && path.every((hash) => HASH.test(String(hash))) ? path : null;
    if (note === null || steps === null || !HASH.test(String(previous)) || !Number.isSafeInteger(first))
      return null;
    const cut: Cut = {
      first: first as number,
      previous: hexToBytes(String(previous)),
      path: steps.map((hash) => hexToBytes(String(hash))),
      checkpoint: note,
    };
    return cut.first > 0 && printCut(cut) === text ? cut : null;
  } catch {
    return null;
  }
}

/** Whether the record before the cut is in the tree of the note's own checkpoint; whose that is, `checkSignatures` says. */
export function isCutProven({ first, previous, path, checkpoint }: Cut, sha256: Sha256): boolean {
  const leaf = leafHash(previous, sha256);
  return verifyInclusion(leaf, first - 1, checkpoint.size, path, checkpoint.root, sha256);
}
