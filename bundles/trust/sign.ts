import { ABI_VERSION } from "../../engine/constants.ts";
import { sha256Hex } from "./bytes.ts";
import { signBytes } from "./ed25519.ts";
import {
  decodeEnvelope,
  type Envelope,
  encodeEnvelope,
  PAYLOAD_TYPE,
  preAuthenticationEncoding,
} from "./envelope.ts";
import { outcome, quote, refuse, type TrustRefusal } from "./errors.ts";
import type { PrivateKey } from "./keys.ts";
import {
  checkSubject,
  decodeStatement,
  encodeStatement,
  type Source,
  type SubjectKind,
} from "./statement.ts";

export interface SignOptions {
  /** At least one; each signs the same statement. */
  keys: readonly PrivateKey[];
  /** Whole number from 0, higher than that of every bundle signed before for this policy. */
  sequence: number;
  sources: readonly Source[];
  compiler: { name: string; version: string };
  /** What the bytes are; a bundle when left out. */
  kind?: SubjectKind;
}

export type SignResult = { ok: true; envelope: Uint8Array } | TrustRefusal;

function withSignatures(envelope: Envelope, keys: readonly PrivateKey[]): Uint8Array {
  const message = preAuthenticationEncoding(PAYLOAD_TYPE, envelope.payload);
  const signatures = [...envelope.signatures];
  for (const key of keys) {
    if (signatures.some(({ keyId }) => keyId === key.id)) {
      refuse("signature_already_present", quote(key.name));
    }
    signatures.push({ keyId: key.id, signature: signBytes(message, key.seed) });
  }
  const bytes = encodeEnvelope({ payload: envelope.payload, signatures });
  decodeEnvelope(bytes);
  return bytes;
}

/**
 * Signs a bundle, or a policy source. Codes: `signature_already_present` (one key given twice), `signature_missing` (no key given),
 * `statement_malformed` (a sequence, source or compiler name that no verifier would accept).
 */
export function sign(bundle: Uint8Array, options: SignOptions): SignResult {
  return outcome(() => {
    const payload = encodeStatement({
      kind: options.kind ?? "bundle",
      digest: sha256Hex(bundle),
      abi: ABI_VERSION,
      compiler: options.compiler,
      sequence: options.sequence,
      sources: [...options.sources],
    });
    return { envelope: withSignatures({ payload, signatures: [] }, options.keys) };
  });
}

/**
 * Adds a signature to an envelope, for a threshold over one. The signer vouches for the statement as it stands.
 * Codes: those of a malformed envelope or statement, `statement_type_wrong`, `digest_mismatch`, `abi_mismatch`, `signature_already_present`.
 */
export function addSignature(bundle: Uint8Array, envelope: Uint8Array, key: PrivateKey): SignResult {
  return outcome(() => {
    const decoded = decodeEnvelope(envelope);
    const statement = decodeStatement(decoded.payload);
    checkSubject(statement, sha256Hex(bundle), "bundle");
    return { envelope: withSignatures(decoded, [key]) };
  });
}
