import { expect, test } from "vitest";
import { Slab } from "../../engine/binding/slab.ts";

test("pieces of a slab never share a byte, whatever their sizes", () => {
  const slab = new Slab(256);
  const source = new Uint8Array(1_000);
  const pieces: { piece: Uint8Array; value: number }[] = [];
  for (let value = 0; value < 200; value++) {
    source.fill(value);
    const length = (value * 7) % 41;
    pieces.push({ piece: slab.copy(source, 3, 3 + length), value });
    expect(pieces.at(-1)!.piece).toHaveLength(length);
  }
  for (const { piece, value } of pieces) expect(piece.every((byte) => byte === value)).toBe(true);
});

test("a long piece has an allocation of its own", () => {
  const slab = new Slab(256);
  expect(slab.take(33).buffer.byteLength).toBe(33);
  expect(slab.take(32).buffer.byteLength).toBe(256);
});
