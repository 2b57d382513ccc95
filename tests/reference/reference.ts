/**
 * A second implementation of the decision, over the checked program, from LANGUAGE.md and engine/ABI.md alone: slow,
 * plain, and made of other algorithms than the core's, so that where both agree neither is likely to be wrong.
 */
import { createHash } from "node:crypto";
import type { AgentPolicy, Program } from "../../fpl-grammar/program.ts";
import { type Action, readAction } from "./action.ts";
import { admit } from "./admit.ts";
import { canonicalBytes, canonicalInput } from "./canonical.ts";
import { judgeEgress } from "./egress.ts";
import { type Facts, readFacts } from "./facts.ts";
import { identify, policyOf } from "./identify.ts";
import { type Json, Refusal } from "./json.ts";
import { NO_OBLIGATIONS, type Obligations, obligationsOf } from "./obligations.ts";
import { parse } from "./parse.ts";
import { type Context, recordJson, type Text } from "./record.ts";
import { toReplace } from "./redact.ts";
import { judgeAlways, judgeRules } from "./rules.ts";
import { judgeSelectors } from "./selectors.ts";
import { deny, type Judgement, type Question } from "./stages.ts";
import { verdictJson } from "./verdict.ts";

export interface Reference {
  /** Canonical JSON, as `describe` gives it. */
  verdict: Uint8Array;
  /** The same after `decideRecorded`, which may refuse for want of a salt. */
  recordedVerdict: Uint8Array;
  record: Uint8Array;
  hash: Uint8Array;
}

/** What the stages leave for verdict and record. */
interface Outcome {
  policy: AgentPolicy | null;
  judgement: Judgement;
  obligations: Obligations;
  action: Text<Action>;
  facts: Text<Facts>;
}

/** Decides one action. `factsBytes` empty means `{}`. Never throws on any input. */
export function reference(
  program: Program,
  context: Context,
  actionBytes: Uint8Array,
  factsBytes: Uint8Array,
): Reference {
  const outcome = decide(program, actionBytes, factsBytes);
  const recorded = withSalt(outcome);
  const record = canonicalBytes(recordJson(program, context, recorded));
  const hash = createHash("sha256")
    .update(Buffer.from("faramesh/record/v1".padEnd(32, "\0")))
    .update(context.previous)
    .update(record)
    .digest();
  return {
    verdict: canonicalBytes(verdictJson(program, outcome)),
    recordedVerdict: canonicalBytes(verdictJson(program, recorded)),
    record,
    hash: new Uint8Array(hash),
  };
}

function decide(program: Program, actionBytes: Uint8Array, factsBytes: Uint8Array): Outcome {
  const action: Text<Action> = { raw: actionBytes, canonical: null, value: null };
  const facts: Text<Facts> = { raw: factsBytes, canonical: null, value: null };
  try {
    read(action, parse, readAction);
    read(facts, factsJson, readFacts);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused(deny(error.code, error.detail), action, facts);
  }
  return judge(program, action, facts);
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

const refused = (judgement: Judgement, action: Text<Action>, facts: Text<Facts>): Outcome => ({
  policy: null,
  judgement,
  obligations: NO_OBLIGATIONS,
  action,
  facts,
});

function judge(program: Program, action: Text<Action>, facts: Text<Facts>): Outcome {
  const { agent, tool } = action.value!;
  const known = facts.value!.agent ?? agent;
  const policy = policyOf(program, known);
  if (policy === null) {
    return refused(deny(known === agent ? "agent_unknown" : "agent_mismatch"), action, facts);
  }
  const judgement =
    known === agent
      ? stages({ program, policy, action: action.value!, facts: facts.value! })
      : deny("agent_mismatch");
  return { policy, judgement, obligations: obligationsOf(policy, tool, judgement), action, facts };
}

/** Steps 1 to 6 of LANGUAGE section 5. */
function stages(question: Question): Judgement {
  const unidentified = identify(question.policy, question.facts);
  if (unidentified !== null) return unidentified;
  const held = judgeSelectors(question);
  if (held?.effect === "deny") return held;
  const before = admit(question) ?? judgeAlways(question);
  if (before !== null) return before;
  const verdict = held ?? judgeRules(question);
  return verdict.effect === "deny" ? verdict : (judgeEgress(question) ?? verdict);
}

/** What must be redacted cannot be written down without a salt. */
function withSalt(outcome: Outcome): Outcome {
  const { policy, action, facts, obligations } = outcome;
  if (policy === null || action.value === null || facts.value?.salt != null) return outcome;
  if (toReplace(action.value, obligations.redact).length === 0) return outcome;
  const judgement = deny("salt_missing");
  return { ...outcome, judgement, obligations: obligationsOf(policy, action.value.tool, judgement) };
}
