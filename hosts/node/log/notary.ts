import { fdatasyncSync, rmSync } from "node:fs";
import { join } from "node:path";
import { checkSignatures, type SignedCheckpoint, signCheckpoint } from "../../../control/audit/checkpoint.ts";
import { printCut } from "../../../control/audit/cut.ts";
import { consistencyPath, inclusionPath, rootAt } from "../../../control/audit/merkle.ts";
import type { Ed25519, NoteSigner } from "../../../control/audit/note.ts";
import { TileTree } from "../../../control/audit/tiles.ts";
import { errorText, syncFolder, writeAtomic } from "../files.ts";
import { acquireLock, type Lock } from "../lock.ts";
import { type HostRefusal, refusal } from "../refusals.ts";
import { appendCheckpoint, readCheckpoints } from "./checkpoints.ts";
import { asRefusal, LogFailure } from "./failure.ts";
import type { LogPlace } from "./reader.ts";
import { tipOfSealed } from "./recover.ts";
import { CUT_NAME, keptSegments, listSegments, withFile } from "./segments.ts";
import { NATIVE_SHA256 } from "./sha256.ts";
import { coveredByTiles, growTree, loadTree, newPlace, syncBelow, TileFolder } from "./tree.ts";

export const NOTARY_LOCK = "notary.lock";

export interface NotaryOptions {
  /** Its name is the origin: what the checkpoints call the log. */
  signer: NoteSigner;
  ed25519: Ed25519;
}

interface Parts extends NotaryOptions {
  folder: string;
  lock: Lock;
  tree: TileTree;
  latest: SignedCheckpoint | null;
}

/** Keeps the tree of a log, signs checkpoints over it, and removes old records. Beside the log's owner, in its process or another one. */
export class Notary {
  readonly folder: string;
  readonly #parts: Parts;
  readonly #place: LogPlace = newPlace();
  #latest: SignedCheckpoint | null;
  #work: Promise<unknown> = Promise.resolve();

  /** For `openNotary`. */
  constructor(parts: Parts) {
    this.folder = parts.folder;
    this.#parts = parts;
    this.#latest = parts.latest;
  }

  get latest(): SignedCheckpoint | null {
    return this.#latest;
  }

  get tree(): TileTree {
    return this.#parts.tree;
  }

  /**
   * Signs a checkpoint over the log's first `size` records (more when the tree has them already), or over all that are whole in its files. Records, tiles and the checkpoint are on
   * the disk before it is given out. Null when the newest checkpoint covers as many. Rejects with LogFailure.
   */
  checkpoint(size: number | null = null): Promise<SignedCheckpoint | null> {
    return this.#inTurn(() => this.#checkpoint(size));
  }

  /** Takes new records into the tree, so that the next checkpoint has less to do. @returns how many leaves there are. */
  grow(): Promise<number> {
    return this.#inTurn(async () => {
      await growTree(this.folder, this.tree, null, this.#place);
      return this.tree.size;
    });
  }

  /** Hashes that show that the tree of `size` holds that of `old`. */
  consistency(old: number, size: number): Uint8Array[] {
    return consistencyPath(old, size, this.tree, NATIVE_SHA256);
  }

  /**
   * Removes whole segments of records below `before`, as far as the newest checkpoint and whole tiles cover them. What remains is
   * chained to the cut note; proofs of removed records can still be made.
   * @returns the first sequence that is kept. Rejects with LogFailure `prune_refused` when there is no checkpoint.
   */
  prune(before: number): Promise<number> {
    return this.#inTurn(() => this.#prune(before));
  }

  async close(): Promise<void> {
    await this.#work;
    await this.#parts.lock.release();
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  async #checkpoint(size: number | null): Promise<SignedCheckpoint | null> {
    const { tree, signer, ed25519 } = this.#parts;
    const last = keptSegments(this.folder).segments.at(-1);
    if (last === undefined) throw new LogFailure("checkpoint_refused", "the log has no segment");
    await growTree(this.folder, tree, size, this.#place);
    if (size !== null && tree.size < size) {
      throw new LogFailure("checkpoint_refused", `the log holds ${tree.size} records, expected ${size}`);
    }
    if (this.#latest !== null && tree.size === this.#latest.size) return null;
    // A line may have been read that its writer has not made durable yet: a checkpoint must not outlive it.
    withFile(last.path, "r", fdatasyncSync);
    tree.writePartial();
    const root = rootAt(tree.size, tree, NATIVE_SHA256);
    const checkpoint = signCheckpoint({ origin: signer.name, size: tree.size, root }, signer, ed25519);
    await appendCheckpoint(this.folder, checkpoint);
    this.#latest = checkpoint;
    return checkpoint;
  }

  async #prune(before: number): Promise<number> {
    const { segments, start } = keptSegments(this.folder);
    const checkpoint = this.#latest;
    if (checkpoint === null) throw new LogFailure("prune_refused", "there is no checkpoint");
    const limit = Math.min(before, coveredByTiles(checkpoint.size));
    const index = segments.findLastIndex(({ first }) => first <= limit);
    if (index <= 0) return start.sequence;
    const tip = tipOfSealed(segments[index - 1]!);
    const { first } = segments[index]!;
    if (tip.sequence !== first) {
      throw new LogFailure("log_damaged", `the records before ${first} end at ${tip.sequence - 1}`);
    }
    const path = inclusionPath(first - 1, checkpoint.size, this.tree, NATIVE_SHA256);
    const cut = printCut({ first, previous: tip.previous, path, checkpoint });
    this.#checkTiles();
    await writeAtomic(join(this.folder, CUT_NAME), Buffer.from(cut));
    keptSegments(this.folder);
    for (const segment of listSegments(this.folder)) if (segment.first < first) rmSync(segment.path);
    await syncFolder(this.folder);
    return first;
  }

  /** Tiles of records that go away cannot be made again: they must be on the disk, and give the signed root. */
  #checkTiles(): void {
    syncBelow(join(this.folder, "tile"));
    if (this.#latest === null || loadTree(this.folder, this.#latest) === null) {
      throw new LogFailure("prune_refused", "the tiles do not give the root of the newest checkpoint");
    }
  }
}

