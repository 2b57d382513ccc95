/** Scopes of grants, judged by cores of their own: at most so many are loaded at a time. */
import { sha256Hex } from "../../bundles/trust/bytes.ts";
import type { Effect, Text } from "../../engine/binding/index.ts";

/** The part of the binding that scopes are judged on. */
export interface ScopeCore {
  load(bundle: Uint8Array, options: { readonly signed: boolean }): { readonly ok: boolean };
  decide(action: Text, facts: Text): { readonly effect: Effect };
}

export class ScopeCores {
  readonly #open: () => Promise<ScopeCore>;
  readonly #limit: number;
  /** By SHA-256 of the bundle, the one used last at the end. */
  readonly #ready = new Map<string, ScopeCore>();
  readonly #digests = new WeakMap<Uint8Array, string>();
  /** One core is made ready at a time, so that none is taken from under another. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param open a new instance of the core; none is shared with a policy. */
  constructor(open: () => Promise<ScopeCore>, limit: number) {
    this.#open = open;
    this.#limit = limit;
  }

  /** What the scope says of the action; null when the core refuses the bundle. Rejects when there is no core. `bundle` never changes. */
  async effectOf(bundle: Uint8Array, action: Text, facts: Text): Promise<Effect | null> {
    const digest = this.#digestOf(bundle);
    const ready = this.#ready.get(digest);
    if (ready !== undefined) {
      this.#ready.delete(digest);
      this.#ready.set(digest, ready);
      return ready.decide(action, facts).effect;
    }
    const judged = this.#turn.then(async () => {
      const core = this.#ready.get(digest) ?? (await this.#prepare(digest, bundle));
      return core === null ? null : core.decide(action, facts).effect;
    });
    this.#turn = judged.catch(() => {});
    return judged;
  }

  #digestOf(bundle: Uint8Array): string {
    const known = this.#digests.get(bundle);
    if (known !== undefined) return known;
    const digest = sha256Hex(bundle);
    this.#digests.set(bundle, digest);
    return digest;
  }

  async #prepare(digest: string, bundle: Uint8Array): Promise<ScopeCore | null> {
    const core = this.#ready.size >= this.#limit ? this.#takeOldest() : await this.#open();
    if (!core.load(bundle, { signed: true }).ok) return null;
    this.#ready.set(digest, core);
    return core;
  }

  #takeOldest(): ScopeCore {
    const [digest, core] = [...this.#ready][0]!;
    this.#ready.delete(digest);
    return core;
  }
}
