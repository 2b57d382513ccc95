/**
 * A grant at run time as a token: a DSSE v1 envelope with one signature, in exactly one encoding. Both texts are RFC 8785:
 *
 *   {"payload":"<base64>","payloadType":"application/vnd.faramesh.delegation+json",
 *    "signatures":[{"keyid":"<hex SHA-256 of the signer's public key>","sig":"<base64>"}]}
 *
 *   {"bundle":"<base64>","ceiling":"inherited","depth":0,"expires":1767226500000,"from":"lead","granted":1767225600000,
 *    "holder":null,"id":"<32 hex digits>","parent":null,"root":"<hex>","scope":["orders/*"],"to":"clerk","version":1}
 *
 * What is signed is the envelope's PAE, so a token is never mistaken for a signed bundle. The digest of a grant is SHA-256 of its payload:
 * it does not depend on the signature, so that what is revoked stays revoked.
 */
import { fromBase64, sha256Hex, toBase64, utf8 } from "../../bundles/trust/bytes.ts";
import { isUsablePublicKey, SIGNATURE_BYTES } from "../../bundles/trust/ed25519.ts";
import { preAuthenticationEncoding } from "../../bundles/trust/envelope.ts";
import { MAX_DELEGATION_DEPTH } from "../../engine/constants.ts";
import { type DelegationFault, fault } from "./faults.ts";

export const TOKEN_PAYLOAD_TYPE = "application/vnd.faramesh.delegation+json";
/** Of a token, which is ASCII. */
export const MAX_TOKEN_BYTES = 131_072;
export const MAX_SCOPE_BUNDLE_BYTES = 65_536;
export const MAX_SCOPES = 64;
export const MAX_SCOPE_LENGTH = 1_024;
export const MAX_NAME_LENGTH = 256;
const TOKEN_VERSION = 1;
/** Unix milliseconds that the core reads: 12 to 15 digits. */
const MIN_MS = 100_000_000_000;
const MAX_MS = 999_999_999_999_999;

export const CEILINGS = ["inherited", "permit", "defer", "deny"] as const;
/** `inherited`: that of the grant before; of a first grant, permit. */
export type Ceiling = (typeof CEILINGS)[number];

export interface Grant {
  /** 32 hexadecimal digits, unpredictable: two grants of the same are two grants. */
  readonly id: string;
  /** The grantor, an agent. */
  readonly from: string;
  /** The delegate: the only agent that may act on it. */
  readonly to: string;
  /** Digest of the grant by which the grantor itself acts; null for the first of a chain. */
  readonly parent: string | null;
  /** SHA-256 of the public key that signed the first grant of the chain, 64 hexadecimal digits. */
  readonly root: string;
  /** `PATTERN[:CONDITION]` of FPL, for people; what counts is `bundle`. */
  readonly scope: readonly string[];
  /** The compiled scope: one policy, `default`, which denies what no scope names. */
  readonly bundle: Uint8Array;
  /** Unix milliseconds: valid while `granted <= time < expires`. */
  readonly granted: number;
  readonly expires: number;
  readonly ceiling: Ceiling;
  /** How many further grants may follow, below MAX_DELEGATION_DEPTH. */
  readonly depth: number;
  /** Ed25519 key of the delegate, which signs the next grant; null when `depth` is 0, and only then. */
  readonly holder: Uint8Array | null;
}

/** A token that is well formed. Nothing of it is to be believed before its signature has verified. */
export interface Token {
  readonly grant: Grant;
  /** SHA-256 of the payload, 64 hexadecimal digits: names the grant in records and revocations. */
  readonly digest: string;
  readonly keyId: string;
  readonly signature: Uint8Array;
  /** What is signed. */
  readonly signed: Uint8Array;
}

const HEX_64 = /^[0-9a-f]{64}$/;
const HEX_32 = /^[0-9a-f]{32}$/;
/** No control characters, no half of a surrogate pair. */
const PRINTABLE = /^[^\u0000-\u001f\u007f-\u009f\ud800-\udfff]+$/u;

const isText = (value: unknown, most: number): value is string =>
  typeof value === "string" && value.length <= most && PRINTABLE.test(value);
const isHex = (value: unknown): value is string => typeof value === "string" && HEX_64.test(value);
const isMs = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= MIN_MS && (value as number) <= MAX_MS;

