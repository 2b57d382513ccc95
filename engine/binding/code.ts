/** What a row of the table of codes holds. */
export type Effect = "permit" | "deny" | "defer";

export interface CodeRow {
  /** CODE_*, as in packed verdicts. */
  readonly number: number;
  /** Lower snake case, as in verdicts and records. */
  readonly name: string;
  /** The effect of every verdict with this code. */
  readonly effect: Effect;
}

export interface CodeText {
  /** One line: what it means. */
  readonly text: string;
  /** One line: what the caller can do next. */
  readonly next: string;
}

/** One row of the table, with its texts. */
export type Code = CodeRow & CodeText;
