/**
 * The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1) over a log: the data of leaf i is the 32-byte hash of record i, so a
 * leaf costs one block of SHA-256. Proofs are made and verified here; where the hashes are kept is the source's matter.
 */
import type { Sha256 } from "./hash.ts";

export const HASH_BYTES = 32;

/** Hashes of complete subtrees. */
export interface HashSource {
  /** Leaves in the tree. */
  readonly size: number;
  /** Root of the `index`-th complete subtree of 2^height leaves. @throws when it is not at hand. */
  node(height: number, index: number): Uint8Array;
}

/** SHA-256(0x00 || data). */
export function leafHash(data: Uint8Array, sha256: Sha256): Uint8Array {
  const message = new Uint8Array(1 + data.length);
  message.set(data, 1);
  return sha256.bytes(message);
}

/** SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array, sha256: Sha256): Uint8Array {
  const message = new Uint8Array(1 + 2 * HASH_BYTES);
  message[0] = 1;
  message.set(left, 1);
  message.set(right, 1 + HASH_BYTES);
  return sha256.bytes(message);
}

export function emptyRoot(sha256: Sha256): Uint8Array {
  return sha256.bytes(new Uint8Array(0));
}

function sameHash(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** The largest power of two smaller than `count`, as its exponent; `count` is at least 2. */
function splitHeight(count: number): number {
  let height = 0;
  for (let half = 2; half < count; half *= 2) height++;
  return height;
}

/** MTH(D[start:end]); `start` is a multiple of the least power of two that is not below `end - start`. */
function rangeRoot(source: HashSource, start: number, end: number, sha256: Sha256): Uint8Array {
  const count = end - start;
  if (count === 1) return source.node(0, start);
  const height = splitHeight(count);
  const half = 2 ** height;
  if (half * 2 === count) return source.node(height + 1, start / count);
  const left = source.node(height, start / half);
  return nodeHash(left, rangeRoot(source, start + half, end, sha256), sha256);
}

function checkSize(size: number, source: HashSource): void {
  if (!Number.isSafeInteger(size) || size < 0 || size > source.size) {
    throw new RangeError(`size must be 0 to ${source.size}, got ${size}`);
  }
}

/** Root of the tree as it was with `size` leaves. @throws RangeError beyond the source's size. */
export function rootAt(size: number, source: HashSource, sha256: Sha256): Uint8Array {
  checkSize(size, source);
  return size === 0 ? emptyRoot(sha256) : rangeRoot(source, 0, size, sha256);
}

/** PATH(index, D[size]), from the leaf to the root (RFC 9162 section 2.1.3.1). @throws RangeError for an index that is not below the size. */
export function inclusionPath(index: number, size: number, source: HashSource, sha256: Sha256): Uint8Array[] {
  checkSize(size, source);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError(`index must be 0 to ${size - 1}, got ${index}`);
  }
  const path: Uint8Array[] = [];
  let [start, end] = [0, size];
  while (end - start > 1) {
    const middle = start + 2 ** splitHeight(end - start);
    if (index < middle) {
      path.push(rangeRoot(source, middle, end, sha256));
      end = middle;
    } else {
      path.push(rangeRoot(source, start, middle, sha256));
      start = middle;
    }
  }
  return path.reverse();
}

/** PROOF(old, D[size]) (RFC 9162 section 2.1.4.1); empty for equal sizes and for an old size of 0. */
export function consistencyPath(old: number, size: number, source: HashSource, sha256: Sha256): Uint8Array[] {
  checkSize(size, source);
  if (!Number.isSafeInteger(old) || old < 0 || old > size) {
    throw new RangeError(`old must be 0 to ${size}, got ${old}`);
  }
  if (old === 0 || old === size) return [];
  const path: Uint8Array[] = [];
  let [start, end, whole] = [0, size, true];
  while (old !== end) {
    const middle = start + 2 ** splitHeight(end - start);
    if (old <= middle) {
      path.push(rangeRoot(source, middle, end, sha256));
      end = middle;
    } else {
      path.push(rangeRoot(source, start, middle, sha256));
      start = middle;
      whole = false;
    }
  }
  if (!whole) path.push(rangeRoot(source, start, end, sha256));
  return path.reverse();
}

