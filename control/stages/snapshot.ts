/** Second stage: which state the call is judged on. */
import type { Call, Caller } from "../call.ts";
import { type PartyKeys, type PartyKeysCache, partyKeys } from "../keys.ts";
import { type LedgerView, revocationKey } from "../ports.ts";

export interface StateKeys extends PartyKeys {
  /** Of the grants that the call stands on: a key that exists marks a revoked one. */
  readonly revocations: readonly string[];
  /** Of the grant that the event revokes. */
  readonly revokes: string | null;
  /** All of them, each once. */
  readonly all: readonly string[];
}

const NONE: readonly string[] = [];
const GRANT = /^[0-9a-f]{64}$/;

/** Null when a name cannot be a key. */
export function keysOf(cache: PartyKeysCache, call: Call, { delegation }: Caller): StateKeys | null {
  if (delegation === null && call.revokes === null && call.chain.length === 0) {
    const parties = cache.get(call.agent, call.session);
    if (parties === null) return null;
    const { blobs, keys } = parties;
    return { blobs, keys, revocations: NONE, revokes: null, all: keys };
  }
  const parties = partyKeys(call.agent, call.session, delegation?.chain ?? call.chain);
  if (parties === null) return null;
  const revocations =
    delegation === null ? NONE : delegation.grants.map(({ digest }) => revocationKey(digest));
  // What is no grant the core refuses, so its key is never written.
  const revokes = call.revokes !== null && GRANT.test(call.revokes) ? revocationKey(call.revokes) : null;
  const all = [...new Set([...parties.keys, ...revocations, ...(revokes === null ? [] : [revokes])])];
  return { ...parties, revocations, revokes, all };
}

/** Blobs in the core's order, null for one that is not written yet. */
export function snapshot(view: LedgerView, { blobs }: StateKeys): (Uint8Array | null)[] {
  return blobs.map((key) => (key === null ? null : view.get(key)));
}

export function isRevoked(view: LedgerView, { revocations }: StateKeys): boolean {
  return revocations.some((key) => view.get(key) !== null);
}
