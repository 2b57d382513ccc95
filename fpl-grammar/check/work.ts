/** A bound on comparing patterns: many intricate ones must not hold up a check. */

import type { Span } from "../program.ts";

/** Steps of one analysis; about two seconds. Ordinary policies of thousands of rules take less than a tenth of it. */
const MAX_STEPS = 20_000_000;

/** Spent by the comparisons of one analysis. What is left out once it is gone is said in a warning, F409. */
export class Work {
  #left = MAX_STEPS;
  #stoppedAt: Span | null = null;

  /** False, from then on, when the steps are used up. */
  spend(steps: number): boolean {
    this.#left -= steps;
    return this.#left > 0;
  }

  /** Whether the analysis ends here, at the first place that asks too late. */
  isOver(span: Span): boolean {
    if (this.#left > 0) return false;
    this.#stoppedAt ??= span;
    return true;
  }

  get stoppedAt(): Span | null {
    return this.#stoppedAt;
  }
}
