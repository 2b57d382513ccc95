/** An issuer's published keys, fetched when they are needed and no more often than is allowed. */
import { createLocalJWKSet, type JSONWebKeySet, type JWK } from "jose";
import { fault, type IdentityFault } from "./faults.ts";

/**
 * Gets a document. Rejects for anything but a complete answer with status 200 of at most `maxBytes`; ends in bounded time. Follows no redirect.
 */
export interface FetchDocument {
  get(url: string, maxBytes: number): Promise<Uint8Array>;
}

export type KeySet = ReturnType<typeof createLocalJWKSet>;

export interface KeySourceOptions {
  readonly url: string;
  /** Keys of this `use` count; a key without `use` counts where `anyUse`. */
  readonly use: "sig" | "jwt-svid";
  readonly anyUse: boolean;
  /** After so long keys are fetched again. */
  readonly freshMs: number;
  /** Fetching fails: keys go on for so long since they were fetched. At least `freshMs`. */
  readonly staleMs: number;
  /** Between two fetches, whatever asks for them. */
  readonly pauseMs: number;
}

const MAX_SET_BYTES = 262_144;
const MAX_KEYS = 128;
/** Asymmetric only: a public key can then never serve as a shared secret. */
const KEY_TYPES: readonly unknown[] = ["RSA", "EC", "OKP"];

export interface Keys {
  readonly set: KeySet;
  /** Ids of the keys, undefined for one without. */
  readonly ids: readonly (string | undefined)[];
}

export type KeysResult = ({ readonly ok: true } & Keys) | IdentityFault;

/** The usable public keys of a key set, or null when it is none. A key that is none of those is left out, as RFC 7517 section 5 says. */
export function readKeySet(bytes: Uint8Array, use: KeySourceOptions["use"], anyUse: boolean): Keys | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return null;
  }
  const list = typeof value === "object" && value !== null ? (value as { keys?: unknown }).keys : null;
  if (!Array.isArray(list) || list.length > MAX_KEYS) return null;
  const keys: JWK[] = [];
  for (const one of list as unknown[]) {
    if (typeof one !== "object" || one === null) return null;
    const { use: own, d, k, ...rest } = one as JWK;
    const isForUse = own === use || (own === undefined && anyUse);
    if (d !== undefined || k !== undefined || !KEY_TYPES.includes(rest.kty) || !isForUse) continue;
    keys.push(rest);
  }
  if (keys.length === 0) return null;
  const set: JSONWebKeySet = { keys };
  return { set: createLocalJWKSet(set), ids: keys.map(({ kid }) => kid) };
}

export class KeySource {
  readonly #fetch: FetchDocument;
  readonly #options: KeySourceOptions;
  #keys: Keys | null = null;
  #fetchedMs = Number.NEGATIVE_INFINITY;
  #triedMs = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | null = null;

  constructor(fetch: FetchDocument, options: KeySourceOptions) {
    this.#fetch = fetch;
    this.#options = options;
  }

  /** Keys for a token that names `keyId`: fetched again when they are old, or lack that one. */
  async keysFor(keyId: string | undefined, nowMs: number): Promise<KeysResult> {
    const lacks = keyId !== undefined && !(this.#keys?.ids.includes(keyId) ?? false);
    if (lacks || this.#age(nowMs) >= this.#options.freshMs) await this.#refresh(nowMs);
    if (this.#keys === null || this.#age(nowMs) >= this.#options.staleMs) return fault("keys_unavailable");
    return { ok: true, ...this.#keys };
  }

  /** A clock that went backwards makes the keys old. */
  #age(nowMs: number): number {
    const age = nowMs - this.#fetchedMs;
    return age >= 0 ? age : Number.POSITIVE_INFINITY;
  }

  async #refresh(nowMs: number): Promise<void> {
    if (this.#fetching === null) {
      const since = nowMs - this.#triedMs;
      if (since >= 0 && since < this.#options.pauseMs) return;
      this.#triedMs = nowMs;
      this.#fetching = this.#load(nowMs).finally(() => {
        this.#fetching = null;
      });
    }
    await this.#fetching;
  }

  async #load(nowMs: number): Promise<void> {
    const { url, use, anyUse } = this.#options;
    try {
      const keys = readKeySet(await this.#fetch.get(url, MAX_SET_BYTES), use, anyUse);
      if (keys === null) return;
      this.#keys = keys;
      this.#fetchedMs = nowMs;
    } catch {
      // What was fetched before goes on until it is stale.
    }
  }
}
