/** A blob of state in words: engine/constants.ts, "A state blob". What decides is in the core; this is for people. */
import {
  AGENT_HEADER_SLOTS,
  APPROVAL_SLOTS,
  KEY_SLOTS,
  MEMBER_SLOTS,
  RESERVATION_SLOTS,
  SCOPED_AGENT,
  SESSION_HEADER_SLOTS,
  STATE_CLOSED,
  STATE_EXHAUSTED,
  STATE_FROZEN,
  STATE_MAGIC,
  STATE_SLOT_ACTIVE,
  STATE_SLOT_CALLS,
  STATE_SLOT_CHILDREN,
  STATE_SLOT_COST,
  STATE_SLOT_COUNTS,
  STATE_SLOT_FLAGS,
  STATE_SLOT_LAST,
  STATE_SLOT_LAYOUT,
  STATE_SLOT_MAGIC,
  STATE_SLOT_OPENED,
  STATE_SLOT_PHASE,
  STATE_SLOT_PHASE_SINCE,
  STATE_SLOT_TAIL,
} from "../../engine/constants.ts";

/** A permit that was not settled yet. Money is in millionths. */
export interface Reservation {
  sequence: number;
  timeMs: number;
  money: bigint;
  tokens: bigint;
}

/** An action that may pass once where it would be deferred. `digest`: 64 hexadecimal digits. */
export interface NotedApproval {
  digest: string;
  expiresMs: number;
}

interface Common {
  layout: bigint;
  /** The greatest time seen, Unix milliseconds. */
  lastMs: number;
  /** By the meter's key: its slots behind the key. */
  meters: ReadonlyMap<bigint, readonly bigint[]>;
  reservations: Reservation[];
  approvals: NotedApproval[];
  /** First 16 hexadecimal digits of the digests of deferred calls that nobody has answered. */
  pending: string[];
}

export interface AgentState extends Common {
  scope: "agent";
  frozen: boolean;
  children: number;
}

export interface SessionState extends Common {
  scope: "session";
  closed: boolean;
  exhausted: boolean;
  openedMs: number;
  /** Hash of the phase's name (`nameHash`), 0n without phases. */
  phase: bigint;
  phaseSinceMs: number;
  calls: bigint;
  /** Millionths. */
  cost: bigint;
  activeMs: number;
  purpose: string;
}

const SLOT_BYTES = 8;
const LOW = 0xffffffffn;
const FNV_OFFSET = 0xcbf29ce484222325n;
const FNV_PRIME = 0x100000001b3n;

/** FNV-1a, 64 bits, over UTF-8. */
export function nameHash(name: string): bigint {
  let hash = FNV_OFFSET;
  for (const byte of new TextEncoder().encode(name)) {
    hash = ((hash ^ BigInt(byte)) * FNV_PRIME) & 0xffffffffffffffffn;
  }
  return hash;
}

class Slots {
  readonly #view: DataView;
  readonly count: number;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.count = bytes.byteLength / SLOT_BYTES;
  }

  at(slot: number): bigint {
    return this.#view.getBigUint64(slot * SLOT_BYTES, true);
  }

  low(slot: number): number {
    return Number(this.at(slot) & LOW);
  }

  high(slot: number): number {
    return Number(this.at(slot) >> 32n);
  }

  hex(slot: number, count: number): string {
    let text = "";
    for (let byte = 0; byte < count * SLOT_BYTES; byte++) {
      text += this.#view
        .getUint8(slot * SLOT_BYTES + byte)
        .toString(16)
        .padStart(2, "0");
    }
    return text;
  }
}

