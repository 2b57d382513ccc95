/** What a decision leaves behind in one party's state (engine/ABI.md "Meters", "Reservations"). */
import { toolMatches } from "../names.ts";
import type { Question } from "../stages.ts";
import type { Asked, Charge, Remembered } from "./limits.ts";
import { type Entry, type Meter, metersOf } from "./meters.ts";
import type { AgentState, SessionState } from "./model.ts";

const MAX_RESERVATIONS = 64;

/** Meters that `settle` and `refund` move. */
export const isSettled = ({ family, unit }: Meter): boolean => family === "budget" || unit === "bytes";

export const entriesOf = (state: AgentState | SessionState, meter: Meter): Entry[] =>
  state.counted.get(meter.id) ?? [];

export function count(state: AgentState | SessionState, meter: Meter, entry: Entry): void {
  state.counted.set(meter.id, [...entriesOf(state, meter), entry]);
}

/** A permitted call, whose record has that sequence. `isActor`: whose children the call makes. */
export function charge(
  question: Question,
  memory: Remembered,
  asked: Asked,
  sequence: bigint,
  isActor: boolean,
): void {
  const { agent, session, now } = memory;
  const ofScope = (scope: string): Charge[] => asked.charges.filter(({ meter }) => meter.scope === scope);
  if (asked.isSpawn && isActor) agent.children += 1n;
  move(agent, ofScope("agent"), question.action.tool, now);
  reserve(agent, ofScope("agent"), asked, sequence, now, false);
  if (agent.reservations.length > MAX_RESERVATIONS) countUnreported(question, agent, now);
  if (session === null) return;
  move(session, ofScope("session"), question.action.tool, now);
  session.calls += 1n;
  session.cost += asked.money;
  reserve(session, ofScope("session"), asked, sequence, now, asked.money > 0n);
  if (session.reservations.length > MAX_RESERVATIONS) session.reservations.shift();
}

/** The oldest reservation goes. Nobody said how many bytes its call moved: one more than each limit of the day. */
function countUnreported(question: Question, agent: AgentState, now: bigint): void {
  const gone = agent.reservations.shift()!;
  for (const meter of metersOf(question.program, question.policy)) {
    const { id, unit, windowMs, limit } = meter;
    if (unit !== "bytes" || !gone.meters.includes(id)) continue;
    if (gone.time / windowMs! === now / windowMs!) count(agent, meter, { time: now, amount: limit! + 1n });
  }
}

function move(state: AgentState | SessionState, charges: Charge[], tool: string, now: bigint): void {
  for (const { meter, amount, text } of charges) {
    if (meter.kind === "sequence") step(state, meter, tool, now);
    else if (meter.kind !== "distinct") count(state, meter, { time: now, amount });
    else if (amount > 0n) count(state, meter, { time: now, amount, text: text! });
  }
}

/** One step of a sequence, if the call is the next one. */
function step(state: AgentState | SessionState, meter: Meter, tool: string, now: bigint): void {
  const next = meter.patterns[entriesOf(state, meter).length];
  if (next !== undefined && toolMatches(next, tool)) count(state, meter, { time: now, amount: 1n });
}

function reserve(
  state: AgentState | SessionState,
  charges: Charge[],
  { money, tokens }: Asked,
  sequence: bigint,
  now: bigint,
  isCost: boolean,
): void {
  const meters = charges.filter(({ meter }) => isSettled(meter)).map(({ meter }) => meter.id);
  if (meters.length === 0 && !isCost) return;
  state.reservations.push({ sequence, time: now, money, tokens, meters });
}

/** A denied call of the acting agent, whatever denied it. */
export function countDenial(question: Question, session: SessionState | undefined, now: bigint): void {
  if (session === undefined) return;
  for (const meter of metersOf(question.program, question.policy)) {
    if (meter.unit === "denials") count(session, meter, { time: now, amount: 1n });
  }
}
