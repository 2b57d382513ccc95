/** Issuing a grant. Key, time and id are handed in; the same inputs give the same token. */
import { keyIdOf, publicKeyOf, signBytes } from "../../bundles/trust/ed25519.ts";
import { ceilingOf, type Link, refuseFirst, refuseStep } from "./chain.ts";
import { type DelegationFault, fault } from "./faults.ts";
import { decodeToken, encodeToken, type Grant, wrongField } from "./token.ts";

export interface IssueOptions extends Omit<Grant, "parent" | "root"> {
  /** Ed25519 seed of the signer, 32 bytes: a pinned key for a first grant, else that of the last grant's holder. */
  readonly seed: Uint8Array;
  /** Tokens of the chain by which the grantor itself acts, root first; empty for a first grant. Their signatures are not verified. */
  readonly parents: readonly string[];
}

export type IssueResult =
  | { readonly ok: true; readonly token: string; readonly digest: string; readonly grant: Grant }
  | DelegationFault;

function lastOf(parents: readonly string[]): { ok: true; link: Link | null } | DelegationFault {
  const links: Link[] = [];
  for (const text of parents) {
    const token = decodeToken(text);
    if (!token.ok) return token;
    const { grant, digest } = token;
    const before = links.at(-1) ?? null;
    const wrong = before === null ? refuseFirst(grant) : refuseStep(before, grant);
    if (wrong !== null) return wrong;
    links.push({ grant, digest, ceiling: ceilingOf(grant, before?.ceiling ?? "permit") });
  }
  return { ok: true, link: links.at(-1) ?? null };
}

/** Issues a grant that a verifier would take for one: what widens the chain, or could not be read back, is a fault. */
export function issueGrant({ seed, parents, ...given }: IssueOptions): IssueResult {
  const last = lastOf(parents);
  if (!last.ok) return last;
  const { link } = last;
  const keyId = keyIdOf(publicKeyOf(seed));
  const grant: Grant = { ...given, parent: link?.digest ?? null, root: link?.grant.root ?? keyId };
  const wrong = wrongField(grant);
  if (wrong !== null) return fault("token_malformed", wrong);
  if (link !== null) {
    const widened = refuseStep(link, grant);
    if (widened !== null) return widened;
    const { holder } = link.grant;
    if (holder === null || keyIdOf(holder) !== keyId) return fault("signer_wrong");
  }
  const { text, digest } = encodeToken(grant, keyId, (message) => signBytes(message, seed));
  const read = decodeToken(text);
  return read.ok ? { ok: true, token: text, digest, grant } : read;
}
