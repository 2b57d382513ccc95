/** The port `Delegations`: tokens and an action to the fact `delegation`. */
import type { DelegationResult, Delegations, GrantFacts } from "../ports.ts";
import {
  checkRoots,
  type DelegationRoot,
  type Link,
  narrower,
  VerifiedTokens,
  verifyChain,
} from "./chain.ts";
import { fault } from "./faults.ts";
import { type ScopeCore, ScopeCores } from "./scopes.ts";

export interface DelegationOptions {
  /** Pinned: a chain counts from one of these keys only. */
  readonly roots: readonly DelegationRoot[];
  /** A new instance of the core. At most `MAX_SCOPE_CORES` are held. */
  readonly openCore: () => Promise<ScopeCore>;
}

/** Each takes the memory of a core with a small bundle. */
export const MAX_SCOPE_CORES = 16;
/** Tokens whose signatures are not verified again. */
const MAX_KNOWN_TOKENS = 512;

/**
 * Every scope is judged on the action alone, with the agent's name and the time: what it asks besides is missing there. Times are left to the core, which knows
 * the time of the decision: `delegation_expired`.
 * @throws RangeError for roots that cannot be pinned.
 */
export function createDelegations({ roots, openCore }: DelegationOptions): Delegations {
  checkRoots(roots);
  const pinned = roots.map(({ publicKey, agents }) => ({
    publicKey: new Uint8Array(publicKey),
    agents: agents === null ? null : [...agents],
  }));
  const known = new VerifiedTokens(MAX_KNOWN_TOKENS);
  const scopes = new ScopeCores(openCore, MAX_SCOPE_CORES);
  const refused = ({ fault: code, message }: { fault: string; message: string }): DelegationResult => ({
    ok: false,
    code: "delegation_invalid",
    reason: `${code}: ${message}`,
  });
  return {
    async verify(tokens, { agent, action, nowMs }) {
      const chain = verifyChain([...tokens], { roots: pinned, agent, nowMs: null }, known);
      if (!chain.ok) return refused(chain);
      const facts = JSON.stringify({ agent, time: nowMs });
      const grants: GrantFacts[] = [];
      for (const { grant, digest, ceiling } of chain.links) {
        const scope = await scopes.effectOf(grant.bundle, action, facts);
        if (scope === null) return refused(fault("scope_unusable", `\`${grant.from}\` to \`${grant.to}\``));
        const { granted, expires } = grant;
        grants.push({ digest, granted, expires, effect: narrower(scope, ceiling) });
      }
      return { ok: true, delegation: { chain: chain.links.map(grantorOf), grants } };
    },
  };
}

const grantorOf = ({ grant }: Link): string => grant.from;