const isOdd = (value: number): boolean => value % 2 === 1;
const halved = (value: number): number => Math.floor(value / 2);

/** RFC 9162 section 2.1.3.2. @param leaf the leaf's hash, not its data. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
  sha256: Sha256,
): boolean {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size))
    return false;
  let [at, last] = [index, size - 1];
  let hash = leaf;
  for (const step of path) {
    if (last === 0 || step.length !== HASH_BYTES) return false;
    if (isOdd(at) || at === last) {
      hash = nodeHash(step, hash, sha256);
      while (!isOdd(at) && at !== 0) [at, last] = [halved(at), halved(last)];
    } else {
      hash = nodeHash(hash, step, sha256);
    }
    [at, last] = [halved(at), halved(last)];
  }
  return last === 0 && sameHash(hash, root);
}

/** RFC 9162 section 2.1.4.2; an old size of 0 is consistent with everything, and asks for an empty path and the empty root. */
export function verifyConsistency(
  old: number,
  size: number,
  oldRoot: Uint8Array,
  root: Uint8Array,
  path: readonly Uint8Array[],
  sha256: Sha256,
): boolean {
  if (!(Number.isSafeInteger(old) && Number.isSafeInteger(size) && old >= 0 && old <= size)) return false;
  if (old === size) return path.length === 0 && sameHash(oldRoot, root);
  if (old === 0) return path.length === 0 && sameHash(oldRoot, emptyRoot(sha256));
  const isPower = 2 ** splitHeight(old * 2) === old;
  const [first, ...rest] = isPower ? [oldRoot, ...path] : path;
  if (path.length === 0 || first === undefined || path.some((step) => step.length !== HASH_BYTES))
    return false;
  let [at, last] = [old - 1, size - 1];
  while (isOdd(at)) [at, last] = [halved(at), halved(last)];
  let [before, after] = [first, first];
  for (const step of rest) {
    if (last === 0) return false;
    if (isOdd(at) || at === last) {
      before = nodeHash(step, before, sha256);
      after = nodeHash(step, after, sha256);
      while (!isOdd(at) && at !== 0) [at, last] = [halved(at), halved(last)];
    } else {
      after = nodeHash(after, step, sha256);
    }
    [at, last] = [halved(at), halved(last)];
  }
  return last === 0 && sameHash(before, oldRoot) && sameHash(after, root);
}

/** The right edge of a growing tree: enough for its root, at 32 bytes a level. */
export class Frontier {
  readonly #sha256: Sha256;
  /** Roots of complete subtrees from left to right, their sizes the powers of two in `#size`. */
  readonly #roots: Uint8Array[] = [];
  #size = 0;

  /** Goes on from the first `size` leaves of a source. */
  constructor(sha256: Sha256, size = 0, source: HashSource | null = null) {
    this.#sha256 = sha256;
    if (size === 0) return;
    if (source === null) throw new TypeError("a tree that is not empty needs its source");
    checkSize(size, source);
    for (let start = 0; start < size; ) {
      const height = splitHeight(size - start + 1);
      this.#roots.push(source.node(height, start / 2 ** height));
      start += 2 ** height;
    }
    this.#size = size;
  }

  get size(): number {
    return this.#size;
  }

  push(leaf: Uint8Array): void {
    let hash = leaf;
    for (let rest = this.#size; isOdd(rest); rest = halved(rest)) {
      hash = nodeHash(this.#roots.pop()!, hash, this.#sha256);
    }
    this.#roots.push(hash);
    this.#size++;
  }

  root(): Uint8Array {
    const last = this.#roots.at(-1);
    if (last === undefined) return emptyRoot(this.#sha256);
    return this.#roots.slice(0, -1).reduceRight((hash, left) => nodeHash(left, hash, this.#sha256), last);
  }
}
