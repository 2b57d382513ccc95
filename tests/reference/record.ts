/** The Decision Provenance Record of one decision (LANGUAGE section 7, engine/ABI.md "The record"). */
import { createHash } from "node:crypto";
import type { Program } from "../../fpl-grammar/program.ts";
import { canonicalText } from "./canonical.ts";
import type { Facts } from "./facts.ts";
import { boolean, type Json, type JsonObject, list, NULL, number, object, string } from "./json.ts";
import { MAX_INPUT_BYTES } from "./parse.ts";
import { redactedAction, toReplace } from "./redact.ts";
import { changesBetween } from "./state/blobs.ts";
import { type Decided, verdictFields } from "./verdict.ts";

/** What the host adds to a record. Digests and the previous hash are 32 bytes. */
export interface Context {
  bundleDigest: Uint8Array;
  engineDigest: Uint8Array;
  signed: boolean;
  sequence: bigint;
  previous: Uint8Array;
}

/** An input on its way: each field after the first is null until that much of it has been accepted. */
export interface Text<T> {
  raw: Uint8Array;
  canonical: Uint8Array | null;
  value: T | null;
}

/** Bytes of the state as they were handed over and given back; after: null when nothing was to be written. */
export interface Evidence {
  before: Uint8Array;
  after: Uint8Array | null;
}

export interface Recorded extends Decided {
  /** `decision`, or the event's type. */
  type: string;
  /** Of an event: its own text. */
  action: Text<{ json: Json; args?: Json }>;
  facts: Text<Facts>;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

/** Of the canonical text, else of the raw one; none of a text that was too large to be handed over. */
function inputDigest({ canonical, raw }: Text<unknown>): Json {
  if (raw.length > MAX_INPUT_BYTES) return NULL;
  const digest = createHash("sha256").update(canonical ?? raw);
  return string(digest.digest("hex"));
}

/** A salt that is null counts as absent. */
function factsDigest(facts: Recorded["facts"]): Json {
  if (facts.value === null || facts.value.salt !== null) return inputDigest(facts);
  return string(
    createHash("sha256")
      .update(canonicalText(withoutSalt(facts.value.json)))
      .digest("hex"),
  );
}

export function recordJson(
  program: Program,
  context: Context,
  recorded: Recorded,
  evidence: Evidence | null,
): Json {
  const { action, facts } = recorded;
  const time = facts.value?.time ?? null;
  return object({
    ...verdictFields(program, recorded),
    action: shownAction(recorded),
    action_digest: inputDigest(action),
    bundle: string(hex(context.bundleDigest)),
    engine: string(hex(context.engineDigest)),
    inputs: facts.value === null ? NULL : withoutSalt(facts.value.json),
    inputs_digest: factsDigest(facts),
    previous: string(hex(context.previous)),
    sequence: { kind: "number", text: String(context.sequence) },
    signed: boolean(context.signed),
    ...stateFields(action.value === null || facts.value === null ? null : evidence),
    time: time === null ? NULL : { kind: "number", text: String(time) },
    type: string(recorded.type),
    version: number(2),
  });
}

function stateFields(evidence: Evidence | null): Record<string, Json> {
  if (evidence === null) return { state: NULL, state_after: NULL, state_before: NULL };
  const { before, after } = evidence;
  const digest = (bytes: Uint8Array): Json => string(createHash("sha256").update(bytes).digest("hex"));
  if (after === null) return { state: NULL, state_after: NULL, state_before: digest(before) };
  const changes = changesBetween(before, after).map((change) =>
    list(change.map((item) => (typeof item === "number" ? number(item) : string(item)))),
  );
  return { state: list(changes), state_after: digest(after), state_before: digest(before) };
}

function withoutSalt(facts: JsonObject): Json {
  return { kind: "object", entries: new Map([...facts.entries].filter(([name]) => name !== "salt")) };
}

/** Null where nothing is known of what to redact, and where there is no salt to do it with. */
function shownAction({ action, facts, judgement, obligations }: Recorded): Json {
  if (action.value === null || facts.value === null || judgement.code === "salt_missing") return NULL;
  const { redact } = obligations;
  const { json, args } = action.value;
  const isShown = args === undefined || toReplace(args, redact).length === 0;
  return isShown ? json : redactedAction(json, args, redact, facts.value.salt!);
}
