/**
 * Ed25519 as RFC 8032 section 5.1 states it, strictly: S below the group order, canonical points, no small-order key.
 * Not ZIP-215, under which one signature can have several encodings.
 */
import { getPublicKey, hashes, Point, sign, verify } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { sha256Hex } from "./bytes.ts";

hashes.sha512 = sha512;

export const SEED_BYTES = 32;
export const PUBLIC_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** @param seed the 32 secret bytes of RFC 8032 section 5.1.5. */
export function publicKeyOf(seed: Uint8Array): Uint8Array {
  return getPublicKey(seed);
}

export function signBytes(message: Uint8Array, seed: Uint8Array): Uint8Array {
  return sign(message, seed);
}

/** True only for a signature of `message` by that key; wrong lengths are false. */
export function verifyBytes(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES || publicKey.length !== PUBLIC_BYTES) return false;
  return verify(signature, message, publicKey, { zip215: false });
}

/** Whether the bytes are a key that could ever verify: a canonical point (section 5.1.3) of more than small order. */
export function isUsablePublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== PUBLIC_BYTES) return false;
  try {
    return !Point.fromBytes(bytes, false).isSmallOrder();
  } catch {
    return false;
  }
}

/** The name of a key in an envelope: SHA-256 of its 32 bytes, in hex. Always computed, never taken from a file. */
export function keyIdOf(publicKey: Uint8Array): string {
  return sha256Hex(publicKey);
}
