/** Reads the core's blobs by their description in engine/constants.ts, "A state blob". Throws for what cannot be. */

import type { Ir, IrMeter } from "../../../bundles/format/ir.ts";
import * as constants from "../../../engine/constants.ts";
import type { Program } from "../../../fpl-grammar/program.ts";
import { policyOf } from "../identify.ts";
import { isSettled } from "./apply.ts";
import { slotsOf } from "./blobs.ts";
import { nameOf } from "./meter-names.ts";
import { type Meter, metersOf } from "./meters.ts";
import {
  type AgentSnapshot,
  bucketTexts,
  digestSlot,
  type Measure,
  type SessionSnapshot,
} from "./snapshot.ts";

const KINDS: Meter["kind"][] = ["total", "period", "sliding", "last", "sequence", "distinct"];
const UNITS: Meter["unit"][] = ["calls", "money", "tokens", "bytes", "argument", "denials"];
const FAMILIES: Meter["family"][] = ["rate", "ambient", "budget", "history"];
const EFFECTS = ["", "deny", "defer", "audit"];

const low = (slot: bigint): number => Number(slot & 0xffffffffn);
const high = (slot: bigint): number => Number(slot >> 32n);

/** A row of the bundle with the meter of the program that it is. */
interface Row {
  row: IrMeter;
  meter: Meter;
}

/** What every blob has, and where its own header ends. */
interface Tail {
  meters: Record<string, Measure>;
  reservations: string[];
  approvals: string[];
  pending: string[];
  text: string;
}

export class Decoder {
  private readonly program: Program;
  private readonly ir: Ir;

  constructor(program: Program, ir: Ir) {
    this.program = program;
    this.ir = ir;
  }

  /** Whether the blob is laid out as the bundle says; another one is laid anew when it is next looked at. One that no policy has laid has no meters. */
  isCurrent(name: string, blob: Uint8Array): boolean {
    const slots = slotsOf(blob);
    if (slots[constants.STATE_SLOT_LAYOUT] === 0n) return true;
    if (policyOf(this.program, name) === null) return false;
    const { agentLayout, sessionLayout } = this.ir.agents[this.indexOf(name)]!.memory;
    const isAgent = high(slots[constants.STATE_SLOT_MAGIC]!) === constants.SCOPED_AGENT;
    return slots[constants.STATE_SLOT_LAYOUT] === (isAgent ? agentLayout : sessionLayout);
  }

  private indexOf(name: string): number {
    const policy = policyOf(this.program, name)!;
    return this.ir.agents.findIndex((agent) => this.ir.strings[agent.name] === policy.name);
  }

  agent(name: string, blob: Uint8Array, now: bigint): AgentSnapshot {
    const slots = slotsOf(blob);
    checkHeader(slots, constants.SCOPED_AGENT, digestSlot(Buffer.from(name)));
    const flags = low(slots[constants.STATE_SLOT_FLAGS]!);
    const { meters, reservations, approvals } = this.tail(name, slots, constants.SCOPED_AGENT, now);
    return {
      frozen: (flags & constants.STATE_FROZEN) !== 0,
      last: String(slots[constants.STATE_SLOT_LAST]),
      children: String(slots[constants.STATE_SLOT_CHILDREN]),
      meters,
      reservations,
      approvals,
    };
  }

  session(name: string, session: string, blob: Uint8Array, now: bigint): SessionSnapshot {
    const slots = slotsOf(blob);
    checkHeader(slots, constants.SCOPED_SESSION, digestSlot(Buffer.from(`${name}\u001f${session}`)));
    const flags = low(slots[constants.STATE_SLOT_FLAGS]!);
    const { meters, reservations, pending, text } = this.tail(name, slots, constants.SCOPED_SESSION, now);
    const phase = slots[constants.STATE_SLOT_PHASE]!;
    return {
      closed: (flags & constants.STATE_CLOSED) !== 0,
      exhausted: (flags & constants.STATE_EXHAUSTED) !== 0,
      joined: (flags & constants.STATE_JOINED) !== 0,
      last: String(slots[constants.STATE_SLOT_LAST]),
      opened: String(slots[constants.STATE_SLOT_OPENED]),
      purpose: text,
      phase: phase.toString(16),
      phaseSince: phase === 0n ? "0" : String(slots[constants.STATE_SLOT_PHASE_SINCE]),
      calls: String(slots[constants.STATE_SLOT_CALLS]),
      cost: String(slots[constants.STATE_SLOT_COST]),
      active: String(slots[constants.STATE_SLOT_ACTIVE]),
      meters,
      reservations,
      pending,
    };
  }

  /** The rows of one blob, in the order of the table; of a sequence the first alone. */
  private rows(name: string, scope: number): Row[] {
    const policy = policyOf(this.program, name)!;
    const index = this.indexOf(name);
    const declared = metersOf(this.program, policy);
    const rows = this.ir.meters.filter(({ agent }) => agent === null || agent === index);
    const firsts = rows.filter((row) => row.kind !== constants.METER_SEQUENCE || isFirst(rows, row));
    return firsts
      .filter((row) => row.scope === scope)
      .map((row) => ({ row, meter: this.meterOf(row, declared) }));
  }

