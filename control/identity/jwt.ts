/** Signed JSON Web Tokens (RFC 7519, RFC 8725): the signature first, then each claim. */
import { compactVerify, errors } from "jose";
import type { Claims } from "./claims.ts";
import { fault, type IdentityFault } from "./faults.ts";
import type { KeySource } from "./jwks.ts";

export const MAX_TOKEN_LENGTH = 16_384;

/** No `none`, no shared secrets: neither is in here, so neither can be configured. */
export const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
  "EdDSA",
  "Ed25519",
] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

export interface TokenOptions {
  readonly keys: KeySource;
  readonly algorithms: readonly Algorithm[];
  /** Values of `typ` that are taken, in lower case and without `application/`; a token without `typ` is taken. */
  readonly types: readonly string[];
  /** One of them must be in `aud`. */
  readonly audience: readonly string[];
  /** Null: whoever issued it. */
  readonly issuer: string | null;
  readonly skewMs: number;
  /** Longest time since `iat`, which is needed then; null: any. */
  readonly maxAgeMs: number | null;
}

export type TokenResult = { readonly ok: true; readonly claims: Claims } | IdentityFault;

interface Header {
  readonly alg?: unknown;
  readonly kid?: unknown;
  readonly typ?: unknown;
}

const COMPACT = /^([A-Za-z0-9_-]+)\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/** A JSON object of base64url, or null. */
function objectOf(part: string): Record<string, unknown> | null {
  try {
    const binary = atob(part.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    return parseObject(bytes);
  } catch {
    return null;
  }
}

function parseObject(bytes: Uint8Array): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(
      new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes),
    );
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

function refuseHeader({ alg, kid, typ }: Header, { algorithms, types }: TokenOptions): IdentityFault | null {
  if (!algorithms.some((allowed) => allowed === alg)) return fault("algorithm_refused");
  if (kid !== undefined && typeof kid !== "string") return fault("credential_malformed", "`kid` is no text");
  if (typ === undefined) return null;
  const type = typeof typ === "string" ? typ.toLowerCase().replace(/^application\//, "") : null;
  return type !== null && types.includes(type) ? null : fault("credential_malformed", "`typ` is another");
}

/** Verifies signature, issuer, audience and times. Never rejects for what is in the token. */
export async function verifyToken(
  token: unknown,
  nowMs: number,
  options: TokenOptions,
): Promise<TokenResult> {
  if (typeof token !== "string") return fault("credential_malformed", "it is no text");
  if (token.length > MAX_TOKEN_LENGTH)
    return fault("credential_too_large", `over ${MAX_TOKEN_LENGTH} characters`);
  const first = COMPACT.exec(token)?.[1];
  const header: Header | null = first === undefined ? null : objectOf(first);
  if (header === null) return fault("credential_malformed", "it is no signed token in compact form");
  const refusal = refuseHeader(header, options);
  if (refusal !== null) return refusal;
  const keys = await options.keys.keysFor(header.kid as string | undefined, nowMs);
  if (!keys.ok) return keys;
  let payload: Uint8Array;
  try {
    ({ payload } = await compactVerify(token, keys.set, { algorithms: [...options.algorithms] }));
  } catch (error) {
    return faultOf(error);
  }
  const claims = parseObject(payload);
  if (claims === null) return fault("credential_malformed", "its claims are no JSON object");
  return refuseClaims(claims, nowMs, options) ?? { ok: true, claims };
}

function faultOf(error: unknown): IdentityFault {
  if (error instanceof errors.JWSSignatureVerificationFailed) return fault("signature_bad");
  if (error instanceof errors.JWKSNoMatchingKey) return fault("key_unknown");
  if (error instanceof errors.JWKSMultipleMatchingKeys)
    return fault("key_unknown", "the token does not say which");
  if (error instanceof errors.JOSEAlgNotAllowed) return fault("algorithm_refused");
  return fault("credential_malformed");
}

function refuseClaims(claims: Claims, nowMs: number, options: TokenOptions): IdentityFault | null {
  const { iss, aud, exp, nbf, iat } = claims;
  const { audience, issuer, skewMs, maxAgeMs } = options;
  if (issuer !== null && iss === undefined) return fault("claim_missing", "`iss`");
  if (issuer !== null && iss !== issuer) return fault("issuer_wrong");
  if (aud === undefined) return fault("claim_missing", "`aud`");
  const given: unknown[] = Array.isArray(aud) ? aud : [aud];
  if (!given.every((one) => typeof one === "string")) return fault("claim_wrong", "`aud`");
  if (!given.some((one) => audience.includes(one as string))) return fault("audience_wrong");
  if (exp === undefined) return fault("claim_missing", "`exp`");
  if (maxAgeMs !== null && iat === undefined) return fault("claim_missing", "`iat`");
  for (const [name, value] of Object.entries({ exp, nbf, iat })) {
    if (value !== undefined && (typeof value !== "number" || !Number.isFinite(value))) {
      return fault("claim_wrong", `\`${name}\``);
    }
  }
  const [expMs, nbfMs, iatMs] = [exp, nbf, iat].map(
    (seconds) => ((seconds as number | undefined) ?? Number.NaN) * 1000,
  ) as [number, number, number];
  if (!(nowMs < expMs + skewMs)) return fault("credential_expired");
  if (nbfMs > nowMs + skewMs || iatMs > nowMs + skewMs) return fault("credential_not_yet_valid");
  return maxAgeMs !== null && nowMs - iatMs > maxAgeMs + skewMs ? fault("credential_expired") : null;
}
