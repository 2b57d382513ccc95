/** Verifies a whole log folder, or one file of it, against what is pinned: keys, a known head. */
import { createReadStream, existsSync } from "node:fs";
import { basename, join } from "node:path";
import {
  type CheckpointFault,
  checkSignatures,
  type Pinned,
  type SignedCheckpoint,
} from "../../../control/audit/checkpoint.ts";
import { type ChainTip, genesis, LINE_HEAD, type LogFaultCode } from "../../../control/audit/line.ts";
import { Frontier, leafHash, rootAt } from "../../../control/audit/merkle.ts";
import type { Ed25519 } from "../../../control/audit/note.ts";
import { TileTree } from "../../../control/audit/tiles.ts";
import { type KnownHead, LogVerifier } from "../../../control/audit/verify.ts";
import { readCheckpoints } from "./checkpoints.ts";
import { LogFailure } from "./failure.ts";
import { type Kept, keptSegments, LOCK_NAME, type Segment } from "./segments.ts";
import { NATIVE_SHA256 } from "./sha256.ts";
import { TileFolder } from "./tree.ts";

const CHUNK_BYTES = 1_048_576;

export interface VerifyOptions {
  head: KnownHead | null;
  /** Null: signatures are not checked, only what the checkpoints say. */
  pinned: Pinned | null;
  ed25519: Ed25519;
  onBytes?: (bytes: number) => void;
}

export interface FolderFault {
  /** Of a line, of a checkpoint, or `log_damaged` for files that do not fit together. */
  code: LogFaultCode | CheckpointFault["code"] | "log_damaged" | "tiles_damaged";
  message: string;
  help: string;
  /** The file, and where in it. */
  place: string;
  line: number | null;
  offset: number | null;
}

export interface FolderReport {
  segments: number;
  /** Records that verified. */
  records: number;
  /** Sequence of the first record that is kept. */
  first: number;
  tip: ChainTip;
  /** Checkpoints that fit the records. */
  checkpoints: number;
  /** Whether their signatures were checked. */
  signatures: boolean;
  /** The newest checkpoint that fits. */
  latest: SignedCheckpoint | null;
  fault: FolderFault | null;
}

class Found extends Error {
  readonly fault: FolderFault;

  constructor(place: string, fault: { code: FolderFault["code"]; message: string; help: string }) {
    super(fault.message);
    this.fault = { line: null, offset: null, ...fault, place };
  }
}

/** With the signatures of every copy. */
function merged(checkpoint: SignedCheckpoint, all: readonly SignedCheckpoint[]): SignedCheckpoint {
  const { text } = checkpoint.note;
  const signatures = all.filter(({ note }) => note.text === text).flatMap(({ note }) => note.signatures);
  return { ...checkpoint, note: { text, signatures } };
}

/** One run over a folder; stops at the first fault by throwing Found. */
class FolderVerifier {
  readonly report: FolderReport;
  readonly #folder: string;
  readonly #options: VerifyOptions;
  readonly #kept: Kept;
  readonly #checkpoints: SignedCheckpoint[];
  readonly #frontier: Frontier | null;
  #next = 0;
  #headSeen = false;

  constructor(folder: string, options: VerifyOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#kept = keptSegments(folder);
    const { start } = this.#kept;
    this.report = {
      segments: 0,
      records: 0,
      first: start.sequence,
      tip: start,
      checkpoints: 0,
      signatures: options.pinned !== null,
      latest: null,
      fault: null,
    };
    this.#checkpoints = this.#readCheckpoints();
    this.#frontier = this.#checkpoints.length === 0 ? null : this.#startTree();
  }

  #place(name: string): string {
    return join(this.#folder, name);
  }

  /** In order, signed as is asked for, and none smaller than the one before it. */
  #readCheckpoints(): SignedCheckpoint[] {
    const place = this.#place("checkpoints");
    const { checkpoints, fault, torn } = readCheckpoints(this.#folder);
    if (fault !== null && !torn) throw new Found(place, fault);
    const { pinned, ed25519 } = this.#options;
    const all = this.#kept.cut === null ? checkpoints : [this.#kept.cut.checkpoint, ...checkpoints];
    for (const checkpoint of pinned === null ? [] : all) {
      // Witnesses sign when they come by: asked of the newest one, over all copies of it.
      const newest = checkpoint === all.at(-1);
      const witnessKeys = newest ? pinned!.witnessKeys : [];
      const signed = newest ? merged(checkpoint, all) : checkpoint;
      const unsigned = checkSignatures(signed, { logKeys: pinned!.logKeys, witnessKeys }, ed25519);
      if (unsigned !== null) throw new Found(place, unsigned);
    }
    checkpoints.forEach((checkpoint, index) => {
      const before = checkpoints[index - 1];
      if (before !== undefined && checkpoint.size < before.size) {
        const message = `the checkpoint of size ${checkpoint.size} stands behind that of ${before.size}`;
        const help = "an old checkpoint was put in; compare the file with a copy";
        throw new Found(place, { code: "checkpoint_rolled_back", message, help });
      }
    });
    return checkpoints;
  }

