/** A decision and how it came about, in any runtime. */
import type { Ir } from "../bundles/format/ir.ts";
import { CODES } from "../engine/binding/codes.ts";
import type { Core, Verdict } from "../engine/binding/index.ts";
import type { Call } from "./calls.ts";
import { askedLimits } from "./state/limits.ts";
import { type Memory, objectOf, partiesOf } from "./state/memory.ts";
import { type Explanation, explain, type Inputs, type StepTrace } from "./trace.ts";

export const CODE_NAMES: readonly string[] = CODES.map(({ name }) => name);

/** The name of a code's number. */
export function codeName(code: number): string {
  return CODES.find(({ number }) => number === code)?.name ?? String(code);
}

/** Codes that say that an input was refused: it had no canonical form, or was no action. Those of state and events are behind them. */
const FIRST_REFUSAL = 100;
const NO_REFUSALS: readonly string[] = ["fact_conflict", "state_missing", "time_missing", "clock_backwards"];

/** Whether a verdict refuses the call as malformed, rather than judging it. */
export function isRefusedInput(verdict: Verdict): boolean {
  const entry = CODES.find(({ name }) => name === verdict.code);
  if (entry === undefined) return true;
  return entry.number >= FIRST_REFUSAL && !NO_REFUSALS.includes(entry.name);
}

/** Decides a call with its trace, ordered by step, on what `memory` holds, which stays as it is; null: without state. */
export function decideTraced(core: Core, ir: Ir, call: Call, memory: Memory | null = null): Explanation {
  const [action, facts] = [objectOf(call.action), objectOf(call.facts)];
  const parties = partiesOf(action, facts, false);
  const state = memory?.read(parties);
  const { verdict, events } = core.trace(call.action, call.facts ?? undefined, state);
  const party = memory === null ? null : memory.party(parties);
  const inputs: Inputs =
    isRefusedInput(verdict) || action === null || facts === null
      ? { action: null, facts: {}, party }
      : { action, facts, party };
  const steps = explain(ir, verdict, events, inputs);
  const limits =
    inputs.action === null || party === null || !wereLimitsAsked(steps, verdict)
      ? []
      : askedLimits(ir, inputs.action, inputs.facts, party, Number(inputs.facts.time ?? 0));
  const entry = CODES.find(({ name }) => name === verdict.code);
  return {
    verdict,
    steps,
    limits,
    inputs,
    meaning: entry?.text ?? "",
    next: entry?.next ?? null,
    codeName,
  };
}

/** Of a permit so far, and of a deferred call that is approved. */
function wereLimitsAsked(steps: readonly StepTrace[], verdict: Verdict): boolean {
  const [rules, limits] = [4, 5].map((index) => steps[index]!);
  if (limits!.outcome === "not reached") return false;
  const proposed = CODES.find(({ number }) => number === rules!.code);
  return proposed?.effect === "permit" || limits!.code !== null || verdict.code === "approved";
}
