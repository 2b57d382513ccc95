/** Runs the steps of one case on a state of its own, in the real core. */

import type { Verdict } from "../engine/binding/index.ts";
import { type Call, inSession, withHostFacts } from "./calls.ts";
import type { ActionStep, Case, CaseEvent, EventStep, Expectation } from "./cases.ts";
import type { Opened } from "./policy.ts";
import { isStateful, Memory, objectOf, type Parties, partiesOf } from "./state/memory.ts";
import type { Explanation } from "./trace.ts";
import { decideTraced } from "./traced.ts";

/** What a case is run with. */
export type Tried = Pick<Opened, "core" | "ir" | "display">;

/** A Monday noon, UTC: where a case begins that says no time. */
const START_MS = Date.UTC(2026, 0, 5, 12);
const SALT = "0".repeat(32);
const ACTION_DIGEST = /"action_digest":"([0-9a-f]{64})"/;

export interface StepOutcome {
  line: number;
  /** `action`, or the event's type. */
  kind: string;
  expected: Expectation;
  actual: Verdict;
  /** Empty when it came as expected. */
  problem: string;
  /** Only of actions. */
  explanation: Explanation | null;
}

interface LastPermit {
  reservation: number;
  parties: Parties;
}

/** Stateless policies are decided without state, as hosts do, unless the case itself has what only state has. */
export class CaseRun {
  readonly #opened: Tried;
  readonly #memory: Memory | null;
  #nowMs: number | null = null;
  #session: string | null = null;
  #parties: Parties | null = null;
  #actionDigest: string | null = null;
  #permit: LastPermit | null = null;

  constructor(opened: Tried, one: Case) {
    this.#opened = opened;
    const remembers = isStateful(opened.ir) || one.steps.some(({ kind }) => kind === "event");
    this.#memory = remembers ? new Memory() : null;
    if (remembers) this.#nowMs = START_MS;
  }

