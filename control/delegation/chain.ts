/** Verification of a chain of grants, offline: from a pinned key on, link by link. */
import { isUsablePublicKey, keyIdOf, verifyBytes } from "../../bundles/trust/ed25519.ts";
import { CLOCK_TOLERANCE_MS, MAX_DELEGATION_DEPTH } from "../../engine/constants.ts";
import { type DelegationFault, fault } from "./faults.ts";
import { decodeToken, type Grant, type Token } from "./token.ts";

/** A key that signs first grants. */
export interface DelegationRoot {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** In whose name it may grant; null: of any agent. */
  readonly agents: readonly string[] | null;
}

export type GrantEffect = "permit" | "defer" | "deny";

/** A grant that may be relied on. */
export interface Link {
  readonly grant: Grant;
  readonly digest: string;
  /** What the grant's ceiling comes to, after those before it. */
  readonly ceiling: GrantEffect;
}

export type ChainResult = { readonly ok: true; readonly links: readonly Link[] } | DelegationFault;

export interface ChainSubject {
  readonly roots: readonly DelegationRoot[];
  /** Who wants to act; null: the last delegate, whoever it is. */
  readonly agent: string | null;
  /** Unix milliseconds; null: times are only compared with one another. */
  readonly nowMs: number | null;
}

const WIDTH = { deny: 0, defer: 1, permit: 2 } as const satisfies Record<GrantEffect, number>;

export function narrower(left: GrantEffect, right: GrantEffect): GrantEffect {
  return WIDTH[left] <= WIDTH[right] ? left : right;
}

/** Tokens whose signature has verified, by their text: only what a pinned key stands behind comes in. The oldest go first. */
export class VerifiedTokens {
  readonly #limit: number;
  readonly #known = new Map<string, Token>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(text: string): Token | undefined {
    return this.#known.get(text);
  }

  add(text: string, token: Token): void {
    if (this.#known.size >= this.#limit && !this.#known.has(text)) {
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.set(text, token);
  }
}

/** What must hold between a grant and the one that it stands on, whoever signed them; null: it does. */
export function refuseStep({ grant, digest, ceiling }: Link, next: Grant): DelegationFault | null {
  const step = `the grant of \`${next.from}\` to \`${next.to}\``;
  if (next.parent !== digest || next.from !== grant.to) return fault("chain_broken", step);
  if (next.root !== grant.root) return fault("chain_broken", `${step} names another root`);
  if (!(next.depth < grant.depth)) return fault("depth_exceeded", step);
  if (next.expires > grant.expires || next.granted < grant.granted) return fault("expiry_widened", step);
  const own = next.ceiling === "inherited" ? ceiling : next.ceiling;
  return WIDTH[own] > WIDTH[ceiling] ? fault("ceiling_widened", step) : null;
}

/** What must hold of a first grant; null: it does. */
export function refuseFirst(first: Grant): DelegationFault | null {
  return first.parent === null
    ? null
    : fault("chain_broken", `\`${first.from}\` grants by a grant that is not here`);
}

export function ceilingOf(grant: Grant, before: GrantEffect): GrantEffect {
  return grant.ceiling === "inherited" ? before : grant.ceiling;
}

/** The key that must have signed a token. */
function signerOf(
  token: Token,
  before: Link | null,
  roots: readonly DelegationRoot[],
): { readonly ok: true; readonly key: Uint8Array } | DelegationFault {
  const { grant, keyId } = token;
  const step = `the grant of \`${grant.from}\` to \`${grant.to}\``;
  if (before !== null) {
    const { holder } = before.grant;
    // A holder is there where depth allows a next grant, which has been asked.
    if (holder === null || keyIdOf(holder) !== keyId) return fault("signer_wrong", step);
    return { ok: true, key: holder };
  }
  const root = roots.find(({ publicKey }) => keyIdOf(publicKey) === keyId);
  if (root === undefined || grant.root !== keyId) return fault("root_unknown", step);
  if (root.agents !== null && !root.agents.includes(grant.from)) return fault("root_not_for_agent", step);
  return { ok: true, key: root.publicKey };
}

function refuseTime({ granted, expires, from, to }: Grant, nowMs: number): DelegationFault | null {
  const step = `the grant of \`${from}\` to \`${to}\``;
  if (nowMs >= expires) return fault("grant_expired", step);
  return granted > nowMs + CLOCK_TOLERANCE_MS ? fault("grant_not_yet_valid", step) : null;
}

/** @throws RangeError for roots that cannot be pinned. */
export function checkRoots(roots: readonly DelegationRoot[]): void {
  const ids = new Set<string>();
  for (const { publicKey } of roots) {
    if (!isUsablePublicKey(publicKey)) throw new RangeError("roots: a key is no usable Ed25519 public key");
    ids.add(keyIdOf(publicKey));
  }
  if (ids.size !== roots.length) throw new RangeError("roots: a key is pinned twice");
}

/**
 * Verifies a chain, its tokens root first. Nothing is asked but the tokens and the pinned keys: neither revocation nor what the scopes say.
 * @param known tokens verified before, so that their signatures are not verified again.
 */
export function verifyChain(
  tokens: readonly string[],
  { roots, agent, nowMs }: ChainSubject,
  known?: VerifiedTokens,
): ChainResult {
  if (tokens.length === 0) return fault("chain_empty");
  if (tokens.length > MAX_DELEGATION_DEPTH) return fault("chain_too_long", `over ${MAX_DELEGATION_DEPTH}`);
  const links: Link[] = [];
  for (const text of tokens) {
    const verified = verifyLink(text, links.at(-1) ?? null, roots, known);
    if (!verified.ok) return verified;
    links.push(verified.link);
  }
  const agents = [links[0]!.grant.from, ...links.map(({ grant }) => grant.to)];
  if (new Set(agents).size !== agents.length) return fault("chain_loop");
  const last = agents.at(-1);
  if (agent !== null && agent !== last) return fault("delegate_wrong", `\`${last}\``);
  for (const { grant } of nowMs === null ? [] : links) {
    const untimely = refuseTime(grant, nowMs!);
    if (untimely !== null) return untimely;
  }
  return { ok: true, links };
}

function verifyLink(
  text: string,
  before: Link | null,
  roots: readonly DelegationRoot[],
  known: VerifiedTokens | undefined,
): { readonly ok: true; readonly link: Link } | DelegationFault {
  const seen = known?.get(text);
  const decoded = seen === undefined ? decodeToken(text) : { ok: true as const, ...seen };
  if (!decoded.ok) return decoded;
  const { ok: _, ...token } = decoded;
  const { grant, digest } = token;
  const wrong = before === null ? refuseFirst(grant) : refuseStep(before, grant);
  if (wrong !== null) return wrong;
  const signer = signerOf(token, before, roots);
  if (!signer.ok) return signer;
  // A known token was verified under the key that its `keyId` names, and the signer's key has that id.
  if (seen === undefined) {
    if (!verifyBytes(token.signature, token.signed, signer.key)) {
      return fault("signature_bad", `the grant of \`${grant.from}\` to \`${grant.to}\``);
    }
    known?.add(text, token);
  }
  return { ok: true, link: { grant, digest, ceiling: ceilingOf(grant, before?.ceiling ?? "permit") } };
}