/** Null for bytes that are no blob. */
export function decodeBlob(bytes: Uint8Array): AgentState | SessionState | null {
  if (bytes.byteLength % SLOT_BYTES !== 0 || bytes.byteLength < AGENT_HEADER_SLOTS * SLOT_BYTES) return null;
  const slots = new Slots(bytes);
  if (slots.low(STATE_SLOT_MAGIC) !== STATE_MAGIC) return null;
  const isAgent = slots.high(STATE_SLOT_MAGIC) === SCOPED_AGENT;
  const header = isAgent ? AGENT_HEADER_SLOTS : SESSION_HEADER_SLOTS;
  const meterSlots = slots.high(STATE_SLOT_FLAGS);
  const [reservations, approvals] = [slots.low(STATE_SLOT_COUNTS), slots.high(STATE_SLOT_COUNTS)];
  const [members, textBytes] = [slots.low(STATE_SLOT_TAIL), slots.high(STATE_SLOT_TAIL)];
  const reservationsAt = header + meterSlots;
  const approvalsAt = reservationsAt + reservations * RESERVATION_SLOTS;
  const membersAt = approvalsAt + approvals * APPROVAL_SLOTS;
  const textAt = membersAt + members * MEMBER_SLOTS;
  if (textAt + Math.ceil(textBytes / SLOT_BYTES) !== slots.count) return null;
  const meters = decodeMeters(slots, header, reservationsAt);
  if (meters === null) return null;
  const common: Common = {
    layout: slots.at(STATE_SLOT_LAYOUT),
    lastMs: Number(slots.at(STATE_SLOT_LAST)),
    meters,
    reservations: rows(reservations, (at) =>
      decodeReservation(slots, reservationsAt + at * RESERVATION_SLOTS),
    ),
    approvals: rows(approvals, (at) => {
      const slot = approvalsAt + at * APPROVAL_SLOTS;
      return { digest: slots.hex(slot, 4), expiresMs: Number(slots.at(slot + 4)) };
    }),
    pending: rows(members, (at) => membersAt + at * MEMBER_SLOTS)
      .filter((slot) => slots.at(slot) === 0n)
      .map((slot) => slots.hex(slot + 1, 1)),
  };
  const flags = slots.low(STATE_SLOT_FLAGS);
  if (isAgent) {
    const frozen = (flags & STATE_FROZEN) !== 0;
    return { scope: "agent", ...common, frozen, children: Number(slots.at(STATE_SLOT_CHILDREN)) };
  }
  return {
    scope: "session",
    ...common,
    closed: (flags & STATE_CLOSED) !== 0,
    exhausted: (flags & STATE_EXHAUSTED) !== 0,
    openedMs: Number(slots.at(STATE_SLOT_OPENED)),
    phase: slots.at(STATE_SLOT_PHASE),
    phaseSinceMs: Number(slots.at(STATE_SLOT_PHASE_SINCE)),
    calls: slots.at(STATE_SLOT_CALLS),
    cost: slots.at(STATE_SLOT_COST),
    activeMs: Number(slots.at(STATE_SLOT_ACTIVE)),
    purpose: new TextDecoder().decode(bytes.subarray(textAt * SLOT_BYTES, textAt * SLOT_BYTES + textBytes)),
  };
}

function rows<Row>(count: number, read: (index: number) => Row): Row[] {
  return Array.from({ length: count }, (_, index) => read(index));
}

function decodeReservation(slots: Slots, at: number): Reservation {
  return {
    sequence: Number(slots.at(at)),
    timeMs: Number(slots.at(at + 1)),
    money: slots.at(at + 2),
    tokens: slots.at(at + 3),
  };
}

/** Each meter says in its key how many slots it has. */
function decodeMeters(slots: Slots, from: number, to: number): Map<bigint, bigint[]> | null {
  const meters = new Map<bigint, bigint[]>();
  for (let slot = from; slot < to; ) {
    const key = slots.at(slot);
    const length = Number(key & BigInt(KEY_SLOTS));
    if (length === 0 || slot + length > to) return null;
    meters.set(
      key,
      rows(length - 1, (index) => slots.at(slot + 1 + index)),
    );
    slot += length;
  }
  return meters;
}
