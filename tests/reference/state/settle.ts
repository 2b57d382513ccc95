/** `settle` and `refund` (engine/ABI.md "Reservations"). */
import { count } from "./apply.ts";
import type { Meter } from "./meters.ts";
import type { AgentState, Reservation, SessionState } from "./model.ts";

/** What was spent in the end; absent: as reserved. */
export interface Spent {
  money?: bigint | undefined;
  tokens?: bigint | undefined;
  bytes?: bigint | undefined;
}

type State = AgentState | SessionState;

/** Takes the reservation out of the state; undefined when it holds none of that sequence. */
export function take(state: State, sequence: bigint): Reservation | undefined {
  const found = state.reservations.find((one) => one.sequence === sequence);
  state.reservations = state.reservations.filter((one) => one !== found);
  return found;
}

export function settle(state: State, meters: Meter[], held: Reservation, spent: Spent, now: bigint): void {
  const changes: Partial<Record<Meter["unit"], bigint>> = {
    money: (spent.money ?? held.money) - held.money,
    tokens: (spent.tokens ?? held.tokens) - held.tokens,
    bytes: spent.bytes ?? 0n,
  };
  change(state, meters, held, changes, now);
}

/** Takes back all that the call moved. */
export function refund(state: State, meters: Meter[], held: Reservation, now: bigint): void {
  change(state, meters, held, { calls: -1n, money: -held.money, tokens: -held.tokens }, now);
}

function change(
  state: State,
  meters: Meter[],
  held: Reservation,
  changes: Partial<Record<Meter["unit"], bigint>>,
  now: bigint,
): void {
  for (const meter of meters.filter(({ id }) => held.meters.includes(id))) {
    const amount = changes[meter.unit] ?? 0n;
    const isOver = meter.windowMs !== null && held.time / meter.windowMs !== now / meter.windowMs;
    if (amount !== 0n && !(isOver && amount < 0n)) count(state, meter, { time: now, amount });
  }
  if ("cost" in state) state.cost += changes.money ?? 0n;
}