  /** Every outcome up to the first problem. */
  run({ steps }: Case): StepOutcome[] {
    const outcomes: StepOutcome[] = [];
    let opening: EventStep | null = null;
    for (const step of steps) {
      if (step.kind === "time") {
        this.#nowMs = step.atMs ?? (this.#nowMs ?? START_MS) + step.afterMs!;
        continue;
      }
      if (step.kind === "event" && step.event.type === "session_open") {
        this.#session = step.event.session;
        // For the agent of the next action, which is known only then.
        opening = step;
        continue;
      }
      if (opening !== null) {
        if (step.kind === "action") this.#meet(step);
        outcomes.push(this.#event(opening));
        opening = null;
      }
      if (outcomes.at(-1)?.problem) return outcomes;
      outcomes.push(step.kind === "action" ? this.#action(step) : this.#event(step));
      if (outcomes.at(-1)!.problem !== "") return outcomes;
    }
    return opening === null ? outcomes : [...outcomes, this.#event(opening)];
  }

  #callOf({ action, facts }: ActionStep) {
    const placed = this.#session === null ? action : inSession(action, this.#session);
    const stated = objectOf(facts)?.time;
    if (typeof stated === "number") this.#nowMs = stated;
    return { action: placed, facts: withHostFacts(facts, { agent: null, time: this.#nowMs, salt: null }) };
  }

  /** Learns who acts, before a session is opened for them. */
  #meet(step: ActionStep): void {
    const { action, facts } = this.#callOf(step);
    this.#parties = partiesOf(objectOf(action), objectOf(facts), false);
  }

  #action(step: ActionStep): StepOutcome {
    const { core, ir, display } = this.#opened;
    const call = this.#callOf(step);
    this.#parties = partiesOf(objectOf(call.action), objectOf(call.facts), false);
    const explanation = decideTraced(core, ir, call, this.#memory);
    const { verdict } = explanation;
    if (this.#memory !== null) this.#remember(this.#memory, call);
    return {
      line: step.line,
      kind: "action",
      expected: step.expect,
      actual: verdict,
      problem: problemOf(step.expect, verdict, display),
      explanation,
    };
  }

  #remember(memory: Memory, { action, facts }: Call): void {
    const salted = withHostFacts(facts, { agent: null, time: null, salt: SALT });
    const { record, sequence } = memory.decide(this.#opened.core, action, salted ?? undefined, this.#parties);
    this.#actionDigest = ACTION_DIGEST.exec(new TextDecoder().decode(record))?.[1] ?? null;
    if (this.#parties === null) return;
    const { agent, session } = memory.party(this.#parties);
    const reservations = [...(agent?.reservations ?? []), ...(session?.reservations ?? [])];
    if (reservations.some((one) => one.sequence === sequence)) {
      this.#permit = { reservation: sequence, parties: this.#parties };
    }
  }

  #event({ line, event, expect }: EventStep): StepOutcome {
    const { core, display } = this.#opened;
    const text = this.#textOf(event);
    const facts: Record<string, unknown> = { time: this.#nowMs };
    if (event.type === "session_close" && event.gates !== null) facts.gates = objectOf(event.gates);
    const parties = text === null ? null : partiesOf(text, null, true);
    const made = this.#memory!.apply(
      core,
      JSON.stringify(text ?? { type: event.type }),
      JSON.stringify(facts),
      parties,
    );
    const expected = expect ?? { effect: "permit", code: "event_applied", rule: null };
    const problem = problemOf(expected, made.verdict, display);
    const hint =
      problem !== "" && text === null ? " (there is no call before it that it could be about)" : "";
    return {
      line,
      kind: event.type,
      expected,
      actual: made.verdict,
      problem: problem + hint,
      explanation: null,
    };
  }

  /** The event as the core takes it; null when there is no call that it is about. */
  #textOf(event: CaseEvent): Record<string, unknown> | null {
    const { type } = event;
    if (type === "settle" || type === "refund") {
      if (this.#permit === null) return null;
      const { reservation, parties } = this.#permit;
      const actual = type === "settle" ? objectOf(event.actual) : {};
      return { type, reservation, ...aboutCall(parties), ...actual };
    }
    if (this.#parties === null) return null;
    const { agent, session, chain } = this.#parties;
    const about = aboutCall(this.#parties);
    switch (type) {
      case "session_open": {
        const { purpose, phase } = event;
        // The session is opened for the root of the chain.
        return { type, agent: chain[0] ?? agent, session: event.session, purpose, phase };
      }
      case "session_phase":
        return { type, agent, session, phase: event.phase };
      case "session_close":
        return { type, agent: chain[0] ?? agent, session };
      case "approve": {
        const { approver, forMs } = event;
        const expires = (this.#nowMs ?? START_MS) + forMs;
        return { type, action_digest: this.#actionDigest, approver, expires, ...about };
      }
      case "reject":
        return { type, action_digest: this.#actionDigest, approver: event.approver, ...about };
      default:
        return { type, agent };
    }
  }
}

function aboutCall({ agent, session, chain }: Parties) {
  return { agent, session, chain: chain.length === 0 ? null : chain };
}

/** What came instead; empty when it came as expected. */
export function problemOf(expect: Expectation, verdict: Verdict, display: (name: string) => string): string {
  const got = `${verdict.effect} (${verdict.code})`;
  if (verdict.effect !== expect.effect) return `expected ${expect.effect}, got ${got}`;
  if (expect.code !== null && verdict.code !== expect.code) return `expected code ${expect.code}, got ${got}`;
  if (expect.rule === null) return "";
  const { file, line } = expect.rule;
  const wanted = `${file === null ? "" : `${file}:`}${line}`;
  if (verdict.rule === null) return `expected rule ${wanted}, but no rule decided: ${got}`;
  const sameFile = file === null || verdict.rule.file === file || display(verdict.rule.file) === file;
  if (verdict.rule.line === line && sameFile) return "";
  return `expected rule ${wanted}, but ${verdict.rule.file}:${verdict.rule.line} decided: ${got}`;
}
