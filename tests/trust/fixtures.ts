import { encodeContainer } from "../../bundles/container.ts";
import type { LoadOptions } from "../../bundles/load.ts";
import { signBytes } from "../../bundles/trust/ed25519.ts";
import {
  decodeEnvelope,
  encodeEnvelope,
  PAYLOAD_TYPE,
  preAuthenticationEncoding,
} from "../../bundles/trust/envelope.ts";
import {
  generateKey,
  type HighestSequence,
  type PrivateKey,
  sha256Hex,
  sign,
  type TrustFile,
} from "../../bundles/trust/index.ts";
import { type Json, parseJson, printCanonical } from "../../bundles/trust/json.ts";

export const START_MS = Date.UTC(2027, 0, 1);
export const NOW_MS = Date.UTC(2027, 5, 1);
export const END_MS = Date.UTC(2028, 0, 1);

export const bundle = new TextEncoder().encode("any bytes serve as a bundle here");
export const otherBundle = new TextEncoder().encode("a bundle that nobody signed");

export function keyOf(number: number): PrivateKey {
  return generateKey(new Uint8Array(32).fill(number), `key-${number}`);
}

export const first = keyOf(1);
export const second = keyOf(2);
export const third = keyOf(3);

export function trustIn(keys: PrivateKey[], threshold = 1, extra: Partial<TrustFile> = {}): TrustFile {
  return {
    threshold,
    keys: keys.map(({ name, publicKey }) => ({ name, publicKey, notBeforeMs: START_MS, notAfterMs: END_MS })),
    minimumSequence: 0,
    ...extra,
  };
}

export function envelopeBy(keys: PrivateKey[], sequence = 7, signed: Uint8Array = bundle): Uint8Array {
  const result = sign(signed, {
    keys,
    sequence,
    sources: [{ name: "policy.fpl", sha256: sha256Hex(new TextEncoder().encode("permit *")) }],
    compiler: { name: "faramesh", version: "0.1.0" },
  });
  if (!result.ok) throw new Error(result.message);
  return result.envelope;
}

export function containerBy(keys: PrivateKey[], sequence = 7, signed: Uint8Array = bundle): Uint8Array {
  return encodeContainer({ bundle: signed, envelope: envelopeBy(keys, sequence, signed) });
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

export function bytes(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

/** A JSON document with one edit, printed canonically again. */
export function edited(document: Uint8Array, edit: (root: Map<string, Json>) => void): Uint8Array {
  const root = parseJson(document, 1 << 20, "envelope_malformed");
  if (!(root instanceof Map)) throw new Error("not an object");
  edit(root);
  return bytes(printCanonical(root));
}

export function child(parent: Json | undefined, name: string | number): Map<string, Json> {
  const value =
    parent instanceof Map ? parent.get(String(name)) : Array.isArray(parent) ? parent[Number(name)] : null;
  if (!(value instanceof Map)) throw new Error(`no object ${name}`);
  return value;
}

export interface Given {
  trust?: TrustFile;
  nowMs?: number;
  highest?: HighestSequence | null;
}

export function options(given: Given = {}): LoadOptions {
  return { trust: trustIn([first]), nowMs: NOW_MS, highest: null, ...given };
}

export function withEnvelope(envelope: Uint8Array, of = bundle): Uint8Array {
  return encodeContainer({ bundle: of, envelope });
}

/** The statement of a good envelope after an edit, signed anew by `key`: a signer who writes something else. */
export function resigned(edit: (statement: Map<string, Json>) => void, key: PrivateKey = first): Uint8Array {
  const payload = edited(decodeEnvelope(envelopeBy([first])).payload, edit);
  return signedPayload(payload, key);
}

export function signedPayload(payload: Uint8Array, key: PrivateKey = first): Uint8Array {
  const signature = signBytes(preAuthenticationEncoding(PAYLOAD_TYPE, payload), key.seed);
  return withEnvelope(encodeEnvelope({ payload, signatures: [{ keyId: key.id, signature }] }));
}

export function editedEnvelope(edit: (envelope: Map<string, Json>) => void, keys = [first]): Uint8Array {
  return withEnvelope(edited(envelopeBy(keys), edit));
}

export function changed(file: Uint8Array, at: number, value: number): Uint8Array {
  const copy = file.slice();
  copy[at] = value;
  return copy;
}
