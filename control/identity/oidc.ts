/** ID tokens and workload tokens of an OpenID provider. */
import { type AgentBinding, refuseAgent } from "./agents.ts";
import { type ClaimMapping, mapClaims } from "./claims.ts";
import { fault } from "./faults.ts";
import { type FetchDocument, KeySource } from "./jwks.ts";
import { type Algorithm, verifyToken } from "./jwt.ts";
import { limitsOf, type TokenLimits } from "./limits.ts";
import { type Verifier, verifiedPrincipal } from "./verifier.ts";

export interface OidcOptions extends Partial<TokenLimits> {
  /** Exactly as in `iss`. */
  readonly issuer: string;
  readonly jwksUrl: string;
  /** At least one; one of them must be in `aud`. */
  readonly audience: readonly string[];
  readonly algorithms: readonly Algorithm[];
  readonly agents: AgentBinding;
  /** Which claims become facts; none when left out. */
  readonly claims?: ClaimMapping;
  /** `principal.method`: `oidc` when left out. */
  readonly method?: string;
}

const MAX_SUBJECT = 512;

/** Credentials `{ scheme: "oidc", token }`. Several issuers: one verifier each, told apart by `method`. */
export function oidcVerifier(options: OidcOptions, fetch: FetchDocument): Verifier {
  const { issuer, jwksUrl, audience, algorithms, agents, claims: mapping = {}, method = "oidc" } = options;
  const limits = limitsOf(options);
  const keys = new KeySource(fetch, { url: jwksUrl, use: "sig", anyUse: true, ...limits });
  const { skewMs, maxAgeMs } = limits;
  const types = ["jwt", "at+jwt"];
  const expected = { keys, algorithms, types, audience, issuer, skewMs, maxAgeMs };
  return {
    scheme: method,
    async verify(credential, { agent, nowMs }) {
      const verified = await verifyToken((credential as { token?: unknown }).token, nowMs, expected);
      if (!verified.ok) return verified;
      const { claims } = verified;
      const { sub } = claims;
      if (sub === undefined) return fault("claim_missing", "`sub`");
      if (typeof sub !== "string" || sub === "" || sub.length > MAX_SUBJECT)
        return fault("claim_wrong", "`sub`");
      const refusal = refuseAgent(agents, agent, sub, claims);
      if (refusal !== null) return refusal;
      const mapped = mapClaims(claims, mapping);
      return mapped.ok ? verifiedPrincipal(sub, method, mapped.facts) : mapped;
    },
  };
}
