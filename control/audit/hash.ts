import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/** SHA-256, as the host does it fastest. The message is not kept. */
export interface Sha256 {
  /** 64 lower-case hexadecimal digits. */
  hex(message: Uint8Array): string;
  /** 32 bytes. */
  bytes(message: Uint8Array): Uint8Array;
}

/** Everywhere at hand; a host that has a native one hands that in. */
export const PORTABLE_SHA256: Sha256 = {
  hex: (message) => bytesToHex(sha256(message)),
  bytes: (message) => sha256(message),
};
