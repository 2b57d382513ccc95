/** Deciding the records of a log again: the same bytes, from state that is rebuilt on the way. */

import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import { changesNothing, RecordMismatch, readChange } from "../../control/ledger/changes.ts";
import { writesOf } from "../../control/ledger/rebuild.ts";
import type { SealedRecord } from "../../control/ports.ts";
import { NATIVE_SHA256 } from "../../hosts/node/log/sha256.ts";
import type { Core, Recorded } from "../core.ts";
import { blobKeys } from "../state/memory.ts";
import { type Original, type Replayable, readReplayable, withSalt } from "./record.ts";

/** A field in which a record differs from what it should be; `replayed` undefined: the state does not fit. */
export interface FieldDifference {
  field: string;
  recorded: unknown;
  replayed: unknown;
}

export interface Difference {
  sequence: number;
  /** In words, when it is not about fields. */
  message: string | null;
  fields: FieldDifference[];
}

export interface ReplayCounts {
  records: number;
  /** Decided again to the same bytes; `events` of them. */
  replayed: number;
  events: number;
  /** Not decided again, as values or a salt are not known, or the text was not kept; but their chain and their changes of state hold. */
  redacted: number;
  refused: number;
  /** On state from before the first record that is kept. */
  unknownState: number;
}

export interface ReplayOptions {
  /** The core with the bundle of that digest, loaded as signed or not; throws CommandError when there is none. */
  coreOf(digest: string, signed: boolean): Core;
  originalOf(sequence: number, previous: Uint8Array): Original | null;
  /** Sequence of the first record of the log that is kept. */
  first: number;
}

const sha256 = (bytes: Uint8Array): Uint8Array => NATIVE_SHA256.bytes(bytes);

export class Replay {
  readonly #options: ReplayOptions;
  readonly #blobs = new Map<string, Uint8Array>();
  readonly counts: ReplayCounts = {
    records: 0,
    replayed: 0,
    events: 0,
    redacted: 0,
    refused: 0,
    unknownState: 0,
  };
  #previous: Uint8Array = new Uint8Array(32);

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** The first difference ends the replay. */
  push(sealed: SealedRecord): Difference | null {
    const { first, originalOf } = this.#options;
    if (this.counts.records === 0 && first > 0) {
      this.#previous = hexToBytes(readChange(sealed.record).previous);
    }
    const previous = this.#previous;
    this.#previous = new Uint8Array(sealed.hash);
    this.counts.records++;
    const replayable = readReplayable(sealed, previous, (sequence) => originalOf(sequence, previous));
    if (typeof replayable === "string") {
      this.counts[replayable]++;
      return this.#applyChange(sealed);
    }
    if (replayable.hasState && first > 0) {
      this.counts.unknownState++;
      return null;
    }
    return this.#decide(replayable);
  }

  #decide(one: Replayable): Difference | null {
    const { slices, sealed } = one;
    const bundle = slices.text("bundle").slice(1, -1);
    const core = this.#options.coreOf(bundle, slices.text("signed") === "true");
    const keys = blobKeys(one.parties);
    const state = keys.map((key) => (key === null ? null : (this.#blobs.get(key) ?? null)));
    const made = decideAgain(core, { ...one, facts: this.#factsOf(one) }, state);
    if (Buffer.compare(made.hash, sealed.hash) === 0) return this.#keep(one, keys, made);
    const fields = differencesOf(sealed.record, made.record);
    if (fields.length > 1 || fields[0]?.field !== "inputs_digest") {
      return { sequence: sealed.sequence, message: otherCore(fields), fields };
    }
    // Only the salt is not known.
    this.counts.redacted++;
    return this.#applyChange(sealed);
  }

  /** The facts that the record may have been written with: those in it, or with a salt, which records leave out. */
  #factsOf({ slices, facts, isSalted, sealed, previous }: Replayable): Uint8Array {
    const digest = bytesToHex(sha256(facts));
    if (isSalted || digest === slices.text("inputs_digest").slice(1, -1)) return facts;
    const salt = this.#options.originalOf(sealed.sequence, previous)?.salt ?? null;
    return salt === null ? facts : withSalt(facts, salt);
  }

  #keep(one: Replayable, keys: readonly (string | null)[], made: Recorded): null {
    this.counts.replayed++;
    if (one.isEvent) this.counts.events++;
    made.state?.forEach((blob, index) => {
      const key = keys[index] ?? null;
      if (key !== null && blob.byteLength > 0) this.#blobs.set(key, blob);
    });
    return null;
  }

  /** What the record says that it changed, checked against the digests in it. */
  #applyChange({ record, sequence }: SealedRecord): Difference | null {
    if (changesNothing(record) || this.#options.first > 0) return null;
    try {
      const writes = writesOf(readChange(record), sequence, (key) => this.#blobs.get(key) ?? null, sha256);
      for (const [key, blob] of writes) this.#blobs.set(key, blob);
      return null;
    } catch (error) {
      if (!(error instanceof RecordMismatch)) throw error;
      return { sequence, message: error.message, fields: [] };
    }
  }
}

/** With `state` only where there was one. */
export function decideAgain(core: Core, one: Replayable, state: (Uint8Array | null)[]): Recorded {
  const { sealed, previous, text, facts, isEvent, hasState } = one;
  const place = { sequence: sealed.sequence, previous };
  const given = hasState ? state : undefined;
  return isEvent
    ? core.applyEvent(text, facts, place, given)
    : core.decideRecorded(text, facts, place, given);
}

/** Bytes are the same only from the core that the record names. */
function otherCore(fields: readonly FieldDifference[]): string | null {
  if (!fields.some(({ field }) => field === "engine")) return null;
  return "another core made it: replay it with the release that wrote the log; `--bundle` judges it with this one";
}

function fieldsOf(record: Uint8Array): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(record)) as Record<string, unknown>;
}

function differencesOf(recorded: Uint8Array, replayed: Uint8Array): FieldDifference[] {
  const [left, right] = [fieldsOf(recorded), fieldsOf(replayed)];
  return Object.keys(left)
    .filter((field) => JSON.stringify(left[field]) !== JSON.stringify(right[field]))
    .map((field) => ({ field, recorded: left[field], replayed: right[field] }));
}
