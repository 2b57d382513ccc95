/** Opening the ledger of one process: the store is looked at, and brought to where the log is. */
import { type ChainTip, LedgerFailure, type RecordLog, type StateStore } from "../ports.ts";
import { APPLIED_KEY, decodeApplied, toHex } from "./applied.ts";
import { RecordMismatch } from "./changes.ts";
import { DEFAULT_TIMEOUT_MS, OwnLedger, type OwnLedgerOptions } from "./own.ts";
import { catchUp, type Digest, firstTip } from "./rebuild.ts";
import { WorkingSet, type WorkingSetLimits } from "./working-set.ts";
import { WriteBehind } from "./write-behind.ts";

const REBUILD = "make the state anew from the log (`rebuild`), or restore the store that belongs to it";

/** Why a ledger is not opened, and the way out. */
export const LEDGER_REFUSALS = {
  state_unreadable: {
    message: "the state store cannot be read or written",
    help: "see why it fails, then open again",
  },
  state_version: { message: "the state store is of another version", help: REBUILD },
  state_damaged: { message: "the state store is damaged", help: REBUILD },
  state_ahead: {
    message: "the state store holds more than the log",
    help: `find the rest of the log; or ${REBUILD}`,
  },
  state_foreign: { message: "the state store belongs to another log", help: REBUILD },
  log_unreadable: {
    message: "the log cannot be read from where the state store is",
    help: "restore the log, or a state store that is as new as what the log still has",
  },
} as const satisfies Record<string, { message: string; help: string }>;

export type LedgerRefusalCode = keyof typeof LEDGER_REFUSALS;

export interface LedgerRefusal {
  readonly ok: false;
  readonly code: LedgerRefusalCode;
  readonly message: string;
  readonly help: string;
}

export interface OwnLedgerParts {
  /** Open, exclusively. The ledger closes it. */
  readonly log: RecordLog;
  /** Nobody else writes into it. The ledger closes it. */
  readonly store: StateStore;
  readonly digest: Digest;
  readonly options?: OwnLedgerOptions;
  readonly limits?: WorkingSetLimits;
}

/** What was refused stays open, for a rebuild; who opened it closes it. */
export async function openOwnLedger(
  parts: OwnLedgerParts,
): Promise<{ readonly ok: true; readonly ledger: OwnLedger } | LedgerRefusal> {
  const { log, store, digest } = parts;
  try {
    const found = await readApplied(store);
    if (!found.ok) return found;
    const { applied, version } = found;
    const tip = await log.tip();
    const misplaced = compare(applied, tip);
    if (misplaced !== null) return misplaced;
    const { schedule = null, timeoutMs = DEFAULT_TIMEOUT_MS } = parts.options ?? {};
    const timeLimit = { schedule, timeoutMs };
    const set = new WorkingSet(store, parts.limits, timeLimit);
    const behind = new WriteBehind(store, set, { sequence: applied.sequence, version }, timeLimit);
    const reached = await catchUp(log, applied, { set, behind, digest });
    if (!same(reached, tip))
      return refusal("log_unreadable", `it ends at ${reached.sequence}, not ${tip.sequence}`);
    return { ok: true, ledger: new OwnLedger({ log, store, set, behind, tip }, parts.options) };
  } catch (error) {
    return refusalOf(error);
  }
}

function refusal(code: LedgerRefusalCode, detail: string): LedgerRefusal {
  const { message, help } = LEDGER_REFUSALS[code];
  return { ok: false, code, message: `${message}: ${detail}`, help };
}

function refusalOf(error: unknown): LedgerRefusal {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof RecordMismatch) return refusal("state_damaged", text);
  if (error instanceof LedgerFailure) return refusal("state_unreadable", text);
  return refusal("log_unreadable", text);
}

function same(left: ChainTip, right: ChainTip): boolean {
  return left.sequence === right.sequence && toHex(left.previous) === toHex(right.previous);
}

async function readApplied(
  store: StateStore,
): Promise<{ ok: true; applied: ChainTip; version: number } | LedgerRefusal> {
  let entry: Awaited<ReturnType<StateStore["read"]>>[number];
  let others: string[];
  try {
    entry = (await store.read([APPLIED_KEY]))[0] ?? null;
    others = entry === null ? await store.list("", null, 1) : [];
  } catch (error) {
    return refusal("state_unreadable", error instanceof Error ? error.message : String(error));
  }
  if (entry === null) {
    if (others.length > 0) return refusal("state_damaged", `it has ${others[0]} and not how far it is`);
    return { ok: true, applied: firstTip(), version: 0 };
  }
  const read = decodeApplied(entry.bytes);
  if (read.kind === "applied") return { ok: true, applied: read.tip, version: entry.version };
  if (read.kind === "version") return refusal("state_version", `version ${read.version}`);
  return refusal(
    "state_damaged",
    read.kind === "rebuilding" ? "a rebuild did not end" : `${APPLIED_KEY} is malformed`,
  );
}

function compare(applied: ChainTip, tip: ChainTip): LedgerRefusal | null {
  if (applied.sequence > tip.sequence) {
    return refusal("state_ahead", `it is at ${applied.sequence}, the log at ${tip.sequence}`);
  }
  if (applied.sequence === tip.sequence && !same(applied, tip)) {
    return refusal("state_foreign", `record ${tip.sequence - 1} has another hash in the log`);
  }
  return null;
}
