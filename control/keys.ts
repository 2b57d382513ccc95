/** Which keys a decision or an event reads and writes, in the order of its blobs (engine/ABI.md "State"). */
import { agentKey, sessionKey } from "./ports.ts";

export interface PartyKeys {
  /** Per party its agent's blob, then its session's; null where there is no session: that blob is always empty. */
  readonly blobs: readonly (string | null)[];
  /** Those that are not null. */
  readonly keys: readonly string[];
}

/** `StateStore` has the bytes that a key may have. */
const MAX_KEY_BYTES = 1024;
/** More than MAX_DELEGATION_DEPTH allows, so that the core says so. */
const MAX_PARTIES = 16;

/** @param chain grantors, root first. Null when there are too many, or a name is empty, too long or no Unicode: it cannot be a key. */
export function partyKeys(agent: string, session: string | null, chain: readonly string[]): PartyKeys | null {
  const parties = [agent, ...chain];
  const named = parties.every((name) => typeof name === "string" && name !== "") && session !== "";
  if (!named || parties.length > MAX_PARTIES) return null;
  const blobs: (string | null)[] = [];
  try {
    for (const party of parties) {
      blobs.push(agentKey(party), session === null ? null : sessionKey(session, party));
    }
  } catch {
    return null;
  }
  const keys = [...new Set(blobs.filter((key) => key !== null))];
  // Encoded names are ASCII.
  return keys.every((key) => key.length <= MAX_KEY_BYTES) ? { blobs, keys } : null;
}

const encoder = new TextEncoder();

/** What the key of a revocation holds: the sequence of its record. */
export function revocationBytes(sequence: number): Uint8Array {
  return encoder.encode(String(sequence));
}

/** Agents and sessions with keys at hand. */
const MAX_CACHED = 16_384;

/** `partyKeys` of calls without a chain, computed once for each agent and session. */
export class PartyKeysCache {
  #known = new Map<string, Map<string, PartyKeys>>();
  #count = 0;

  /** @param session null for none. */
  get(agent: string, session: string | null): PartyKeys | null {
    if (session === "") return null;
    const known = this.#known.get(agent)?.get(session ?? "");
    return known ?? this.#add(agent, session);
  }

  #add(agent: string, session: string | null): PartyKeys | null {
    const keys = partyKeys(agent, session, []);
    if (keys === null) return null;
    if (this.#count === MAX_CACHED) {
      this.#known.clear();
      this.#count = 0;
    }
    const ofAgent = this.#known.get(agent);
    if (ofAgent === undefined) this.#known.set(agent, new Map([[session ?? "", keys]]));
    else ofAgent.set(session ?? "", keys);
    this.#count++;
    return keys;
  }
}
