import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  consistencyPath,
  Frontier,
  inclusionPath,
  leafHash,
  rootAt,
  verifyConsistency,
  verifyInclusion,
} from "../../control/audit/merkle.ts";
import { TileTree, tilePath } from "../../control/audit/tiles.ts";
import { NATIVE_SHA256 as sha256 } from "../../hosts/node/log/sha256.ts";
import { MemoryTiles, naiveConsistency, naiveInclusion, naiveRoot } from "./naive.ts";

/** Leaf data and roots of the reference tests of RFC 6962 (certificate-transparency, merkle_tree_test). */
const LEAVES = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map(hexToBytes);
const ROOTS = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

function treeOf(leaves: readonly Uint8Array[]): TileTree {
  const tree = new TileTree(new MemoryTiles(), sha256);
  for (const leaf of leaves) tree.append(leaf);
  return tree;
}

const numbered = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => Uint8Array.of(index & 255, (index >> 8) & 255, index >> 16));

describe("vectors of RFC 6962", () => {
  test("the empty tree", () => {
    expect(bytesToHex(rootAt(0, treeOf([]), sha256))).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  test("roots of one to eight leaves", () => {
    const tree = treeOf(LEAVES);
    const frontier = new Frontier(sha256);
    LEAVES.forEach((leaf, index) => {
      frontier.push(leafHash(leaf, sha256));
      expect(bytesToHex(rootAt(index + 1, tree, sha256))).toBe(ROOTS[index]);
      expect(bytesToHex(frontier.root())).toBe(ROOTS[index]);
    });
  });

  test("a path of inclusion and one of consistency", () => {
    const tree = treeOf(LEAVES);
    expect(inclusionPath(0, 8, tree, sha256).map(bytesToHex)).toEqual([
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]);
    expect(consistencyPath(6, 8, tree, sha256).map(bytesToHex)).toEqual([
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]);
  });
});

describe("against the recursive definition", () => {
  test("every root, every path of inclusion and of consistency up to 40 leaves", () => {
    const leaves = numbered(40);
    const tree = treeOf(leaves);
    for (let size = 1; size <= leaves.length; size++) {
      const root = rootAt(size, tree, sha256);
      expect(root).toEqual(naiveRoot(leaves.slice(0, size)));
      for (let index = 0; index < size; index++) {
        const path = inclusionPath(index, size, tree, sha256);
        expect(path).toEqual(naiveInclusion(index, leaves.slice(0, size)));
        const leaf = leafHash(leaves[index]!, sha256);
        expect(verifyInclusion(leaf, index, size, path, root, sha256)).toBe(true);
        expect(verifyInclusion(leaf, index + 1, size, path, root, sha256)).toBe(false);
      }
      for (let old = 1; old <= size; old++) {
        const path = consistencyPath(old, size, tree, sha256);
        expect(path).toEqual(naiveConsistency(old, leaves.slice(0, size)));
        const oldRoot = rootAt(old, tree, sha256);
        expect(verifyConsistency(old, size, oldRoot, root, path, sha256)).toBe(true);
      }
    }
  });

  test("a tree over several levels of tiles, loaded anew at any size", () => {
    const leaves = numbered(66_000);
    const store = new MemoryTiles();
    const tree = new TileTree(store, sha256);
    for (const leaf of leaves) tree.append(leaf);
    tree.writePartial();
    const root = rootAt(leaves.length, tree, sha256);
    expect(root).toEqual(naiveRoot(leaves));
    const loaded = TileTree.load(store, leaves.length, sha256)!;
    const more = numbered(66_500).slice(66_000);
    for (const leaf of more) loaded.append(leaf);
    expect(rootAt(66_500, loaded, sha256)).toEqual(naiveRoot([...leaves, ...more]));
    expect(rootAt(66_000, loaded, sha256)).toEqual(root);
    for (const index of [0, 255, 256, 65_535, 65_536, 65_999]) {
      const path = inclusionPath(index, 66_500, loaded, sha256);
      const leaf = leafHash(leaves[index]!, sha256);
      expect(verifyInclusion(leaf, index, 66_500, path, rootAt(66_500, loaded, sha256), sha256)).toBe(true);
    }
    for (const size of [1, 255, 256, 257, 65_536, 65_537]) {
      expect(new Frontier(sha256, size, loaded).root()).toEqual(naiveRoot(leaves.slice(0, size)));
    }
  });

  test("no altered proof verifies", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.nat(),
        fc.nat(),
        fc.nat(),
        (size, indexSeed, oldSeed, flip) => {
          const leaves = numbered(size);
          const tree = treeOf(leaves);
          const [index, old] = [indexSeed % size, 1 + (oldSeed % size)];
          const [root, oldRoot] = [rootAt(size, tree, sha256), rootAt(old, tree, sha256)];
          const leaf = leafHash(leaves[index]!, sha256);
          const inclusion = inclusionPath(index, size, tree, sha256);
          const consistency = consistencyPath(old, size, tree, sha256);
          expect(verifyInclusion(leaf, index, size, inclusion, root, sha256)).toBe(true);
          expect(verifyConsistency(old, size, oldRoot, root, consistency, sha256)).toBe(true);
          for (const path of altered(inclusion, flip)) {
            expect(verifyInclusion(leaf, index, size, path, root, sha256)).toBe(false);
          }
          for (const path of altered(consistency, flip)) {
            expect(verifyConsistency(old, size, oldRoot, root, path, sha256)).toBe(false);
          }
          expect(verifyInclusion(flipped(leaf, flip), index, size, inclusion, root, sha256)).toBe(false);
          const forged = flipped(oldRoot, flip);
          expect(verifyConsistency(old, size, forged, root, consistency, sha256)).toBe(false);
        },
      ),
      { numRuns: 300 },
    );
  });
});

function flipped(hash: Uint8Array, at: number): Uint8Array {
  return hash.map((byte, index) => (index === at % hash.length ? byte ^ (1 << (at % 8)) : byte));
}

/** The path longer, shorter, and with one bit changed. */
function altered(path: readonly Uint8Array[], flip: number): Uint8Array[][] {
  const changed = [[...path, new Uint8Array(32)]];
  if (path.length === 0) return changed;
  const at = flip % path.length;
  changed.push(path.slice(1), path.slice(0, -1));
  changed.push(path.map((hash, index) => (index === at ? flipped(hash, flip) : hash)));
  return changed;
}

test("names of tiles are those of tlog-tiles", () => {
  expect(tilePath(0, 0, 256)).toBe("tile/0/000");
  expect(tilePath(1, 1_234_067, 256)).toBe("tile/1/x001/x234/067");
  expect(tilePath(0, 273, 17)).toBe("tile/0/273.p/17");
});
