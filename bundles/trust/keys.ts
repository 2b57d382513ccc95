/**
 * Key files: one JSON object and a newline. The private one holds everything the public one does.
 *
 *   {"name":"release","public":"<base64>","secret":"<base64>","type":"faramesh private key v1"}
 *   {"name":"release","public":"<base64>","type":"faramesh public key v1"}
 */
import { fromBase64, sameBytes, toBase64, utf8 } from "./bytes.ts";
import { isUsablePublicKey, keyIdOf, publicKeyOf, SEED_BYTES } from "./ed25519.ts";
import { outcome, refuse, type TrustRefusal } from "./errors.ts";
import { type DocumentCodes, Fields, parseJson, printCanonical } from "./json.ts";

export interface PublicKey {
  /** 1 to 64 of `[A-Za-z0-9._@-]`, for people; it identifies nothing. */
  name: string;
  /** 32 bytes. */
  publicKey: Uint8Array;
  /** SHA-256 of `publicKey`, hex. */
  id: string;
}

export interface PrivateKey extends PublicKey {
  /** 32 secret bytes. */
  seed: Uint8Array;
}

export const PRIVATE_KEY_TYPE = "faramesh private key v1";
export const PUBLIC_KEY_TYPE = "faramesh public key v1";
export const KEY_NAME = /^[A-Za-z0-9._@-]{1,64}$/;
const MAX_KEY_FILE_BYTES = 4_096;
const CODES: DocumentCodes = { malformed: "key_malformed", unknownField: "key_unknown_field" };

/**
 * @param seed32 32 bytes from a cryptographic random source; the caller provides them.
 * @throws TypeError, RangeError for a seed of another type or length or a name that is not a `KEY_NAME`.
 */
export function generateKey(seed32: Uint8Array, name: string): PrivateKey {
  if (!(seed32 instanceof Uint8Array)) throw new TypeError("seed32 must be a Uint8Array");
  if (seed32.length !== SEED_BYTES) {
    throw new RangeError(`seed32 must be ${SEED_BYTES} bytes, got ${seed32.length}`);
  }
  if (!KEY_NAME.test(name)) throw new RangeError("name must be 1 to 64 of [A-Za-z0-9._@-]");
  const publicKey = publicKeyOf(seed32);
  return { name, publicKey, id: keyIdOf(publicKey), seed: seed32.slice() };
}

export function printPrivateKey(key: PrivateKey): Uint8Array {
  const fields = [
    ["name", key.name],
    ["public", toBase64(key.publicKey)],
    ["secret", toBase64(key.seed)],
    ["type", PRIVATE_KEY_TYPE],
  ] as const;
  return utf8(`${printCanonical(new Map(fields))}\n`);
}

export function printPublicKey(key: PublicKey): Uint8Array {
  const fields = [
    ["name", key.name],
    ["public", toBase64(key.publicKey)],
    ["type", PUBLIC_KEY_TYPE],
  ] as const;
  return utf8(`${printCanonical(new Map(fields))}\n`);
}

function readPublicHalf(fields: Fields): PublicKey {
  const name = fields.string("name");
  if (!KEY_NAME.test(name)) fields.fail("name", "1 to 64 of [A-Za-z0-9._@-]");
  const publicKey = fromBase64(fields.string("public"));
  if (publicKey === null || !isUsablePublicKey(publicKey)) {
    return fields.fail("public", "an Ed25519 public key in padded standard base64");
  }
  return { name, publicKey, id: keyIdOf(publicKey) };
}

/** Reads a private key file. Codes: `key_malformed`, `key_unknown_field`, `key_mismatch`. */
export function parsePrivateKey(file: Uint8Array): { ok: true; key: PrivateKey } | TrustRefusal {
  return outcome(() => {
    const value = parseJson(file, MAX_KEY_FILE_BYTES, CODES.malformed);
    const fields = new Fields(value, "private key file", ["name", "public", "secret", "type"], CODES);
    fields.constant("type", PRIVATE_KEY_TYPE);
    const seed = fromBase64(fields.string("secret"));
    if (seed?.length !== SEED_BYTES) {
      return fields.fail("secret", `${SEED_BYTES} bytes in padded standard base64`);
    }
    const half = readPublicHalf(fields);
    if (!sameBytes(publicKeyOf(seed), half.publicKey)) refuse("key_mismatch");
    return { key: { ...half, seed } };
  });
}

/** Reads a public key file. Codes: `key_malformed`, `key_unknown_field`. */
export function parsePublicKey(file: Uint8Array): { ok: true; key: PublicKey } | TrustRefusal {
  return outcome(() => {
    const value = parseJson(file, MAX_KEY_FILE_BYTES, CODES.malformed);
    const fields = new Fields(value, "public key file", ["name", "public", "type"], CODES);
    fields.constant("type", PUBLIC_KEY_TYPE);
    return { key: readPublicHalf(fields) };
  });
}