  /** Of records that are no longer kept, the tiles say what the tree was. */
  #startTree(): Frontier {
    const { start, cut } = this.#kept;
    const { sequence } = start;
    if (cut === null) return new Frontier(NATIVE_SHA256);
    const place = this.#place("tile");
    const help = "restore the tiles from a copy; of removed records nothing else is left";
    try {
      const tree = TileTree.load(new TileFolder(this.#folder), cut.checkpoint.size, NATIVE_SHA256);
      if (tree === null) throw new Error("a tile is missing");
      if (!tree.isConsistent(sequence))
        throw new Error("a tile was altered: it does not fit the one above it");
      const old = this.#checkpoints.filter((checkpoint) => checkpoint.size <= sequence);
      for (const checkpoint of old) {
        this.#compare(checkpoint, rootAt(checkpoint.size, tree, NATIVE_SHA256));
      }
      this.#next = old.length;
      return new Frontier(NATIVE_SHA256, sequence, tree);
    } catch (error) {
      if (error instanceof Found) throw error;
      throw new Found(place, { code: "tiles_damaged", message: String((error as Error).message), help });
    }
  }

  #compare(checkpoint: SignedCheckpoint, root: Uint8Array): void {
    if (Buffer.compare(checkpoint.root, root) !== 0) {
      throw new Found(this.#place("checkpoints"), {
        code: "checkpoint_inconsistent",
        message: `the log's first ${checkpoint.size} records do not give the root of their checkpoint`,
        help: "the log was written anew, or the checkpoint is of another one; compare both with a copy",
      });
    }
    this.report.checkpoints++;
    this.report.latest = checkpoint;
  }

  #checkpointsAt(size: number): void {
    for (; this.#checkpoints[this.#next]?.size === size; this.#next++) {
      this.#compare(this.#checkpoints[this.#next]!, this.#frontier!.root());
    }
  }

  #record(sequence: number, bytes: Uint8Array, start: number): void {
    const { head } = this.#options;
    const digits = Buffer.from(bytes.buffer, bytes.byteOffset + start + LINE_HEAD.length, 64).toString(
      "latin1",
    );
    if (this.#frontier !== null && this.#next < this.#checkpoints.length) {
      this.#frontier.push(leafHash(Buffer.from(digits, "hex"), NATIVE_SHA256));
      this.#checkpointsAt(sequence + 1);
    }
    if (head === null || sequence !== head.sequence) return;
    this.#headSeen = true;
    if (digits === head.hash) return;
    throw new Found(this.#folder, {
      code: "head_mismatch",
      message: `the record of sequence ${sequence} is not the known one`,
      help: "the log was written anew from some record on; compare it with a copy",
    });
  }

  async #segment(segment: Segment, isLast: boolean): Promise<void> {
    if (segment.first !== this.report.tip.sequence) {
      throw new Found(segment.path, {
        code: "log_damaged",
        message: `the segment begins at ${segment.first}, what is before it ends at ${this.report.tip.sequence - 1}`,
        help: "a segment is missing or was renamed; restore it from a copy",
      });
    }
    const verifier = new LogVerifier({
      start: this.report.tip,
      sha256: NATIVE_SHA256,
      onRecord: (sequence, bytes, start) => this.#record(sequence, bytes, start),
    });
    let bytes = 0;
    for await (const chunk of createReadStream(segment.path, { highWaterMark: CHUNK_BYTES })) {
      bytes += (chunk as Buffer).length;
      this.#options.onBytes?.(bytes);
      if (!verifier.push(chunk as Buffer)) break;
    }
    const { fault, tip, records } = verifier.finish();
    this.report.records += records;
    this.report.segments++;
    this.report.tip = tip!;
    // While its owner holds the log, an unfinished line is one that is being written.
    const writing = isLast && fault?.code === "line_torn" && existsSync(join(this.#folder, LOCK_NAME));
    if (fault !== null && !writing) {
      const found = new Found(segment.path, fault);
      Object.assign(found.fault, { line: fault.line, offset: fault.offset });
      throw found;
    }
  }

  #finish(): void {
    const end = this.report.tip.sequence;
    const beyond = this.#checkpoints.at(-1);
    const help = "records were cut off at the end; compare the log with a copy";
    if (beyond !== undefined && beyond.size > end) {
      const message = `the log ends at record ${end - 1}, its newest checkpoint is over ${beyond.size} records`;
      throw new Found(this.#folder, { code: "checkpoint_rolled_back", message, help });
    }
    const { head } = this.#options;
    if (head === null || this.#headSeen) return;
    const kept = head.sequence >= this.report.first;
    const message = kept
      ? `the log ends before the known record of sequence ${head.sequence}`
      : `the known record of sequence ${head.sequence} is no longer kept`;
    throw new Found(this.#folder, {
      code: "head_missing",
      message,
      help: kept ? help : "give a later head, or verify a proof of the removed record",
    });
  }

  async run(): Promise<void> {
    if (this.#frontier?.size === 0) this.#checkpointsAt(0);
    const { segments } = this.#kept;
    for (const [index, segment] of segments.entries()) {
      await this.#segment(segment, index === segments.length - 1);
    }
    this.#finish();
  }
}

/** @throws the file system's error; everything that is wrong with the log is in the report. */
export async function verifyFolder(folder: string, options: VerifyOptions): Promise<FolderReport> {
  let verifier: FolderVerifier | null = null;
  const empty = {
    segments: 0,
    records: 0,
    first: 0,
    tip: genesis(),
    checkpoints: 0,
    signatures: false,
    latest: null,
  };
  try {
    verifier = new FolderVerifier(folder, options);
    await verifier.run();
    return verifier.report;
  } catch (error) {
    const report = verifier?.report ?? { ...empty, fault: null };
    if (error instanceof Found) return { ...report, fault: error.fault };
    if (!(error instanceof LogFailure)) throw error;
    const { message, help } = error;
    return {
      ...report,
      fault: { code: "log_damaged", message, help, place: basename(folder), line: null, offset: null },
    };
  }
}
