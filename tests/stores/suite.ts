/** What control/ports.ts says, asked of any store in any runtime: cases without a test runner. */
import type { ChainTip, Ledger, RecordLog, SealedRecord, StateStore } from "../../control/ports.ts";
import { LEDGER_CASES } from "./suite-ledger.ts";
import { LOG_CASES } from "./suite-log.ts";
import { STATE_CASES } from "./suite-state.ts";

/** A connection. What a store does not have is null. */
export interface Faces {
  readonly state: StateStore | null;
  readonly log: RecordLog | null;
  readonly ledger: Ledger | null;
}

export interface Place {
  /** Another connection to the same data. The runner closes what is left open. */
  open(): Promise<Faces>;
  /** A record that such a log takes. */
  seal(tip: ChainTip, note: string): SealedRecord;
}

export interface Case {
  readonly name: string;
  readonly needs: readonly (keyof Faces)[];
  /** More than one connection at a time. */
  readonly shared?: true;
  /** Throws where the store does not keep the contract. The place is empty. */
  run(place: Place): Promise<void>;
}

export const CASES: readonly Case[] = [...STATE_CASES, ...LOG_CASES, ...LEDGER_CASES];
