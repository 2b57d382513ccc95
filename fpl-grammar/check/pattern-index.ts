/** Finds, among many tool patterns, those that include a given one, without trying them all. */

import { includes, isExact, literalPrefix } from "../tool-patterns.ts";

/** One entry per pattern: exact names by hash, wildcards by their literal prefix. */
export class PatternIndex<Entry> {
  readonly #exact = new Map<string, Entry>();
  /** Literal prefix to pattern to entry. */
  readonly #wildcards = new Map<string, Map<string, Entry>>();
  #longest = 0;

  /** The entry of this very pattern, made if there is none. */
  entry(pattern: string, make: () => Entry): Entry {
    const bucket = isExact(pattern) ? this.#exact : this.#bucket(literalPrefix(pattern));
    let entry = bucket.get(pattern);
    if (entry === undefined) {
      entry = make();
      bucket.set(pattern, entry);
    }
    return entry;
  }

  #bucket(prefix: string): Map<string, Entry> {
    let bucket = this.#wildcards.get(prefix);
    if (bucket === undefined) {
      bucket = new Map();
      this.#wildcards.set(prefix, bucket);
      this.#longest = Math.max(this.#longest, prefix.length);
    }
    return bucket;
  }

  /** Entries of every pattern that includes `inner`, in no particular order. */
  *including(inner: string): Generator<Entry> {
    if (isExact(inner)) {
      const entry = this.#exact.get(inner);
      if (entry !== undefined) yield entry;
    }
    // A pattern that includes `inner` has a literal prefix that `inner` begins with.
    const prefix = literalPrefix(inner);
    for (let length = 0; length <= Math.min(prefix.length, this.#longest); length++) {
      for (const [pattern, entry] of this.#wildcards.get(prefix.slice(0, length)) ?? []) {
        if (includes(pattern, inner)) yield entry;
      }
    }
  }
}
