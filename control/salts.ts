import type { ChainTip, Salts } from "./ports.ts";

const KEY_BYTES = 32;
const SEQUENCE_BYTES = 8;

/**
 * Salts made of a secret key: SHA-256(key || previous hash || u64le sequence), in hexadecimal. Whoever has the key can make them again.
 * @param key 32 unpredictable bytes.
 * @param digest SHA-256.
 */
export function saltsOf(key: Uint8Array, digest: (bytes: Uint8Array) => Uint8Array): Salts {
  if (key.byteLength !== KEY_BYTES) throw new RangeError(`key: ${KEY_BYTES} bytes, not ${key.byteLength}`);
  const secret = new Uint8Array(key);
  return {
    at({ sequence, previous }: ChainTip): string {
      const bytes = new Uint8Array(KEY_BYTES + previous.byteLength + SEQUENCE_BYTES);
      bytes.set(secret);
      bytes.set(previous, KEY_BYTES);
      new DataView(bytes.buffer).setBigUint64(KEY_BYTES + previous.byteLength, BigInt(sequence), true);
      let text = "";
      for (const byte of digest(bytes)) text += byte.toString(16).padStart(2, "0");
      return text;
    },
  };
}
