/** What the page and its worker say to each other: plain data, as a structured clone carries it. */
import type { Explanation } from "../../../cli/trace.ts";
import type { CasesRan, Compiled, Decided } from "./workbench.ts";

export interface Request {
  /** Null: as before. */
  policy: string | null;
  action: string;
  facts: string;
  cases: string;
}

/** A function cannot be carried: the page puts `codeName` back. */
export type PlainDecided = Omit<Decided, "explanation"> & { explanation: Omit<Explanation, "codeName"> };

export interface Answer {
  /** Null: as before. */
  compiled: Compiled | null;
  /** Null, as is `decided`: there is no policy that compiles. */
  cases: CasesRan | null;
  decided: PlainDecided | null;
}

/** `started` comes first, once. */
export type Message =
  | { kind: "started" }
  | { kind: "answer"; answer: Answer }
  | { kind: "failed"; reason: string };
