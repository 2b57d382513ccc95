/** A state as plain values that can be compared: of the model, and of the core's blobs. What time has undone is left out of both. */
import { createHash } from "node:crypto";
import { bucketMs, type Entry, inPeriod, type Meter, meterValue } from "./meters.ts";
import type { AgentState, Model, Reservation, SessionState } from "./model.ts";

/** Of a limit or a sum its value; of a sliding window its buckets; of distinct members their hashes; of a sequence its steps. */
export type Measure = string | string[];

export interface AgentSnapshot {
  frozen: boolean;
  last: string;
  children: string;
  meters: Record<string, Measure>;
  reservations: string[];
  approvals: string[];
}

export interface SessionSnapshot {
  closed: boolean;
  exhausted: boolean;
  joined: boolean;
  last: string;
  opened: string;
  purpose: string;
  phase: string;
  phaseSince: string;
  calls: string;
  cost: string;
  active: string;
  meters: Record<string, Measure>;
  reservations: string[];
  pending: string[];
}

/** `now`: the time at which windows and periods are looked at. */
export function agentSnapshot(agent: AgentState, meters: Meter[], now: bigint): AgentSnapshot {
  return {
    frozen: agent.frozen,
    last: String(agent.last),
    children: String(agent.children),
    meters: measures(agent, meters, now),
    reservations: agent.reservations.map(reservationText),
    approvals: [...agent.approvals].map(([digest, expires]) => `${digest} ${expires}`).sort(),
  };
}

export function sessionSnapshot(session: SessionState, meters: Meter[], now: bigint): SessionSnapshot {
  return {
    closed: session.closed,
    exhausted: session.exhausted,
    joined: session.joined,
    last: String(session.last),
    opened: String(session.opened),
    purpose: session.purpose,
    phase: session.phase === null ? "0" : fnv(Buffer.from(session.phase)),
    phaseSince: session.phase === null ? "0" : String(session.phaseSince),
    calls: String(session.calls),
    cost: String(session.cost),
    active: String(session.active),
    meters: measures(session, meters, now),
    reservations: session.reservations.map(reservationText),
    pending: [...session.pending].map((digest) => digest.slice(0, 16)).sort(),
  };
}

const reservationText = ({ sequence, time, money, tokens, meters }: Reservation): string =>
  [`#${sequence}`, time, money, tokens, ...[...meters].sort()].join(" ");

function measures(
  state: { counted: Map<string, Entry[]> },
  meters: Meter[],
  now: bigint,
): Record<string, Measure> {
  return Object.fromEntries(
    meters.map((meter) => [meter.id, measure(meter, state.counted.get(meter.id) ?? [], now)]),
  );
}

function measure(meter: Meter, entries: Entry[], now: bigint): Measure {
  switch (meter.kind) {
    case "last":
      return String(entries.at(-1)?.time ?? "never");
    case "sequence":
      return String(entries.length);
    case "distinct":
      return inPeriod(meter, entries, now)
        .map(({ text }) => digestSlot(Buffer.from(text!)))
        .sort();
    case "sliding":
      return buckets(meter, entries, now);
    default:
      return String(meterValue(meter, entries, now).greatest);
  }
}

function buckets(meter: Meter, entries: Entry[], now: bigint): string[] {
  const values = new Map<bigint, bigint>();
  for (const { time, amount } of entries) {
    const bucket = time / bucketMs(meter);
    values.set(bucket, (values.get(bucket) ?? 0n) + amount);
  }
  return bucketTexts([...values], now / bucketMs(meter));
}

const SLIDING_BUCKETS = 17n;

/** The buckets that the newest one keeps beside itself, without empty ones. */
export const bucketTexts = (values: [bigint, bigint][], newest: bigint): string[] =>
  values
    .filter(([bucket, value]) => value !== 0n && bucket > newest - SLIDING_BUCKETS && bucket <= newest)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([bucket, value]) => `${bucket}: ${value}`);

/** FNV-1a, 64 bits, in hexadecimal. */
export function fnv(bytes: Uint8Array): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash.toString(16);
}

/** The first 8 bytes of the SHA-256 as a slot, in hexadecimal. */
export const digestSlot = (bytes: Uint8Array): string =>
  createHash("sha256").update(bytes).digest().readBigUInt64LE(0).toString(16);

export const digestHex = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export type { Model };
