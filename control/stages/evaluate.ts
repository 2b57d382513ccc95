/** Third stage: the core judges, and writes the record of it. */
import type { CodeName, Verdict } from "../../engine/binding/index.ts";
import type { Call, Caller, Text } from "../call.ts";
import type { ChainTip, Clock, Salts } from "../ports.ts";
import { type FactsFrame, factsAt } from "./facts.ts";

/** What the core makes of a call. */
export interface Evaluated {
  readonly verdict: Verdict;
  /** Canonical JSON. */
  readonly record: Uint8Array;
  /** 32 bytes. */
  readonly hash: Uint8Array;
  /** The state after, as the state before was given; null: nothing to write. */
  readonly state: readonly (Uint8Array | null)[] | null;
}

/** The part of the binding that the control plane runs on. Throws only when the engine fails twice. */
export interface DecidingCore {
  decideRecorded(
    action: Text,
    facts: Text,
    place: ChainTip,
    state: readonly (Uint8Array | null)[],
  ): Evaluated;
  applyEvent(event: Text, facts: Text, place: ChainTip, state: readonly (Uint8Array | null)[]): Evaluated;
  /** A deny with that code, and its record. */
  refuse(
    call: "decideRecorded" | "applyEvent",
    code: CodeName,
    text: Text,
    facts: Text,
    place: ChainTip,
  ): Evaluated;
}

export interface EvaluatePorts {
  readonly core: DecidingCore;
  readonly clock: Clock;
  readonly salts: Salts;
}

/** The engine, the clock or the salts failed: there is no verdict. */
export class EvaluationFailure extends Error {
  constructor(cause: unknown) {
    super(`the call cannot be judged: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "EvaluationFailure";
  }
}

export interface Subject {
  readonly call: Call;
  readonly caller: Caller;
  readonly frame: FactsFrame;
  readonly tip: ChainTip;
  readonly revoked: boolean;
  readonly state: readonly (Uint8Array | null)[];
}

/** @throws EvaluationFailure */
export function evaluate(ports: EvaluatePorts, subject: Subject): Evaluated {
  try {
    return judge(ports, subject);
  } catch (error) {
    throw new EvaluationFailure(error);
  }
}

function judge({ core, clock, salts }: EvaluatePorts, subject: Subject): Evaluated {
  const { call, caller, frame, tip, state } = subject;
  const timeMs = clock.now();
  const facts = factsAt(frame, timeMs, null);
  const refused = caller.refusal?.code ?? (subject.revoked ? "delegation_revoked" : null);
  if (refused !== null) {
    const kind = call.kind === "event" ? "applyEvent" : "decideRecorded";
    return core.refuse(kind, refused, call.text, facts, tip);
  }
  if (call.kind === "event") return core.applyEvent(call.text, facts, tip, state);
  const made = core.decideRecorded(call.text, facts, tip, state);
  if (made.verdict.code !== "salt_missing") return made;
  // Only a record that redacts has a salt: all others can be made again from what they hold.
  return core.decideRecorded(call.text, factsAt(frame, timeMs, salts.at(tip)), tip, state);
}
