/** `identity` blocks of a policy, as a bundle's manifest carries them, to verifiers. */
import type { AgentBinding } from "./agents.ts";
import type { ClaimMapping } from "./claims.ts";
import type { FetchDocument } from "./jwks.ts";
import { ALGORITHMS, type Algorithm } from "./jwt.ts";
import { oidcVerifier } from "./oidc.ts";
import { SVID_ALGORITHMS, spiffeVerifier } from "./spiffe.ts";
import type { Verifier } from "./verifier.ts";

/** What the deployment says of a block, beside what the policy says. */
export interface BlockBinding {
  readonly agents: AgentBinding;
  /** Of an `oidc` block. */
  readonly claims?: ClaimMapping;
  readonly skewMs?: number;
}

export interface IdentityBlock {
  /** Its label, or its kind when it has none. */
  readonly name: string;
  readonly kind: "spiffe" | "oidc" | "ed25519";
  readonly issuer: string | null;
  readonly audience: readonly string[];
  readonly jwksUrl: string | null;
  readonly trustDomain: string | null;
  readonly algorithms: readonly Algorithm[] | null;
  readonly maxAgeMs: number | null;
}

interface Loose {
  readonly [name: string]: unknown;
}

const KINDS = ["spiffe", "oidc", "ed25519"] as const;
const textOf = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

function textsOf(value: unknown): readonly string[] {
  const list: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  return list.filter((one): one is string => typeof one === "string");
}

function blockOf({ name, settings }: Loose): IdentityBlock {
  const { kind: given, issuer, audience, jwks_url, trust_domain, algorithms, max_age } = settings as Loose;
  const kind = KINDS.find((one) => one === given);
  const title = textOf(name) ?? kind ?? "identity";
  if (kind === undefined)
    throw new RangeError(`identity \`${title}\`: \`kind\` must be one of ${KINDS.join(", ")}`);
  const named = algorithms === undefined ? null : textsOf(algorithms);
  const unknown = named?.find((one) => !ALGORITHMS.some((known) => known === one));
  if (unknown !== undefined)
    throw new RangeError(
      `identity \`${title}\`: the algorithm \`${unknown}\` is not allowed; known are ${ALGORITHMS.join(", ")}`,
    );
  return {
    name: title,
    kind,
    issuer: textOf(issuer),
    audience: textsOf(audience),
    jwksUrl: textOf(jwks_url),
    trustDomain: textOf(trust_domain),
    algorithms: named as readonly Algorithm[] | null,
    maxAgeMs: typeof max_age === "number" ? max_age : null,
  };
}

/**
 * The `identity` blocks at the top of the policy.
 * @param manifest of a bundle whose signatures have been verified. @throws RangeError for blocks that no verifier can be made of.
 */
export function identityBlocks(manifest: string): IdentityBlock[] {
  const { deployment } = JSON.parse(manifest) as { deployment: Loose[] };
  const blocks = deployment.filter(({ kind, agent }) => kind === "identity" && agent === null).map(blockOf);
  if (new Set(blocks.map(({ name }) => name)).size !== blocks.length) {
    throw new RangeError("identity: two blocks have one name");
  }
  return blocks;
}

function needed<Value>(block: IdentityBlock, setting: string, value: Value | null): Value {
  const isThere = value !== null && !(Array.isArray(value) && value.length === 0);
  if (isThere) return value;
  throw new RangeError(`identity \`${block.name}\`: \`${setting}\` is missing`);
}

/**
 * The verifier of a `spiffe` or `oidc` block; an `oidc` block's credentials have its name for a scheme, and for `principal.method`.
 * @throws RangeError where a setting is missing.
 */
export function verifierOf(block: IdentityBlock, binding: BlockBinding, fetch: FetchDocument): Verifier {
  if (block.kind === "ed25519") {
    throw new RangeError(`identity \`${block.name}\`: signatures need registered keys, not a binding`);
  }
  const { agents, claims, skewMs } = binding;
  const limits = { maxAgeMs: block.maxAgeMs, ...(skewMs === undefined ? {} : { skewMs }) };
  const audience = needed(block, "audience", block.audience);
  const url = needed(block, "jwks_url", block.jwksUrl);
  if (block.kind === "spiffe") {
    const trustDomain = needed(block, "trust_domain", block.trustDomain);
    const algorithms = block.algorithms ?? SVID_ALGORITHMS;
    return spiffeVerifier({ trustDomain, bundleUrl: url, audience, algorithms, agents, ...limits }, fetch);
  }
  const issuer = needed(block, "issuer", block.issuer);
  const algorithms = needed(block, "algorithms", block.algorithms);
  const mapping = claims === undefined ? {} : { claims };
  return oidcVerifier(
    { issuer, jwksUrl: url, audience, algorithms, agents, method: block.name, ...mapping, ...limits },
    fetch,
  );
}
