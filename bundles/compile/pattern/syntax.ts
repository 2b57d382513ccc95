/** A pattern as a tree, with flags, case folding and classes already resolved to sets of code points. */

import type { CodePoints } from "./sets.ts";

export type Assertion =
  | "textStart"
  | "textEnd"
  | "lineStart"
  | "lineEnd"
  | "wordBoundary"
  | "notWordBoundary";

export type Node =
  | { kind: "set"; set: CodePoints }
  /** Of no terms: the empty text. */
  | { kind: "concat"; terms: Node[] }
  | { kind: "alternate"; terms: Node[] }
  /** `max` null: without end. */
  | { kind: "repeat"; term: Node; min: number; max: number | null }
  | { kind: "assert"; assertion: Assertion };

/** Why a pattern cannot be compiled; thrown and caught inside this folder alone. */
export class PatternError extends Error {
  readonly reason: "syntax" | "notRegular" | "tooLarge";
  readonly help: string | null;

  constructor(reason: PatternError["reason"], message: string, help: string | null = null) {
    super(message);
    this.reason = reason;
    this.help = help;
  }
}