  private meterOf(row: IrMeter, declared: Meter[]): Meter {
    const name = this.ir.strings[row.name]!;
    const found = declared.find(
      (meter) =>
        (row.agent === null) === meter.ofSystem &&
        FAMILIES[row.family] === meter.family &&
        KINDS[row.kind] === meter.kind &&
        UNITS[row.unit] === meter.unit &&
        (row.scope === constants.SCOPED_SESSION) === (meter.scope === "session") &&
        (row.windowMs === null ? null : BigInt(row.windowMs)) === meter.windowMs &&
        nameOf(meter) === name,
    );
    if (found === undefined) throw new Error(`the policy declares no meter \`${name}\``);
    const isLimit = found.family !== "history";
    if (isLimit && (row.limit !== found.limit || row.warnAt !== found.warnAt)) {
      throw new Error(`\`${name}\` has another limit in the bundle`);
    }
    if (isLimit && found.family !== "rate" && EFFECTS[row.onExceed] !== found.onExceed) {
      throw new Error(`\`${name}\` has another effect in the bundle`);
    }
    return found;
  }

  private tail(name: string, slots: bigint[], scope: number, now: bigint): Tail {
    const header =
      scope === constants.SCOPED_AGENT ? constants.AGENT_HEADER_SLOTS : constants.SESSION_HEADER_SLOTS;
    const rows = slots[constants.STATE_SLOT_LAYOUT] === 0n ? [] : this.rows(name, scope);
    const counts = slots[constants.STATE_SLOT_COUNTS]!;
    const tail = slots[constants.STATE_SLOT_TAIL]!;
    let at = header + high(slots[constants.STATE_SLOT_FLAGS]!);
    const take = (count: number, size: number): bigint[][] =>
      Array.from({ length: count }, () => {
        at += size;
        return slots.slice(at - size, at);
      });
    const reservations = take(low(counts), constants.RESERVATION_SLOTS).sort((a, b) =>
      a[0]! < b[0]! ? -1 : 1,
    );
    const approvals = take(high(counts), constants.APPROVAL_SLOTS);
    const members = take(low(tail), constants.MEMBER_SLOTS);
    const text = textAt(slots.slice(at), high(tail));
    const meters = rows.map(({ row, meter }) => {
      const place = header + row.slot;
      if (slots[place] !== row.key) throw new Error(`no meter \`${meter.name}\` stands at slot ${place}`);
      const own = members.filter(([key]) => key === row.key).map(([, hash]) => hash!);
      return [meter.id, measure(meter, slots.slice(place + 1), own, now)] as const;
    });
    const settled = rows.filter(({ meter }) => isSettled(meter)).map(({ meter }) => meter.id);
    return {
      meters: Object.fromEntries(meters),
      reservations: reservations
        .sort(([a], [b]) => (a! < b! ? -1 : 1))
        .map((one) => reservationText(one, settled)),
      approvals: approvals.map(approvalText).sort(),
      pending: members
        .filter(([key]) => key === 0n)
        .map(([, hash]) => digestStart(hash!))
        .sort(),
      text,
    };
  }
}

const isFirst = (rows: IrMeter[], row: IrMeter): boolean =>
  rows.find(({ key, agent }) => key === row.key && agent === row.agent) === row;

function checkHeader(slots: bigint[], scope: number, owner: string): void {
  const magic = slots[constants.STATE_SLOT_MAGIC]!;
  if (low(magic) !== constants.STATE_MAGIC || high(magic) !== scope) throw new Error("no blob of that kind");
  if (slots[constants.STATE_SLOT_OWNER]!.toString(16) !== owner) throw new Error("a blob of another owner");
}

/** UTF-8, with zeros up to a whole slot, and nothing behind it. */
function textAt(slots: bigint[], length: number): string {
  const bytes = Buffer.alloc(slots.length * 8);
  for (const [index, slot] of slots.entries()) bytes.writeBigUInt64LE(slot, index * 8);
  if (Math.ceil(length / 8) !== slots.length || bytes.subarray(length).some((byte) => byte !== 0)) {
    throw new Error(`${slots.length} slots where a text of ${length} bytes ends the blob`);
  }
  return bytes.toString("utf8", 0, length);
}

function reservationText([id, time, money, tokens, mask]: bigint[], settled: string[]): string {
  const moved = settled.filter((_, index) => (mask! >> BigInt(index)) & 1n);
  if (mask! >> BigInt(settled.length)) throw new Error("a reservation of meters that are not there");
  return [`#${id}`, time, money, tokens, ...moved.sort()].join(" ");
}

function approvalText(slots: bigint[]): string {
  const bytes = Buffer.alloc(32);
  for (let index = 0; index < 4; index++) bytes.writeBigUInt64LE(slots[index]!, index * 8);
  return `${bytes.toString("hex")} ${slots[4]}`;
}

/** The first 8 bytes of a digest, as they stand in a slot. */
function digestStart(slot: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(slot);
  return bytes.toString("hex");
}

/** `slots`: from behind the key on. */
function measure(meter: Meter, slots: bigint[], members: bigint[], now: bigint): Measure {
  const [first, second] = slots as [bigint, bigint];
  switch (meter.kind) {
    case "total":
    case "sequence":
      return String(first);
    case "last":
      return first === 0n ? "never" : String(first - 1n);
    case "period":
      return String(first === now / meter.windowMs! ? second : 0n);
    case "distinct": {
      if (BigInt(members.length) !== second) throw new Error(`${second} members are ${members.length}`);
      return first === now / meter.windowMs! ? members.map((hash) => hash.toString(16)).sort() : [];
    }
    case "sliding": {
      const length =
        (meter.windowMs! + BigInt(constants.SLIDING_PARTS) - 1n) / BigInt(constants.SLIDING_PARTS);
      const count = BigInt(constants.SLIDING_BUCKETS);
      const values = Array.from({ length: constants.SLIDING_BUCKETS }, (_, back): [bigint, bigint] => {
        const bucket = first - BigInt(back);
        return bucket < 0n ? [bucket, 0n] : [bucket, slots[1 + Number(bucket % count)]!];
      });
      return bucketTexts(values, now / length);
    }
  }
}
