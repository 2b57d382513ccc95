/** SPIFFE JWT-SVIDs: the SPIFFE ID is the subject, the keys are those of the trust domain's bundle. */
import { type AgentBinding, refuseAgent } from "./agents.ts";
import { fault } from "./faults.ts";
import { type FetchDocument, KeySource } from "./jwks.ts";
import { type Algorithm, verifyToken } from "./jwt.ts";
import { limitsOf, type TokenLimits } from "./limits.ts";
import { type Verifier, verifiedPrincipal } from "./verifier.ts";

export interface SpiffeOptions extends Partial<TokenLimits> {
  /** Such as `prod.example`. */
  readonly trustDomain: string;
  /** The trust domain's bundle endpoint. */
  readonly bundleUrl: string;
  /** At least one. */
  readonly audience: readonly string[];
  /** Of those of JWT-SVID section 2.1; all of them when left out. */
  readonly algorithms?: readonly Algorithm[];
  readonly agents: AgentBinding;
}

/** JWT-SVID section 2.1. */
export const SVID_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "ES256",
  "ES384",
  "ES512",
  "PS256",
  "PS384",
  "PS512",
] as const satisfies readonly Algorithm[];

/** SPIFFE ID section 2: no port, user, query or fragment; segments without `.` and `..`, none empty; 2,048 bytes in all. */
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)*)$/;
const MAX_ID = 2_048;

/** The trust domain of a SPIFFE ID of a workload, or null when the text is none. */
export function trustDomainOf(id: unknown): string | null {
  if (typeof id !== "string" || id.length > MAX_ID) return null;
  const [, domain, path] = SPIFFE_ID.exec(id) ?? [];
  return domain === undefined || path === "" ? null : domain;
}

/** Credentials `{ scheme: "spiffe", token }`. */
export function spiffeVerifier(options: SpiffeOptions, fetch: FetchDocument): Verifier {
  const { trustDomain, bundleUrl, audience, algorithms = SVID_ALGORITHMS, agents } = options;
  const limits = limitsOf(options);
  // SPIFFE bundle section 4.2: keys of JWT-SVIDs say so.
  const keys = new KeySource(fetch, { url: bundleUrl, use: "jwt-svid", anyUse: false, ...limits });
  const { skewMs, maxAgeMs } = limits;
  // JWT-SVID section 2.3: `typ` is optional, one of these.
  const types = ["jwt", "jose"];
  const expected = { keys, algorithms, types, audience, issuer: null, skewMs, maxAgeMs };
  return {
    scheme: "spiffe",
    async verify(credential, { agent, nowMs }) {
      const verified = await verifyToken((credential as { token?: unknown }).token, nowMs, expected);
      if (!verified.ok) return verified;
      const { sub } = verified.claims;
      if (sub === undefined) return fault("claim_missing", "`sub`");
      if (trustDomainOf(sub) !== trustDomain) return fault("trust_domain_wrong");
      const id = sub as string;
      return refuseAgent(agents, agent, id, verified.claims) ?? verifiedPrincipal(id, "spiffe");
    },
  };
}
