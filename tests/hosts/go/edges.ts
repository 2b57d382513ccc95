/** Signatures and keys at the edges of RFC 8032, each with what bundles/trust/ed25519.ts says of it. */
import { Point } from "@noble/ed25519";
import { sha512 } from "@noble/hashes/sha2.js";
import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { isUsablePublicKey, publicKeyOf, signBytes, verifyBytes } from "../../../bundles/trust/ed25519.ts";

export interface Edge {
  title: string;
  /** Hexadecimal. */
  key: string;
  message: string;
  signature: string;
  usable: boolean;
  verifies: boolean;
}

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const PRIME = 2n ** 255n - 19n;
const SEED = new Uint8Array(32).fill(1);
const MESSAGE = new TextEncoder().encode("faramesh");
/** A point of order 8. */
const TORSION = Point.fromBytes(
  hexToBytes("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
  true,
);

function littleEndian(number: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((number >> BigInt(8 * index)) & 255n));
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function secretScalar(): bigint {
  const head = sha512(SEED).slice(0, 32);
  head[0]! &= 248;
  head[31] = (head[31]! & 127) | 64;
  return fromLittleEndian(head) % ORDER;
}

/** A signature by the scalar of SEED, with the point and the key as they are given. */
function forge(r: bigint, encodedR: Uint8Array, key: Uint8Array): Uint8Array {
  const k = fromLittleEndian(sha512(join(encodedR, key, MESSAGE))) % ORDER;
  return join(encodedR, littleEndian((r + k * secretScalar()) % ORDER));
}

/** Every encoding of a point of small order, canonical or not. */
function smallOrders(): Uint8Array[] {
  const found = new Set<string>();
  let point = TORSION;
  for (let index = 0; index < 8; index++) {
    const canonical = point.toBytes();
    const sign = canonical[31]! & 0x80;
    const y = fromLittleEndian(canonical) & (2n ** 255n - 1n);
    for (const other of [y, y + PRIME]) {
      if (other >= 2n ** 255n) continue;
      for (const bit of [sign, sign ^ 0x80]) {
        const bytes = littleEndian(other);
        bytes[31]! |= bit;
        found.add(bytesToHex(bytes));
      }
    }
    point = point.add(TORSION);
  }
  return [...found].sort().map(hexToBytes);
}

function edge(title: string, key: Uint8Array, signature: Uint8Array, message = MESSAGE): Edge {
  return {
    title,
    key: bytesToHex(key),
    message: bytesToHex(message),
    signature: bytesToHex(signature),
    usable: isUsablePublicKey(key),
    verifies: verifyBytes(signature, message, key),
  };
}

export function edges(): Edge[] {
  const key = publicKeyOf(SEED);
  const honest = signBytes(MESSAGE, SEED);
  const s = fromLittleEndian(honest.slice(32));
  const mixed = Point.fromBytes(key).add(TORSION).toBytes();
  const r = 12345n;
  const point = Point.BASE.multiply(r);
  const shifted = point.add(TORSION).toBytes();
  const flipped = honest.slice();
  flipped[0]! ^= 1;
  const zero = new Uint8Array(32);
  return [
    edge("honest", key, honest),
    edge("another message", key, honest, new TextEncoder().encode("faramesh!")),
    edge("a bit of R", key, flipped),
    edge("S plus the order", key, join(honest.slice(0, 32), littleEndian(s + ORDER))),
    edge("S plus eight times the order", key, join(honest.slice(0, 32), littleEndian(s + 8n * ORDER))),
    edge("S of zero", key, join(honest.slice(0, 32), zero)),
    edge("a signature cut short", key, honest.slice(1)),
    edge("a key cut short", key.slice(1), honest),
    edge("R with a part of small order", key, forge(r, shifted, key)),
    edge("a key with a part of small order", mixed, forge(r, point.toBytes(), mixed)),
    edge("both with a part of small order", mixed, forge(r, shifted, mixed)),
    edge("a key on no point", littleEndian(2n), honest),
    ...smallOrders().flatMap((small) => [
      edge("a key of small order", small, join(point.toBytes(), littleEndian(r))),
      edge("a key of small order, R of small order", small, join(small, zero)),
      edge("R of small order", key, forge(0n, small, key)),
    ]),
  ];
}
