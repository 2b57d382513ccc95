/**
 * Checkpoints, as C2SP tlog-checkpoint has them: a signed note over origin, size and root of the tree. A log keeps its own in one file,
 * one behind the other with an empty line after each; a later one of the same size is the same with more signatures.
 */
import { fromBase64, toBase64 } from "../../bundles/trust/bytes.ts";
import { HASH_BYTES } from "./merkle.ts";
import {
  type Ed25519,
  isKeyName,
  type Note,
  type NoteKey,
  type NoteSigner,
  parseNote,
  printNote,
  signatureState,
  signText,
} from "./note.ts";

export interface Checkpoint {
  /** Names the log; the name of its key too. */
  origin: string;
  /** Leaves in the tree. */
  size: number;
  /** 32 bytes. */
  root: Uint8Array;
}

export interface SignedCheckpoint extends Checkpoint {
  note: Note;
}

/** `ORIGIN\nSIZE\nbase64(ROOT)\n`. @throws RangeError for an origin that cannot name a key, or another size or root than possible. */
export function checkpointText({ origin, size, root }: Checkpoint): string {
  if (!isKeyName(origin)) throw new RangeError("origin must be a name without spaces or `+`");
  if (!Number.isSafeInteger(size) || size < 0) throw new RangeError("size must be a whole number");
  if (root.length !== HASH_BYTES) throw new RangeError(`root must be ${HASH_BYTES} bytes`);
  return `${origin}\n${size}\n${toBase64(root)}\n`;
}

/** Null for a note whose text is no checkpoint. Lines behind the third are extensions, which are allowed and not read. */
export function readCheckpoint(note: Note): SignedCheckpoint | null {
  if (note.text.includes("\n\n")) return null;
  const [origin, size, root] = note.text.split("\n");
  const rootBytes = fromBase64(root ?? "");
  if (!isKeyName(origin ?? "") || !/^(?:0|[1-9][0-9]{0,15})$/.test(size ?? "")) return null;
  if (!Number.isSafeInteger(Number(size)) || rootBytes?.length !== HASH_BYTES) return null;
  return { origin: origin!, size: Number(size), root: rootBytes, note };
}

export function parseCheckpoint(text: string): SignedCheckpoint | null {
  const note = parseNote(text);
  return note === null ? null : readCheckpoint(note);
}

export const printCheckpoint = ({ note }: SignedCheckpoint): string => printNote(note);

export function signCheckpoint(
  checkpoint: Checkpoint,
  signer: NoteSigner,
  ed25519: Ed25519,
): SignedCheckpoint {
  const text = checkpointText(checkpoint);
  return { ...checkpoint, note: { text, signatures: [signText(text, signer, 0, ed25519)] } };
}

/** With one more signature, in the place of an earlier one by the same key. */
export function withSignature(
  checkpoint: SignedCheckpoint,
  signer: NoteSigner,
  seconds: number,
  ed25519: Ed25519,
): SignedCheckpoint {
  const { note } = checkpoint;
  const added = signText(note.text, signer, seconds, ed25519);
  const others = note.signatures.filter(({ name, keyId }) => name !== added.name || keyId !== added.keyId);
  return { ...checkpoint, note: { text: note.text, signatures: [...others, added] } };
}

export type CheckpointFaultCode =
  | "checkpoint_malformed"
  | "checkpoint_origin"
  | "checkpoint_unsigned"
  | "checkpoint_signature"
  | "checkpoint_unwitnessed"
  | "checkpoint_rolled_back"
  | "checkpoint_inconsistent";

export interface CheckpointFault {
  code: CheckpointFaultCode;
  message: string;
  help: string;
}

/** What a checkpoint must carry. */
export interface Pinned {
  /** The log's keys, of which one must have signed; its name is the origin that is expected. */
  logKeys: readonly NoteKey[];
  /** Keys of witnesses, all of which must have cosigned. */
  witnessKeys: readonly NoteKey[];
}

const FORGED = "it was not made by the holder of the pinned key; ask where it comes from";

/** Null when the checkpoint is signed as `pinned` asks. */
export function checkSignatures(
  { origin, size, note }: SignedCheckpoint,
  { logKeys, witnessKeys }: Pinned,
  ed25519: Ed25519,
): CheckpointFault | null {
  const what = `the checkpoint of size ${size}`;
  const mine = logKeys.filter((key) => key.name === origin);
  if (mine.length === 0) {
    const names = logKeys.map(({ name }) => `\`${name}\``).join(", ");
    const message = `${what} is of the log \`${origin}\`, pinned is ${names}`;
    return { code: "checkpoint_origin", message, help: "give the key of this log, or find out whose it is" };
  }
  const states = mine.map((key) => signatureState(note, key, ed25519));
  if (states.includes("invalid")) {
    return {
      code: "checkpoint_signature",
      message: `${what} has a signature that does not verify`,
      help: FORGED,
    };
  }
  if (!states.includes("valid")) {
    return { code: "checkpoint_unsigned", message: `${what} is not signed by the pinned key`, help: FORGED };
  }
  const missing = witnessKeys.find((key) => signatureState(note, key, ed25519) !== "valid");
  if (missing === undefined) return null;
  return {
    code: "checkpoint_unwitnessed",
    message: `${what} is not cosigned by \`${missing.name}\``,
    help: "have the witness cosign it, or give only witnesses that have",
  };
}

/**
 * The checkpoints of a file and where the last whole one ends. `fault` says what stands behind it, `torn` that this may be an interrupted
 * write, which was never given out.
 */
export function parseCheckpoints(text: string): {
  checkpoints: SignedCheckpoint[];
  end: number;
  fault: CheckpointFault | null;
  torn: boolean;
} {
  const checkpoints: SignedCheckpoint[] = [];
  let end = 0;
  while (end < text.length) {
    const body = text.indexOf("\n\n", end);
    const close = body < 0 ? -1 : text.indexOf("\n\n", body + 2);
    const checkpoint = close < 0 ? null : parseCheckpoint(text.slice(end, close + 1));
    if (checkpoint === null) {
      const message = `no checkpoint can be read at character ${end}`;
      const help = "the file was altered, or its last write was interrupted; compare it with a copy";
      const torn = close < 0;
      return { checkpoints, end, torn, fault: { code: "checkpoint_malformed", message, help } };
    }
    checkpoints.push(checkpoint);
    end = close + 2;
  }
  return { checkpoints, end, torn: false, fault: null };
}
