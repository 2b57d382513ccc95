/** Finds, among many tool patterns, those that include a given one, without trying them all. */

import type { Span } from "../program.ts";
import {
  includes,
  isExact,
  isToolPattern,
  literalPrefix,
  literalSuffix,
  longestLiteral,
  sampleName,
} from "../tool-patterns.ts";
import type { Work } from "./work.ts";

interface Wildcard<Entry> {
  pattern: string;
  /** In every name that the pattern matches. */
  literal: string;
  entry: Entry;
}

/** Wildcards with one literal prefix, by literal suffix. */
interface Bucket<Entry> {
  bySuffix: Map<string, Wildcard<Entry>[]>;
  longestSuffix: number;
}

/** One entry per pattern: exact names by hash, wildcards by their literal prefix and suffix. */
export class PatternIndex<Entry> {
  readonly #entries = new Map<string, Entry>();
  readonly #byPrefix = new Map<string, Bucket<Entry>>();
  #longestPrefix = 0;
  readonly #work: Work;

  constructor(work: Work) {
    this.#work = work;
  }

  /** The entry of this very pattern, made if there is none. */
  entry(pattern: string, make: () => Entry): Entry {
    let entry = this.#entries.get(pattern);
    if (entry === undefined) {
      entry = make();
      this.#entries.set(pattern, entry);
      if (!isExact(pattern) && isToolPattern(pattern)) this.#add(pattern, entry);
    }
    return entry;
  }

  #add(pattern: string, entry: Entry): void {
    const [prefix, suffix] = [literalPrefix(pattern), literalSuffix(pattern)];
    let bucket = this.#byPrefix.get(prefix);
    if (bucket === undefined) {
      bucket = { bySuffix: new Map(), longestSuffix: 0 };
      this.#byPrefix.set(prefix, bucket);
      this.#longestPrefix = Math.max(this.#longestPrefix, prefix.length);
    }
    const wildcard = { pattern, literal: longestLiteral(pattern), entry };
    const same = bucket.bySuffix.get(suffix);
    if (same === undefined) bucket.bySuffix.set(suffix, [wildcard]);
    else same.push(wildcard);
    bucket.longestSuffix = Math.max(bucket.longestSuffix, suffix.length);
  }

  /** Entries of every pattern that includes `inner`, in no particular order; fewer once the work, at `span`, is over. */
  *including(inner: string, span: Span): Generator<Entry> {
    if (!isToolPattern(inner)) return;
    if (isExact(inner)) {
      const entry = this.#entries.get(inner);
      if (entry !== undefined) yield entry;
    }
    const sample = sampleName(inner);
    for (const { pattern, literal, entry } of this.#candidates(inner)) {
      if (this.#work.isOver(span)) return;
      this.#work.spend(1);
      if (sample.includes(literal) && includes(pattern, inner, this.#work)) yield entry;
    }
  }

  /** A pattern that includes `inner` has a literal prefix that `inner` begins with, and a suffix that it ends with. */
  *#candidates(inner: string): Generator<Wildcard<Entry>> {
    const [prefix, suffix] = [literalPrefix(inner), literalSuffix(inner)];
    for (let length = 0; length <= Math.min(prefix.length, this.#longestPrefix); length++) {
      const bucket = this.#byPrefix.get(prefix.slice(0, length));
      if (bucket === undefined) continue;
      const longest = Math.min(suffix.length, bucket.longestSuffix);
      for (let size = 0; size <= longest; size++) {
        yield* bucket.bySuffix.get(suffix.slice(suffix.length - size)) ?? [];
      }
    }
  }
}
