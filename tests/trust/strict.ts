/**
 * Signatures that lax and strict verifiers answer differently, as data for hosts in other languages:
 * `node cli/run.mjs tests/trust/strict.ts` writes strict-signatures.json, each with the answers of bundles/trust/ed25519.ts.
 */
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Point } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes } from "@noble/hashes/utils.js";
import { isUsablePublicKey, verifyBytes } from "../../bundles/trust/ed25519.ts";

/** All bytes in hexadecimal. */
export interface StrictCase {
  title: string;
  key: string;
  message: string;
  signature: string;
  usable: boolean;
  verifies: boolean;
}

const ORDER = Point.CURVE().n;
const ORDER_8 = Point.fromHex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05");
const ORDER_4 = ORDER_8.double();
const ORDER_2 = ORDER_4.double();
const SECRET = 0x1234567890abcdef1234567890abcdefn;
const NONCE = 0xfedcba0987654321fedcba0987654321n;
const message = new TextEncoder().encode("what is signed");

function numberOf(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function bytesOf(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((number >> BigInt(8 * index)) & 255n));
}

const challenge = (commitment: Uint8Array, key: Uint8Array): bigint =>
  numberOf(sha512(concatBytes(commitment, key, message))) % ORDER;

/** RFC 8032 section 5.1.6 for any two points, whatever small-order parts they have. */
function signatureBy(key: Uint8Array, commitment: Uint8Array, nonce = NONCE, secret = SECRET): Uint8Array {
  return concatBytes(commitment, bytesOf((nonce + challenge(commitment, key) * secret) % ORDER));
}

const key = Point.BASE.multiply(SECRET);
const commitment = Point.BASE.multiply(NONCE);
const keyBytes = key.toBytes();
const good = signatureBy(keyBytes, commitment.toBytes());

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = value;
  return copy;
}

function withScalar(scalar: bigint): Uint8Array {
  return concatBytes(good.subarray(0, 32), bytesOf(scalar));
}

const oneTooMany = (1n << 255n) - 18n;
const small = [ORDER_8, ORDER_4, ORDER_2, Point.ZERO];

function* cases(): Generator<[title: string, key: Uint8Array, signature: Uint8Array]> {
  yield ["an honest signature", keyBytes, good];
  yield ["a changed commitment", keyBytes, changed(good, 3, good[3]! ^ 1)];
  yield ["a changed scalar", keyBytes, changed(good, 40, good[40]! ^ 1)];
  yield ["S plus the group order", keyBytes, withScalar(numberOf(good.subarray(32)) + ORDER)];
  yield ["S is the group order", keyBytes, withScalar(ORDER)];
  yield ["S has its highest bits set", keyBytes, changed(good, 63, good[63]! | 0xe0)];
  for (const [index, point] of small.slice(0, 3).entries()) {
    const order = 8 >> index;
    const mixed = key.add(point).toBytes();
    yield [`a key with a part of order ${order}`, mixed, signatureBy(mixed, commitment.toBytes())];
    const mixedCommitment = commitment.add(point).toBytes();
    yield [`a commitment with a part of order ${order}`, keyBytes, signatureBy(keyBytes, mixedCommitment)];
    yield [`both with a part of order ${order}`, mixed, signatureBy(mixed, mixedCommitment)];
    yield [
      `both, and a changed scalar, order ${order}`,
      mixed,
      changed(signatureBy(mixed, mixedCommitment), 40, 7),
    ];
  }
  for (const [index, point] of small.entries()) {
    const order = 8 >> index;
    yield [`a commitment of order ${order}`, keyBytes, signatureBy(keyBytes, point.toBytes(), 0n)];
    yield [
      `a key of order ${order}`,
      point.toBytes(),
      signatureBy(point.toBytes(), commitment.toBytes(), NONCE, 0n),
    ];
  }
  yield ["a commitment that is not reduced", keyBytes, signatureBy(keyBytes, bytesOf(oneTooMany), 0n)];
  yield [
    "a commitment of x = 0 with a sign",
    keyBytes,
    signatureBy(keyBytes, changed(bytesOf(1n), 31, 0x80), 0n),
  ];
  yield ["a commitment on no point", keyBytes, signatureBy(keyBytes, bytesOf(2n), 0n)];
  yield ["a key that is not reduced", bytesOf(oneTooMany), good];
  yield ["a key of x = 0 with a sign", changed(bytesOf(1n), 31, 0x80), good];
  yield ["a key on no point", bytesOf(2n), good];
  yield ["a key of another length", keyBytes.subarray(1), good];
  yield ["a signature of another length", keyBytes, good.subarray(1)];
}

export function strictCases(): StrictCase[] {
  return [...cases()].map(([title, publicKey, signature]) => ({
    title,
    key: bytesToHex(publicKey),
    message: bytesToHex(message),
    signature: bytesToHex(signature),
    usable: isUsablePublicKey(publicKey),
    verifies: verifyBytes(signature, message, publicKey),
  }));
}

export const STRICT_FILE: string = fileURLToPath(new URL("strict-signatures.json", import.meta.url));

export function printStrict(): string {
  return `[\n${strictCases()
    .map((one) => `  ${JSON.stringify(one)}`)
    .join(",\n")}\n]\n`;
}

if (process.argv[1]?.endsWith("tests/trust/strict.ts")) writeFileSync(STRICT_FILE, printStrict());
