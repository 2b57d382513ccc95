/**
 * DSSE v1 envelope, in exactly one encoding (RFC 8785 of the object below, base64 standard and padded):
 *
 *   {"payload":"<base64>","payloadType":"application/vnd.in-toto+json","signatures":[{"keyid":"<hex>","sig":"<base64>"},…]}
 *
 * Signatures stand in ascending order of `keyid` = SHA-256 of the public key. What is signed is
 * PAE = "DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload, lengths in decimal.
 */
import { fromBase64, toBase64, utf8 } from "./bytes.ts";
import { SIGNATURE_BYTES } from "./ed25519.ts";
import { refuse } from "./errors.ts";
import { type DocumentCodes, Fields, type Json, parseCanonical, printCanonical } from "./json.ts";

export const PAYLOAD_TYPE = "application/vnd.in-toto+json";
export const MAX_ENVELOPE_BYTES = 1_048_576;
export const MAX_SIGNATURES = 64;

export interface Signature {
  /** 64 hexadecimal digits; only a hint until the signature has verified under a trusted key of this id. */
  keyId: string;
  signature: Uint8Array;
}

export interface Envelope {
  payload: Uint8Array;
  signatures: Signature[];
}

const CODES: DocumentCodes = { malformed: "envelope_malformed", unknownField: "envelope_unknown_field" };
const KEY_ID = /^[0-9a-f]{64}$/;

/** DSSE v1 pre-authentication encoding. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = utf8(payloadType);
  const head = utf8(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(head);
  bytes.set(payload, head.length);
  return bytes;
}

function readSignature(value: Json): Signature {
  const fields = new Fields(value, "signatures", ["keyid", "sig"], CODES);
  const keyId = fields.string("keyid");
  if (!KEY_ID.test(keyId)) fields.fail("keyid", "64 lower-case hexadecimal digits");
  const signature = fromBase64(fields.string("sig"));
  if (signature?.length !== SIGNATURE_BYTES) {
    return fields.fail("sig", `${SIGNATURE_BYTES} bytes in padded standard base64`);
  }
  return { keyId, signature };
}

/** @throws Refused for anything but the one encoding of an envelope with at least one signature. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  const value = parseCanonical(bytes, MAX_ENVELOPE_BYTES, CODES.malformed);
  const fields = new Fields(value, "envelope", ["payload", "payloadType", "signatures"], CODES);
  if (fields.string("payloadType") !== PAYLOAD_TYPE) refuse("payload_type_wrong");
  const payload = fromBase64(fields.string("payload"));
  if (payload === null) return fields.fail("payload", "padded standard base64");
  const list = fields.list("signatures");
  if (list.length === 0) refuse("signature_missing");
  if (list.length > MAX_SIGNATURES) fields.fail("signatures", `a list of at most ${MAX_SIGNATURES}`);
  const signatures = list.map(readSignature);
  for (const [index, next] of signatures.entries()) {
    const before = signatures[index - 1];
    if (before?.keyId === next.keyId) refuse("signature_duplicate", next.keyId);
    if (before !== undefined && before.keyId > next.keyId) fields.fail("signatures", "in order of `keyid`");
  }
  return { payload, signatures };
}

/** The one encoding; signatures are put in order. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  const ordered = [...envelope.signatures].sort((left, right) => (left.keyId < right.keyId ? -1 : 1));
  const signatures = ordered.map(
    ({ keyId, signature }): Json =>
      new Map([
        ["keyid", keyId],
        ["sig", toBase64(signature)],
      ]),
  );
  const fields: [string, Json][] = [
    ["payload", toBase64(envelope.payload)],
    ["payloadType", PAYLOAD_TYPE],
    ["signatures", signatures],
  ];
  return utf8(printCanonical(new Map(fields)));
}
