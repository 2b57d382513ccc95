/** Who calls: credentials to facts about the principal. docs/core/identity.md. */
export type { AgentBinding } from "./agents.ts";
export type { ClaimMapping } from "./claims.ts";
export { IDENTITY_FAULTS, type IdentityFault, type IdentityFaultCode } from "./faults.ts";
export { createIdentify, type IdentifyOptions } from "./identify.ts";
export type { FetchDocument } from "./jwks.ts";
export { ALGORITHMS, type Algorithm } from "./jwt.ts";
export {
  MEASURED,
  type Measure,
  type Measurement,
  measurementVerifier,
  type PinnedMeasurements,
} from "./measurement.ts";
export { type OidcOptions, oidcVerifier } from "./oidc.ts";
export { MemoryReplayCache, type NonceOutcome, type ReplayCache } from "./replay.ts";
export { type BlockBinding, type IdentityBlock, identityBlocks, verifierOf } from "./settings.ts";
export { type RegisteredKey, type SignatureOptions, signatureVerifier } from "./signature.ts";
export type { SignedRequest } from "./signature-base.ts";
export { type SpiffeOptions, spiffeVerifier } from "./spiffe.ts";
export type { IdentitySubject, Verification, Verifier } from "./verifier.ts";
