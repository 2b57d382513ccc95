/** The bytes of a state as a host hands it over and a record lists its changes (engine/ABI.md "State", "The record"). */

/** `u32 count, u32 0`, then per blob `u32 slots, u32 0`, then the blobs. */
export function pack(blobs: (Uint8Array | null)[]): Uint8Array {
  const head = Buffer.alloc(8 + 8 * blobs.length);
  head.writeUInt32LE(blobs.length, 0);
  for (const [index, blob] of blobs.entries()) head.writeUInt32LE((blob?.length ?? 0) / 8, 8 + 8 * index);
  return new Uint8Array(Buffer.concat([head, ...blobs.map((blob) => blob ?? new Uint8Array())]));
}

/** Throws for bytes that are not of this form. */
export function unpack(bytes: Uint8Array): Uint8Array[] {
  const buffer = Buffer.from(bytes);
  const count = buffer.readUInt32LE(0);
  let at = 8 + 8 * count;
  const blobs = Array.from({ length: count }, (_, index) => {
    const length = 8 * buffer.readUInt32LE(8 + 8 * index);
    at += length;
    return bytes.slice(at - length, at);
  });
  if (at !== bytes.length) throw new Error(`a state of ${at} bytes stands in ${bytes.length}`);
  return blobs;
}

/** Slots of a blob: 64 bits, little-endian. */
export function slotsOf(blob: Uint8Array): bigint[] {
  const buffer = Buffer.from(blob);
  return Array.from({ length: blob.length / 8 }, (_, index) => buffer.readBigUInt64LE(8 * index));
}

/** `[blob, slots after, slot, value, ...]` for every blob that is not as it was. */
export function changesBetween(before: Uint8Array, after: Uint8Array): (number | string)[][] {
  const old = unpack(before).map(slotsOf);
  return unpack(after)
    .map(slotsOf)
    .flatMap((slots, index) => {
      const changed = slots.flatMap((value, slot) =>
        value === (old[index]?.[slot] ?? 0n) ? [] : [slot, value.toString(16)],
      );
      const isSame = changed.length === 0 && slots.length === old[index]?.length;
      return isSame ? [] : [[index, slots.length, ...changed]];
    });
}
