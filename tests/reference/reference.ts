/**
 * A second implementation of the decision, over the checked program, from LANGUAGE.md and engine/ABI.md alone: slow,
 * plain, and made of other algorithms than the core's, so that where both agree neither is likely to be wrong.
 * What is remembered stands in a model of maps and lists (state/model.ts), never in blobs.
 */
import { createHash } from "node:crypto";
import type { Program } from "../../fpl-grammar/program.ts";
import { type Action, readAction } from "./action.ts";
import { canonicalBytes, canonicalInput } from "./canonical.ts";
import { type Facts, readFacts } from "./facts.ts";
import { type Json, Refusal } from "./json.ts";
import { NO_OBLIGATIONS, obligationsOf } from "./obligations.ts";
import { parse } from "./parse.ts";
import { type Context, type Evidence, type Recorded, recordJson, type Text } from "./record.ts";
import { toReplace } from "./redact.ts";
import { deny, type Judgement } from "./stages.ts";
import { type Decided, decideAction } from "./state/decide.ts";
import { type Event, eventType, readEvent } from "./state/event.ts";
import { decideEvent } from "./state/events.ts";
import type { Model } from "./state/model.ts";
import { verdictJson } from "./verdict.ts";

export interface Reference {
  /** Canonical JSON, as `describe` gives it. Of an event the same as the recorded one. */
  verdict: Uint8Array;
  /** The same after `decideRecorded`, which may refuse for want of a salt. */
  recordedVerdict: Uint8Array;
  record: Uint8Array;
  hash: Uint8Array;
  /** The model after; the one handed in when nothing is written. */
  model: Model | null;
}

/** What is handed over. `facts` empty means `{}`. `model` null: there is no state. */
export interface Call {
  kind: "action" | "event";
  text: Uint8Array;
  facts: Uint8Array;
  model: Model | null;
  /** Bytes of the state, which only the record needs. */
  evidence: Evidence | null;
}

/** Decides one action or event. Never throws on any input. */
export function reference(program: Program, context: Context, call: Call): Reference {
  const outcome = call.kind === "action" ? decide(program, context, call) : apply(program, call);
  const recorded = call.kind === "action" ? withSalt(program, context, call, outcome) : outcome;
  const record = canonicalBytes(recordJson(program, context, recorded, call.evidence));
  const hash = createHash("sha256")
    .update(Buffer.from("faramesh/record/v2".padEnd(32, "\0")))
    .update(context.previous)
    .update(record)
    .digest();
  return {
    verdict: canonicalBytes(verdictJson(program, outcome)),
    recordedVerdict: canonicalBytes(verdictJson(program, recorded)),
    record,
    hash: new Uint8Array(hash),
    model: recorded.after ?? call.model,
  };
}

type Outcome = Recorded & { after: Model | null };

function decide(program: Program, context: Context, call: Call): Outcome {
  const action: Text<Action> = { raw: call.text, canonical: null, value: null };
  const facts: Text<Facts> = { raw: call.facts, canonical: null, value: null };
  try {
    read(action, parse, readAction);
    read(facts, factsJson, readFacts);
  } catch (error) {
    return refused(error, "decision", action, facts);
  }
  const decided = decideAction(program, action.value!, facts.value!, call.model, context.sequence);
  const { policy, judgement, notify, after } = decided;
  const obligations =
    policy === null ? NO_OBLIGATIONS : obligationsOf(policy, action.value!.tool, judgement, notify);
  return { type: "decision", policy, judgement, obligations, action, facts, after };
}

function apply(program: Program, call: Call): Outcome {
  const event: Text<{ json: Json }> = { raw: call.text, canonical: null, value: null };
  const facts: Text<Facts> = { raw: call.facts, canonical: null, value: null };
  let type = "event";
  try {
    const json = parse(event.raw);
    event.canonical = canonicalInput(json);
    type = eventType(json) ?? type;
    const parsed: Event = readEvent(json);
    event.value = { json };
    read(facts, factsJson, readFacts);
    const decided: Decided = decideEvent(program, parsed, facts.value!, call.model);
    const { policy, judgement } = decided;
    const notify = policy === null ? [] : obligationsOf(policy, "", judgement, []).notify;
    return { type, ...decided, obligations: { ...NO_OBLIGATIONS, notify }, action: event, facts };
  } catch (error) {
    return refused(error, type, event, facts);
  }
}

function read<T>(text: Text<T>, parser: (bytes: Uint8Array) => Json, reader: (json: Json) => T): void {
  const json = parser(text.raw);
  text.canonical = canonicalInput(json);
  text.value = reader(json);
}

/** Any fault of the facts' text is one of the facts. */
function factsJson(bytes: Uint8Array): Json {
  if (bytes.length === 0) return { kind: "object", entries: new Map() };
  try {
    const json = parse(bytes);
    canonicalInput(json);
    return json;
  } catch (error) {
    throw error instanceof Refusal ? new Refusal("facts_invalid", error.detail) : error;
  }
}

function refused(error: unknown, type: string, action: Text<{ json: Json }>, facts: Text<Facts>): Outcome {
  if (!(error instanceof Refusal)) throw error;
  const judgement: Judgement = deny(error.code, error.detail);
  return { type, policy: null, judgement, obligations: NO_OBLIGATIONS, action, facts, after: null };
}

/** What must be redacted cannot be written down without a salt: a deny, and counted as one. */
function withSalt(program: Program, context: Context, call: Call, outcome: Outcome): Outcome {
  const { policy, action, facts, obligations } = outcome;
  if (policy === null || action.value === null || facts.value === null || facts.value.salt !== null) {
    return outcome;
  }
  const asked = action.value as Action;
  if (toReplace(asked.args, obligations.redact).length === 0) return outcome;
  const judgement = deny("salt_missing");
  const { after } = decideAction(program, asked, facts.value, call.model, context.sequence, true);
  return { ...outcome, judgement, obligations: obligationsOf(policy, asked.tool, judgement, []), after };
}
