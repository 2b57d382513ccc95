/** One record of a log, as far as deciding it again goes. */
import type { SealedRecord } from "../../control/ports.ts";
import type { Parties } from "../state/memory.ts";
import { partiesOf } from "../state/memory.ts";
import { RecordSlices } from "./slices.ts";

/** An action as it was, and the salt with which its record was written. */
export interface Original {
  action: Uint8Array | null;
  salt: string | null;
}

export interface Replayable {
  sealed: SealedRecord;
  /** Hash of the record before, 32 bytes. */
  previous: Uint8Array;
  slices: RecordSlices;
  isEvent: boolean;
  /** Whether it was decided on a state. */
  hasState: boolean;
  parties: Parties | null;
  /** The action or the event. */
  text: Uint8Array;
  facts: Uint8Array;
  /** Whether the facts have the salt with which the record was written. */
  isSalted: boolean;
}

/** Why a record cannot be decided again from what is there. */
export type Unreplayable = "refused" | "redacted";

const REDACTS_NOTHING = '"redact":[]}';
const COMMITMENT = /\{"redacted":"[0-9a-f]{64}"\}/;
const encoder = new TextEncoder();

type Fields = Readonly<Record<string, unknown>>;

type Paths = readonly (readonly (string | number)[])[];

/**
 * What is to be decided again. `isEnough`: whether the redacted form will do, given the paths of what is redacted and the code. `refused`: the text was not kept, since it was refused before it was judged; `redacted`: values were
 * replaced, and `original` does not give them.
 */
export function readReplayable(
  sealed: SealedRecord,
  previous: Uint8Array,
  originalOf: (sequence: number) => Original | null,
  isEnough: (paths: Paths, code: string) => boolean = () => false,
): Replayable | Unreplayable {
  const slices = new RecordSlices(sealed.record);
  if (slices.isNull("action") || slices.isNull("inputs")) return "refused";
  let text = slices.slice("action");
  let facts = slices.slice("inputs");
  let isSalted = false;
  const isRedacted =
    !slices.text("obligations").endsWith(REDACTS_NOTHING) && COMMITMENT.test(slices.text("action"));
  if (isRedacted) {
    const original = originalOf(sealed.sequence);
    if (original?.action == null || original.salt === null) {
      const { redact } = slices.value("obligations") as { redact: Paths };
      if (!isEnough(redact, slices.text("code").slice(1, -1))) return "redacted";
    } else {
      text = original.action;
      facts = withSalt(facts, original.salt);
      isSalted = true;
    }
  }
  const isEvent = slices.text("type") !== '"decision"';
  const subject = JSON.parse(new TextDecoder().decode(text)) as Fields;
  const inputs = slices.text("inputs");
  const stated = inputs.includes('"delegation":{') ? (JSON.parse(inputs) as Fields) : {};
  return {
    sealed,
    previous,
    slices,
    isEvent,
    hasState: !slices.isNull("state_before"),
    parties: partiesOf(subject, stated, isEvent),
    text,
    facts,
    isSalted,
  };
}

/** Canonical facts with a salt: the core reads them in any order. */
export function withSalt(facts: Uint8Array, salt: string): Uint8Array {
  const rest = new TextDecoder().decode(facts).slice(1);
  return encoder.encode(`{"salt":${JSON.stringify(salt)}${rest === "}" ? "" : ","}${rest}`);
}
