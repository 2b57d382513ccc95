/** Signing and verifying policy bundles: Ed25519 over a DSSE envelope with an in-toto statement, against a trust file. */
export { sha256Hex } from "./bytes.ts";
export { TRUST_REFUSALS, type TrustCode, type TrustRefusal } from "./errors.ts";
export {
  generateKey,
  KEY_NAME,
  type PrivateKey,
  type PublicKey,
  parsePrivateKey,
  parsePublicKey,
  printPrivateKey,
  printPublicKey,
} from "./keys.ts";
export { addSignature, type SignOptions, type SignResult, sign } from "./sign.ts";
export type { Source, Statement, SubjectKind } from "./statement.ts";
export { formatInstant, parseInstant } from "./time.ts";
export { parseTrustFile, printTrustFile, type TrustedKey, type TrustFile } from "./trust-file.ts";
export {
  type HighestSequence,
  inspectEnvelope,
  type Verified,
  type VerifyOptions,
  type VerifyResult,
  verify,
} from "./verify.ts";
