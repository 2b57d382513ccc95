/** Whether what a database gives is what was put in: disks and pages without checksums change bytes silently. */
import { chainHash } from "../../../control/audit/line.ts";
import type { SealedRecord } from "../../../control/ports.ts";
import { NATIVE_SHA256 } from "../log/sha256.ts";
import { StoreFailure } from "./failure.ts";

/** SHA-256 of the key's length (4 bytes, big-endian), the key, the version (8 bytes, big-endian), the value. */
export function entryDigest(key: Uint8Array, version: number, bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4 + key.length + 8);
  head.writeUInt32BE(key.length);
  head.set(key, 4);
  head.writeBigUInt64BE(BigInt(version), 4 + key.length);
  return NATIVE_SHA256.bytes(Buffer.concat([head, bytes]));
}

export function checkEntry(key: Uint8Array, version: number, bytes: Uint8Array, digest: Uint8Array): void {
  if (Number.isSafeInteger(version) && version > 0) {
    if (Buffer.compare(entryDigest(key, version, bytes), digest) === 0) return;
  }
  throw new StoreFailure(
    "store_damaged",
    `the value of ${JSON.stringify(Buffer.from(key).toString())} is not the one that was written`,
  );
}

/** @param previous hash of the record before, null when that is no longer kept. */
export function checkRecord(previous: Uint8Array | null, { sequence, record, hash }: SealedRecord): void {
  if (previous === null) return;
  if (Buffer.compare(chainHash(previous, record, NATIVE_SHA256), hash) === 0) return;
  throw new StoreFailure("store_damaged", `record ${sequence} does not have its hash`);
}
