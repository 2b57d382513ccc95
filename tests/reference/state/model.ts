/** What is remembered (engine/ABI.md "State"): agents by name, sessions by agent and name. */
import type { Program } from "../../../fpl-grammar/program.ts";
import { policyOf } from "../identify.ts";
import { type Counted, type Meter, metersOf } from "./meters.ts";

/** What a permit took from the budgets of one agent or session, until it is settled or refunded. */
export interface Reservation {
  sequence: bigint;
  time: bigint;
  /** Millionths. */
  money: bigint;
  tokens: bigint;
  /** Ids of the meters that it moved. */
  meters: string[];
}

interface Remembered {
  /** Ids of the meters that the policy had when it was last looked at; null when none has been yet. */
  layout: string[] | null;
  /** The greatest time seen. */
  last: bigint;
  counted: Counted;
  /** Oldest first. */
  reservations: Reservation[];
}

export interface AgentState extends Remembered {
  frozen: boolean;
  children: bigint;
  /** Digest of the action to when the approval is over. */
  approvals: Map<string, bigint>;
}

export interface SessionState extends Remembered {
  closed: boolean;
  exhausted: boolean;
  /** Began beside its root's, without an event. */
  joined: boolean;
  opened: bigint;
  /** Empty: none was given. */
  purpose: string;
  /** Null without phases. */
  phase: string | null;
  phaseSince: bigint;
  calls: bigint;
  /** Millionths. */
  cost: bigint;
  active: bigint;
  /** Digests of deferred actions that nobody has approved or rejected. */
  pending: Set<string>;
}

export interface Model {
  agents: Map<string, AgentState>;
  /** By `sessionKey`. */
  sessions: Map<string, SessionState>;
}

export const emptyModel = (): Model => ({ agents: new Map(), sessions: new Map() });

export const sessionKey = (agent: string, session: string): string => JSON.stringify([agent, session]);

export const newAgent = (now: bigint): AgentState => ({
  layout: null,
  frozen: false,
  last: now,
  children: 0n,
  counted: new Map(),
  reservations: [],
  approvals: new Map(),
});

/** A session of an agent that begins now, in the first phase of the agent's policy. */
export const newSession = (program: Program, agent: string, purpose: string, now: bigint): SessionState => ({
  layout: null,
  closed: false,
  exhausted: false,
  joined: false,
  last: now,
  opened: now,
  purpose,
  phase: policyOf(program, agent)?.phases[0]?.name ?? null,
  phaseSince: now,
  calls: 0n,
  cost: 0n,
  active: now,
  counted: new Map(),
  reservations: [],
  pending: new Set(),
});

/**
 * What stays of an agent's or a session's state when the policy has other meters: their counts by id, and what reservations hold of
 * them. Of an agent that the policy does not know everything stays: nobody asks for it, and another policy may know it again.
 */
export function layAnew(program: Program, name: string, scope: Meter["scope"], state: Remembered): void {
  const policy = policyOf(program, name);
  if (policy === null) return;
  const ids = metersOf(program, policy)
    .filter((meter) => meter.scope === scope)
    .map(({ id }) => id);
  const isKept = (id: string): boolean => ids.includes(id);
  state.counted = new Map([...state.counted].filter(([id]) => isKept(id)));
  for (const held of state.reservations) held.meters = held.meters.filter(isKept);
  state.layout = ids;
}

/** Blobs that a decision is given: who acts, then its grantors from the root on. */
export interface Given {
  model: Model;
  /** Names, the actor's first. */
  parties: string[];
  session: string | null;
}

export const agentStates = ({ model, parties }: Given): AgentState[] =>
  parties.flatMap((name) => model.agents.get(name) ?? []);

export const sessionStates = ({ model, parties, session }: Given): SessionState[] =>
  session === null ? [] : parties.flatMap((name) => model.sessions.get(sessionKey(name, session)) ?? []);

const CLOCK_TOLERANCE_MS = 1000n;

/** The time of a decision: not before any that was seen. Null when the clock is too far behind. */
export function timeOf(given: Given, time: bigint): bigint | null {
  const seen = [...agentStates(given), ...sessionStates(given)].map(({ last }) => last);
  const greatest = seen.reduce((a, b) => (a > b ? a : b), 0n);
  if (greatest - time > CLOCK_TOLERANCE_MS) return null;
  return time > greatest ? time : greatest;
}