async function treeOf(folder: string, latest: SignedCheckpoint | null): Promise<TileTree> {
  const loaded = latest === null ? null : loadTree(folder, latest);
  if (loaded !== null) return loaded;
  const { start } = keptSegments(folder);
  if (start.sequence > 0) {
    throw new LogFailure("checkpoint_refused", "the tiles of removed records are missing or damaged");
  }
  const tree = new TileTree(new TileFolder(folder), NATIVE_SHA256);
  if (latest === null) return tree;
  await growTree(folder, tree, latest.size, newPlace());
  const root = tree.size === latest.size ? rootAt(latest.size, tree, NATIVE_SHA256) : null;
  if (root !== null && Buffer.compare(root, latest.root) === 0) return tree;
  throw new LogFailure(
    "checkpoint_refused",
    `the records do not give the root of the checkpoint of ${latest.size}`,
  );
}

/**
 * Opens the tree and the checkpoints of a log; one notary at a time. Refused with `log_locked`, `checkpoint_refused` (they do not fit the
 * log, or are signed by another key), `log_damaged`, `log_unwritable`.
 */
export async function openNotary(
  folder: string,
  options: NotaryOptions,
): Promise<{ ok: true; notary: Notary } | HostRefusal> {
  let lock: Lock | null = null;
  try {
    const path = join(folder, NOTARY_LOCK);
    const acquired = await acquireLock(path);
    if (!acquired.ok) return refusal("log_locked", `${path}, by ${acquired.holder}`);
    lock = acquired.lock;
    const latest = readCheckpoints(folder).checkpoints.at(-1) ?? null;
    const pinned = { logKeys: [options.signer], witnessKeys: [] };
    const fault = latest === null ? null : checkSignatures(latest, pinned, options.ed25519);
    if (fault !== null) throw new LogFailure("checkpoint_refused", fault.message, fault.help);
    const tree = await treeOf(folder, latest);
    return { ok: true, notary: new Notary({ folder, lock, tree, latest, ...options }) };
  } catch (error) {
    await lock?.release();
    return error instanceof LogFailure ? asRefusal(error) : refusal("log_unwritable", errorText(error));
  }
}

/** Adds a checkpoint that has got more signatures. Refused with `log_locked`. @throws the file system's error. */
export async function keepCheckpoint(
  folder: string,
  checkpoint: SignedCheckpoint,
): Promise<{ ok: true } | HostRefusal> {
  const path = join(folder, NOTARY_LOCK);
  const acquired = await acquireLock(path);
  if (!acquired.ok) return refusal("log_locked", `${path}, by ${acquired.holder}`);
  try {
    await appendCheckpoint(folder, checkpoint);
    return { ok: true };
  } finally {
    await acquired.lock.release();
  }
}
