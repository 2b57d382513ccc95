/**
 * The tree's hashes in tiles, as C2SP tlog-tiles lays them out: tile N of level L holds the roots of the complete subtrees of 256^L
 * leaves from number 256 N on, 32 bytes each; a tile with fewer than 256 is partial, and stands under a name of its own.
 */
import type { Sha256 } from "./hash.ts";
import { HASH_BYTES, type HashSource, leafHash, nodeHash } from "./merkle.ts";

export const TILE_WIDTH = 256;
const TILE_HEIGHT = 8;
const CACHED_TILES = 64;

/** Keeps tiles by name. What it gives is not changed. */
export interface TileStore {
  /** The tile's bytes, or null when it is not kept. A `width` below 256 asks for a partial tile. */
  read(level: number, index: number, width: number): Uint8Array | null;
  write(level: number, index: number, width: number, bytes: Uint8Array): void;
}

/** `tile/L/N` with N in groups of three digits, all but the last behind an `x`; `.p/W` behind a partial one. */
export function tilePath(level: number, index: number, width: number): string {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, "0");
  const groups = padded.match(/.{3}/g)!;
  const name = groups.map((group, place) => (place < groups.length - 1 ? `x${group}` : group)).join("/");
  return `tile/${level}/${name}${width === TILE_WIDTH ? "" : `.p/${width}`}`;
}

/** A tree that grows: whole tiles are written as they fill, partial ones when asked for. */
export class TileTree implements HashSource {
  readonly #store: TileStore;
  readonly #sha256: Sha256;
  /** By level: the hashes of the tile that is filling. */
  readonly #filling: Uint8Array[][] = [[]];
  readonly #cache = new Map<string, Uint8Array>();
  #size = 0;

  constructor(store: TileStore, sha256: Sha256) {
    this.#store = store;
    this.#sha256 = sha256;
  }

  /** The tree of `size` leaves from its tiles; null when one of those that it goes on from is missing or of another size. */
  static load(store: TileStore, size: number, sha256: Sha256): TileTree | null {
    const tree = new TileTree(store, sha256);
    let count = size;
    for (let level = 0; count > 0; level++) {
      const width = count % TILE_WIDTH;
      const index = Math.floor(count / TILE_WIDTH);
      const bytes = width === 0 ? new Uint8Array(0) : readPart(store, level, index, width);
      if (bytes === null) return null;
      tree.#filling[level] = split(bytes);
      count = index;
    }
    tree.#size = size;
    return tree;
  }

  get size(): number {
    return this.#size;
  }

  /** @param data of the leaf: a record's hash. */
  append(data: Uint8Array): void {
    this.#push(0, leafHash(data, this.#sha256));
    this.#size++;
  }

  /** Writes the tiles that are not full. */
  writePartial(): void {
    let count = this.#size;
    this.#filling.forEach((hashes, level) => {
      const index = Math.floor(count / TILE_WIDTH);
      if (hashes.length > 0) this.#store.write(level, index, hashes.length, joined(hashes));
      count = index;
    });
  }

  node(height: number, index: number): Uint8Array {
    const level = Math.floor(height / TILE_HEIGHT);
    const width = 2 ** (height % TILE_HEIGHT);
    const first = index * width;
    const hashes = this.#hashes(level, Math.floor(first / TILE_WIDTH));
    const part = hashes.slice(first % TILE_WIDTH, (first % TILE_WIDTH) + width);
    if (part.length !== width) throw new RangeError(`subtree ${index} of height ${height} is not complete`);
    return reduce(part, this.#sha256);
  }

  /** Whether each full tile over the first `leaves` has the root that the level above states for it. Reads all of them. */
  isConsistent(leaves: number): boolean {
    let count = Math.floor(leaves / TILE_WIDTH);
    for (let level = 0; count > 0; level++, count = Math.floor(count / TILE_WIDTH)) {
      const half = level * TILE_HEIGHT + TILE_HEIGHT - 1;
      for (let index = 0; index < count; index++) {
        const own = nodeHash(this.node(half, 2 * index), this.node(half, 2 * index + 1), this.#sha256);
        const above = this.node(half + 1, index);
        if (!own.every((byte, at) => byte === above[at])) return false;
      }
    }
    return true;
  }

  #hashes(level: number, index: number): Uint8Array[] {
    const filling = Math.floor(this.#size / TILE_WIDTH ** (level + 1));
    if (index === filling) return this.#filling[level] ?? [];
    const name = `${level}/${index}`;
    let bytes = this.#cache.get(name);
    if (bytes === undefined) {
      bytes = this.#store.read(level, index, TILE_WIDTH) ?? undefined;
      if (bytes?.length !== TILE_WIDTH * HASH_BYTES) {
        throw new Error(`tile ${tilePath(level, index, TILE_WIDTH)} is missing or damaged`);
      }
      if (this.#cache.size >= CACHED_TILES) this.#cache.delete(this.#cache.keys().next().value!);
      this.#cache.set(name, bytes);
    }
    return split(bytes);
  }

  #push(level: number, hash: Uint8Array): void {
    this.#filling[level] ??= [];
    const hashes = this.#filling[level];
    hashes.push(hash);
    if (hashes.length < TILE_WIDTH) return;
    const index = Math.floor(this.#size / TILE_WIDTH ** (level + 1));
    this.#store.write(level, index, TILE_WIDTH, joined(hashes));
    this.#filling[level] = [];
    this.#push(level + 1, reduce(hashes, this.#sha256));
  }
}

/** A partial tile, from its own name or from the whole one that took its place. */
function readPart(store: TileStore, level: number, index: number, width: number): Uint8Array | null {
  const bytes = store.read(level, index, width) ?? store.read(level, index, TILE_WIDTH);
  if (bytes === null || bytes.length < width * HASH_BYTES) return null;
  return bytes.subarray(0, width * HASH_BYTES);
}

function split(bytes: Uint8Array): Uint8Array[] {
  return Array.from({ length: bytes.length / HASH_BYTES }, (_, index) =>
    bytes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES),
  );
}

function joined(hashes: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(hashes.length * HASH_BYTES);
  hashes.forEach((hash, index) => {
    bytes.set(hash, index * HASH_BYTES);
  });
  return bytes;
}

/** Root over a power of two of hashes. */
function reduce(hashes: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  let row = hashes;
  while (row.length > 1) {
    row = Array.from({ length: row.length / 2 }, (_, index) =>
      nodeHash(row[2 * index]!, row[2 * index + 1]!, sha256),
    );
  }
  return row[0]!;
}
