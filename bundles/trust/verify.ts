import { sha256Hex } from "./bytes.ts";
import { verifyBytes } from "./ed25519.ts";
import { decodeEnvelope, type Envelope, PAYLOAD_TYPE, preAuthenticationEncoding } from "./envelope.ts";
import { outcome, quote, refuse, type TrustRefusal } from "./errors.ts";
import { checkSubject, decodeStatement, type Statement, type SubjectKind } from "./statement.ts";
import { formatInstant } from "./time.ts";
import { type TrustFile, trustedKeysById } from "./trust-file.ts";

/** The newest bundle of a policy that was accepted so far; verification goes forward from it only. */
export interface HighestSequence {
  sequence: number;
  /** Bundle digest, 64 lower-case hexadecimal digits. */
  digest: string;
}

export interface VerifyOptions {
  trust: TrustFile;
  /** Unix milliseconds. */
  nowMs: number;
  /** Null when no bundle of this policy was accepted before. */
  highest: HighestSequence | null;
  /** What the bytes must have been signed as; a bundle when left out. */
  kind?: SubjectKind;
  /** The runtime's own SHA-256, 64 lower-case hexadecimal digits, where it is faster; a portable one when left out. */
  sha256Hex?: (bytes: Uint8Array) => string;
}

export interface Verified {
  statement: Statement;
  /** Names of the keys that signed, as the trust file calls them, in the envelope's order. */
  keys: string[];
}

export type VerifyResult = ({ ok: true } & Verified) | TrustRefusal;

function checkSignatures(envelope: Envelope, trust: TrustFile, nowMs: number): string[] {
  const trusted = trustedKeysById(trust);
  const message = preAuthenticationEncoding(PAYLOAD_TYPE, envelope.payload);
  const names = envelope.signatures.map(({ keyId, signature }) => {
    const key = trusted.get(keyId);
    if (key === undefined) refuse("signature_unknown_key", keyId);
    if (!verifyBytes(signature, message, key.publicKey)) refuse("signature_bad", quote(key.name));
    if (nowMs < key.notBeforeMs) {
      refuse("key_not_yet_valid", `${quote(key.name)} from ${formatInstant(key.notBeforeMs)}`);
    }
    if (!(nowMs < key.notAfterMs)) {
      refuse("key_expired", `${quote(key.name)} since ${formatInstant(key.notAfterMs)}`);
    }
    return key.name;
  });
  if (names.length < trust.threshold) {
    refuse("threshold_not_met", `${names.length} of ${trust.threshold} signatures`);
  }
  return names;
}

function checkSequence(statement: Statement, trust: TrustFile, highest: HighestSequence | null): void {
  const { sequence, digest } = statement;
  if (sequence < trust.minimumSequence) {
    refuse("sequence_below_minimum", `${sequence}, at least ${trust.minimumSequence}`);
  }
  if (highest === null) return;
  if (sequence < highest.sequence) refuse("sequence_older", `${sequence} after ${highest.sequence}`);
  if (sequence === highest.sequence && digest !== highest.digest) refuse("sequence_reused", String(sequence));
}

/**
 * Verifies that enough trusted keys signed exactly this bundle, and that it is not older than one accepted before.
 * Every signature in the envelope must be by a trusted key, valid now; one that is not refuses the whole.
 * The payload is read only after its signatures have verified.
 */
export function verify(bundle: Uint8Array, envelope: Uint8Array, options: VerifyOptions): VerifyResult {
  if (!Number.isSafeInteger(options.nowMs)) throw new RangeError("nowMs must be whole Unix milliseconds");
  // Against what is no number every sequence would pass for newer.
  if (options.highest !== null && !Number.isSafeInteger(options.highest.sequence))
    throw new RangeError("highest.sequence must be a whole number");
  return outcome(() => {
    const decoded = decodeEnvelope(envelope);
    const keys = checkSignatures(decoded, options.trust, options.nowMs);
    const statement = decodeStatement(decoded.payload);
    checkSubject(statement, (options.sha256Hex ?? sha256Hex)(bundle), options.kind ?? "bundle");
    checkSequence(statement, options.trust, options.highest);
    return { statement, keys };
  });
}

/**
 * What an envelope claims, with no key consulted: for display and for insecure loads, never a reason to trust.
 * A malformed envelope or one about another bundle is refused all the same.
 */
export function inspectEnvelope(
  bundle: Uint8Array,
  envelope: Uint8Array,
): { ok: true; statement: Statement; keyIds: string[] } | TrustRefusal {
  return outcome(() => {
    const decoded = decodeEnvelope(envelope);
    const statement = decodeStatement(decoded.payload);
    checkSubject(statement, sha256Hex(bundle), "bundle");
    return { statement, keyIds: decoded.signatures.map(({ keyId }) => keyId) };
  });
}
