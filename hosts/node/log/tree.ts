/** The Merkle tree of a log on disk. Tiles hold nothing that the records do not: they can be made again as long as those are kept. */
import { fsyncSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Checkpoint } from "../../../control/audit/checkpoint.ts";
import { rootAt } from "../../../control/audit/merkle.ts";
import { TILE_WIDTH, type TileStore, TileTree, tilePath } from "../../../control/audit/tiles.ts";
import { errorCode } from "../files.ts";
import { LogFailure } from "./failure.ts";
import { type LogPlace, readHashes } from "./reader.ts";
import { keptSegments, withFile } from "./segments.ts";
import { NATIVE_SHA256 } from "./sha256.ts";

/** Files below `FOLDER/tile`, in the layout of C2SP tlog-tiles: they can be served as they are. */
export class TileFolder implements TileStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  read(level: number, index: number, width: number): Uint8Array | null {
    try {
      return readFileSync(join(this.#folder, tilePath(level, index, width)));
    } catch (error) {
      if (errorCode(error) === "ENOENT") return null;
      throw error;
    }
  }

  write(level: number, index: number, width: number, bytes: Uint8Array): void {
    const path = join(this.#folder, tilePath(level, index, width));
    const temporary = `${path}.tmp`;
    try {
      writeFileSync(temporary, bytes);
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(temporary, bytes);
    }
    renameSync(temporary, path);
  }
}

/** Appends the records' hashes up to `size`. @throws LogFailure when the log has not so many. */
export async function growTree(
  folder: string,
  tree: TileTree,
  size: number | null,
  place: LogPlace,
): Promise<void> {
  if (size !== null && tree.size >= size) return;
  for await (const hashes of readHashes(folder, { from: tree.size, to: size }, place)) {
    for (const hash of hashes) tree.append(hash);
  }
}

/** The tree of a checkpoint from its tiles, or null when they do not give its root. */
export function loadTree(folder: string, { size, root }: Checkpoint): TileTree | null {
  try {
    const tree = TileTree.load(new TileFolder(folder), size, NATIVE_SHA256);
    if (tree === null) return null;
    return Buffer.compare(rootAt(size, tree, NATIVE_SHA256), root) === 0 ? tree : null;
  } catch {
    return null;
  }
}

/** Tiles in memory, for a tree that is made anew to read from. */
class MemoryTiles implements TileStore {
  readonly #tiles = new Map<string, Uint8Array>();

  read(level: number, index: number, width: number): Uint8Array | null {
    return this.#tiles.get(tilePath(level, index, width)) ?? null;
  }

  write(level: number, index: number, width: number, bytes: Uint8Array): void {
    this.#tiles.set(tilePath(level, index, width), bytes);
  }
}

/**
 * The tree of a log's checkpoint to make proofs from, from its tiles or else from its records; nothing is written. @throws LogFailure
 * `log_damaged` when neither gives its root.
 */
export async function openTree(folder: string, checkpoint: Checkpoint): Promise<TileTree> {
  const loaded = loadTree(folder, checkpoint);
  if (loaded !== null) return loaded;
  const tree = new TileTree(new MemoryTiles(), NATIVE_SHA256);
  if (keptSegments(folder).start.sequence === 0) await growTree(folder, tree, checkpoint.size, newPlace());
  const root = tree.size === checkpoint.size ? rootAt(tree.size, tree, NATIVE_SHA256) : null;
  if (root !== null && Buffer.compare(root, checkpoint.root) === 0) return tree;
  throw new LogFailure("log_damaged", `nothing gives the root of the checkpoint of size ${checkpoint.size}`);
}

/** Makes every file and name below a folder durable. */
export function syncBelow(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) syncBelow(path);
    else withFile(path, "r", fsyncSync);
  }
  if (process.platform !== "win32") withFile(folder, "r", fsyncSync);
}

export const newPlace = (): LogPlace => ({ sequence: 0, segment: -1, offset: 0 });

/** Full tiles cover this many of the leaves of a tree of `size`. */
export function coveredByTiles(size: number): number {
  return Math.floor(size / TILE_WIDTH) * TILE_WIDTH;
}
