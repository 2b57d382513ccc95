/** RFC 6962 section 2.1 as it is written there: recursive over the leaves, and slow. */
import { createHash } from "node:crypto";
import { type TileStore, tilePath } from "../../control/audit/tiles.ts";

function digest(...parts: Uint8Array[]): Uint8Array {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

function half(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}

/** MTH. */
export function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return digest();
  if (leaves.length === 1) return digest(Uint8Array.of(0), leaves[0]!);
  const k = half(leaves.length);
  return digest(Uint8Array.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

/** PATH. */
export function naiveInclusion(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return [];
  const k = half(leaves.length);
  if (index < k) return [...naiveInclusion(index, leaves.slice(0, k)), naiveRoot(leaves.slice(k))];
  return [...naiveInclusion(index - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** SUBPROOF. */
function subproof(old: number, leaves: readonly Uint8Array[], whole: boolean): Uint8Array[] {
  if (old === leaves.length) return whole ? [] : [naiveRoot(leaves)];
  const k = half(leaves.length);
  if (old <= k) return [...subproof(old, leaves.slice(0, k), whole), naiveRoot(leaves.slice(k))];
  return [...subproof(old - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

export function naiveConsistency(old: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  return subproof(old, leaves, true);
}

export class MemoryTiles implements TileStore {
  readonly tiles = new Map<string, Uint8Array>();

  read(level: number, index: number, width: number): Uint8Array | null {
    return this.tiles.get(tilePath(level, index, width)) ?? null;
  }

  write(level: number, index: number, width: number, bytes: Uint8Array): void {
    this.tiles.set(tilePath(level, index, width), bytes);
  }
}