/** The first field of a grant that no token may have, with what was expected; null for a good one. */
export function wrongField(grant: Grant): string | null {
  const { id, from, to, parent, root, scope, bundle, granted, expires, ceiling, depth, holder } = grant;
  const name = `1 to ${MAX_NAME_LENGTH} characters without control characters`;
  const checks: [boolean, string][] = [
    [typeof id === "string" && HEX_32.test(id), "`id` must be 32 hexadecimal digits"],
    [isText(from, MAX_NAME_LENGTH), `\`from\` must be ${name}`],
    [isText(to, MAX_NAME_LENGTH), `\`to\` must be ${name}`],
    [from !== to, "`to` must be another agent than `from`"],
    [parent === null || isHex(parent), "`parent` must be null or 64 hexadecimal digits"],
    [isHex(root), "`root` must be 64 hexadecimal digits"],
    [
      Array.isArray(scope) && scope.length >= 1 && scope.length <= MAX_SCOPES,
      `\`scope\` must be a list of 1 to ${MAX_SCOPES}`,
    ],
    [
      Array.isArray(scope) && scope.every((item) => isText(item, MAX_SCOPE_LENGTH)),
      `each scope must be 1 to ${MAX_SCOPE_LENGTH} printable characters`,
    ],
    [
      bundle instanceof Uint8Array && bundle.length >= 1 && bundle.length <= MAX_SCOPE_BUNDLE_BYTES,
      `\`bundle\` must be 1 to ${MAX_SCOPE_BUNDLE_BYTES} bytes`,
    ],
    [isMs(granted) && isMs(expires), "`granted` and `expires` must be Unix milliseconds"],
    [granted < expires, "`expires` must be later than `granted`"],
    [CEILINGS.includes(ceiling), `\`ceiling\` must be one of ${CEILINGS.join(", ")}`],
    [
      Number.isSafeInteger(depth) && depth >= 0 && depth < MAX_DELEGATION_DEPTH,
      `\`depth\` must be a whole number from 0 to ${MAX_DELEGATION_DEPTH - 1}`,
    ],
    [
      depth === 0 ? holder === null : holder !== null && isUsablePublicKey(holder),
      "`holder` must be an Ed25519 public key when `depth` is over 0, else null",
    ],
  ];
  return checks.find(([good]) => !good)?.[1] ?? null;
}

/** The one encoding of a grant. Object keys stand in RFC 8785 order. */
function payloadText(grant: Grant): string {
  const { id, from, to, parent, root, scope, bundle, granted, expires, ceiling, depth, holder } = grant;
  return JSON.stringify({
    bundle: toBase64(bundle),
    ceiling,
    depth,
    expires,
    from,
    granted,
    holder: holder === null ? null : toBase64(holder),
    id,
    parent,
    root,
    scope,
    to,
    version: TOKEN_VERSION,
  });
}

function envelopeText(payload: Uint8Array, keyId: string, signature: Uint8Array): string {
  return JSON.stringify({
    payload: toBase64(payload),
    payloadType: TOKEN_PAYLOAD_TYPE,
    signatures: [{ keyid: keyId, sig: toBase64(signature) }],
  });
}

/**
 * Encodes a grant that `wrongField` finds nothing in.
 * @param sign makes the Ed25519 signature, 64 bytes, with the key of that id.
 */
export function encodeToken(
  grant: Grant,
  keyId: string,
  sign: (message: Uint8Array) => Uint8Array,
): { text: string; digest: string } {
  const payload = utf8(payloadText(grant));
  const signature = sign(preAuthenticationEncoding(TOKEN_PAYLOAD_TYPE, payload));
  return { text: envelopeText(payload, keyId, signature), digest: sha256Hex(payload) };
}

interface Loose {
  readonly [name: string]: unknown;
}

/** Any JSON object, or null. Keys that stand twice and other spellings show when the value is encoded again. */
function parseObject(text: string): Loose | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Loose) : null;
  } catch {
    return null;
  }
}

const bytesOf = (value: unknown): Uint8Array | null => (typeof value === "string" ? fromBase64(value) : null);

function utf8Text(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** Its fields may still be of any type. */
function looseGrant(fields: Loose): Grant {
  const { id, from, to, parent, root, scope, bundle, granted, expires, ceiling, depth, holder } = fields;
  // What is no base64 has no bytes, and is refused as an empty bundle or an unusable key.
  const key = holder === null ? null : (bytesOf(holder) ?? new Uint8Array());
  const compiled = bytesOf(bundle) ?? new Uint8Array();
  const loose = { id, from, to, parent, root, scope, bundle: compiled, granted, expires, ceiling, depth };
  return { ...loose, holder: key } as Grant;
}

/** Reads a token: faults `token_too_large` and `token_malformed`. No key is consulted. */
export function decodeToken(text: string): ({ readonly ok: true } & Token) | DelegationFault {
  if (typeof text !== "string") return fault("token_malformed", "it is no text");
  if (text.length > MAX_TOKEN_BYTES) return fault("token_too_large", `over ${MAX_TOKEN_BYTES} bytes`);
  const envelope = parseObject(text);
  const payload = bytesOf(envelope?.payload);
  const first: unknown = Array.isArray(envelope?.signatures) ? envelope.signatures[0] : null;
  const { keyid, sig } = (first ?? {}) as Loose;
  const signature = bytesOf(sig);
  if (payload === null || signature?.length !== SIGNATURE_BYTES || !isHex(keyid)) {
    return fault("token_malformed", "it is no envelope with a payload and one signature");
  }
  if (envelopeText(payload, keyid, signature) !== text) {
    return fault("token_malformed", "its envelope is not in the one accepted encoding");
  }
  const inner = utf8Text(payload);
  const fields = inner === null ? null : parseObject(inner);
  if (fields === null) return fault("token_malformed", "its payload is no JSON object");
  const grant = looseGrant(fields);
  const wrong = wrongField(grant);
  if (wrong !== null) return fault("token_malformed", wrong);
  if (payloadText(grant) !== inner) {
    return fault("token_malformed", "its payload is not in the one accepted encoding");
  }
  const signed = preAuthenticationEncoding(TOKEN_PAYLOAD_TYPE, payload);
  return { ok: true, grant, digest: sha256Hex(payload), keyId: keyid, signature, signed };
}
