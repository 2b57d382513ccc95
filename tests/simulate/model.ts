/**
 * What the records must add up to, in plain words and numbers: budgets, rates, approvals, reservations, frozen agents, sessions,
 * revoked grants. It knows nothing of blobs, and reads only what a record says of a call and its outcome.
 */
import type { Limits } from "./policies.ts";

/** The fields of a record that count here. */
export interface RecordFields {
  readonly action: Readonly<Record<string, unknown>> | null;
  readonly action_digest: string | null;
  readonly bundle: string | null;
  readonly code: string;
  readonly detail: { readonly meter?: string } | null;
  readonly effect: "permit" | "deny" | "defer";
  readonly inputs: {
    readonly delegation?: {
      readonly chain: readonly string[];
      readonly grants: readonly { readonly digest: string }[];
    };
  } | null;
  readonly inputs_digest: string | null;
  readonly sequence: number;
  /** Per blob: its number, its slots, then each changed slot and its value. */
  readonly state: readonly (readonly [number, number, ...unknown[]])[] | null;
  readonly time: number;
  readonly type: string;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const CENTS = 100;

export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, text: string) {
    super(`${invariant}: ${text}`);
    this.name = "Violation";
    this.invariant = invariant;
  }
}

interface Party {
  frozen: boolean;
  /** Cents. */
  fund: number;
  readonly days: Map<number, number>;
  readonly sessions: Map<string, number>;
  readonly mails: number[];
  /** Digest to the time of its end. */
  readonly approvals: Map<string, number>;
}

interface Reservation {
  readonly parties: readonly string[];
  readonly session: string | null;
  readonly cents: number;
  readonly day: number;
  /** Blobs that hold it, by name; none once it is closed. */
  readonly holders: Set<string>;
}

/** What a decision is about. */
interface Place {
  /** The actor, then its grantors. */
  readonly parties: readonly string[];
  readonly session: string | null;
  readonly cents: number;
  readonly tool: string;
  readonly now: number;
}

/** Where a blob has the digest of its layout: when that changes, the blob is laid anew and its reservations are settled. */
const LAYOUT_SLOT = 2;

/** Their names, in the order of the record; null where there is none. */
function placesOf(record: RecordFields, action: Readonly<Record<string, unknown>>): (string | null)[] {
  const chain = record.type === "decision" ? record.inputs?.delegation?.chain : action.chain;
  const parties = [action.agent as string, ...((chain as string[] | undefined) ?? [])];
  const { session } = action;
  return parties.flatMap((name) => [name, session == null ? null : `${session} ${name}`]);
}

function blobsOf(record: RecordFields, action: Readonly<Record<string, unknown>>): string[] {
  return placesOf(record, action).filter((blob) => blob !== null);
}

export class Model {
  readonly #parties = new Map<string, Party>();
  readonly #reservations = new Map<number, Reservation>();
  readonly #revoked = new Set<string>();
  readonly #sessions = new Map<string, "open" | "closed">();
  /** The greatest time that took effect, by blob: what is a little behind counts as that. */
  readonly #seen = new Map<string, number>();

  party(name: string): Party {
    let party = this.#parties.get(name);
    if (party === undefined) {
      party = {
        frozen: false,
        fund: 0,
        days: new Map(),
        sessions: new Map(),
        mails: [],
        approvals: new Map(),
      };
      this.#parties.set(name, party);
    }
    return party;
  }

  /** @throws Violation */
  take(record: RecordFields, limits: Limits): void {
    const { action, effect, type } = record;
    if (action === null) {
      if (effect === "permit")
        throw new Violation("form", `record ${record.sequence} permits what it does not name`);
      return;
    }
    this.#layAnew(record, action);
    if (type === "decision") this.#decision(record, action, limits);
    else if (effect === "permit") this.#event(record, action);
    if (record.state === null) return;
    const now = this.#timeOf(record, action);
    for (const blob of blobsOf(record, action)) this.#seen.set(blob, now);
  }

  #layAnew(record: RecordFields, action: Readonly<Record<string, unknown>>): void {
    const places = placesOf(record, action);
    for (const [blob, , ...slots] of record.state ?? []) {
      if (!slots.some((slot, index) => index % 2 === 0 && slot === LAYOUT_SLOT)) continue;
      for (const { holders } of this.#reservations.values()) holders.delete(places[blob]!);
    }
  }

  /** The time that counts for a call. */
  #timeOf(record: RecordFields, action: Readonly<Record<string, unknown>>): number {
    return Math.max(record.time, ...blobsOf(record, action).map((blob) => this.#seen.get(blob) ?? 0));
  }

  #decision(record: RecordFields, action: Readonly<Record<string, unknown>>, limits: Limits): void {
    const chain = record.inputs?.delegation?.chain ?? [];
    const parties = [action.agent as string, ...chain];
    const session = (action.session as string | null | undefined) ?? null;
    const { amount } = action.args as { amount?: number };
    const tool = action.tool as string;
    const cents = tool.startsWith("pay/") ? Math.round((amount ?? 0) * CENTS) : 0;
    const place = { parties, session, cents, tool, now: this.#timeOf(record, action) };
    if (record.code === "budget_exceeded" && record.detail?.meter !== undefined) {
      this.#checkExceeded(record, place, limits);
    }
    if (record.effect === "permit") this.#permit(record, place, limits);
  }

  #permit(record: RecordFields, { parties, session, cents, tool, now }: Place, limits: Limits): void {
    const { sequence, code } = record;
    const day = Math.floor(now / DAY_MS);
    const actor = parties[0]!;
    if (code === "approved") this.#useApproval(record, actor, now);
    if (session !== null && this.#sessions.get(`${session} ${parties[1] ?? actor}`) !== "open")
      throw new Violation("sessions", `record ${sequence} permits in session ${session}, which is not open`);
    for (const { digest } of record.inputs?.delegation?.grants ?? []) {
      if (this.#revoked.has(digest))
        throw new Violation("revocations", `record ${sequence} stands on a revoked grant`);
    }
    for (const name of parties) {
      const party = this.party(name);
      if (party.frozen)
        throw new Violation("frozen agents", `record ${sequence} permits ${name} what is frozen`);
      party.fund += cents;
      party.days.set(day, (party.days.get(day) ?? 0) + cents);
      if (session !== null) party.sessions.set(session, (party.sessions.get(session) ?? 0) + cents);
      this.#checkLimits(sequence, name, day, session, limits);
      if (tool !== "mail/send" || name !== "shop") continue;
      party.mails.push(now);
      const inWindow = party.mails.filter((time) => time > now - MINUTE_MS).length;
      if (inWindow > limits.mailPerMinute)
        throw new Violation("rates", `record ${sequence} is mail ${inWindow} within a minute`);
    }
    const holders = new Set(blobsOf(record, record.action!));
    this.#reservations.set(sequence, { parties, session, cents, day, holders });
  }

  #values(name: string, day: number, session: string | null, limits: Limits) {
    const party = this.party(name);
    const inSession = session === null ? 0 : (party.sessions.get(session) ?? 0);
    return [
      { meter: "fund", value: party.fund, limit: limits.fund[name] },
      { meter: "daily", value: party.days.get(day) ?? 0, limit: limits.daily[name] },
      { meter: "session", value: inSession, limit: session === null ? undefined : limits.session[name] },
    ];
  }

  #checkLimits(sequence: number, name: string, day: number, session: string | null, limits: Limits): void {
    for (const { meter, value, limit } of this.#values(name, day, session, limits)) {
      if (limit === undefined || value <= limit * CENTS) continue;
      const text = `record ${sequence} takes ${meter} of ${name} to ${value} cents of ${limit * CENTS}`;
      throw new Violation("budgets", text);
    }
  }

  /** A limit that denies must be one: nothing is counted that was not spent. */
  #checkExceeded(
    { sequence, detail }: RecordFields,
    { parties, session, cents, now }: Place,
    limits: Limits,
  ): void {
    const day = Math.floor(now / DAY_MS);
    const values = this.#values(parties[0]!, day, session, limits);
    const asked = values.find(({ meter }) => meter === detail?.meter?.split(".")[0]);
    if (asked?.limit === undefined || asked.value + cents > asked.limit * CENTS) return;
    const text = `record ${sequence} denies for ${asked.meter}, which is at ${asked.value} and asked for ${cents} cents`;
    throw new Violation("denials", text);
  }

  #useApproval({ sequence, action_digest }: RecordFields, actor: string, now: number): void {
    const { approvals } = this.party(actor);
    const expires = approvals.get(action_digest!);
    if (expires === undefined)
      throw new Violation("approvals", `record ${sequence} uses no approval, or one again`);
    if (now >= expires) throw new Violation("approvals", `record ${sequence} uses one that is over`);
    approvals.delete(action_digest!);
  }

  #event(record: RecordFields, event: Readonly<Record<string, unknown>>): void {
    const agent = event.agent as string;
    const party = this.party(agent);
    const session = `${event.session} ${agent}`;
    if (record.type === "session_open") this.#sessions.set(session, "open");
    else if (record.type === "session_close") this.#sessions.set(session, "closed");
    else if (record.type === "freeze") party.frozen = true;
    else if (record.type === "unfreeze") party.frozen = false;
    else if (record.type === "approve")
      party.approvals.set(event.action_digest as string, event.expires as number);
    else if (record.type === "reject") party.approvals.delete(event.action_digest as string);
    else if (record.type === "delegation_revoke") this.#revoked.add(event.grant as string);
    else if (record.type === "settle" || record.type === "refund") this.#close(record, event);
  }

  #close(record: RecordFields, event: Readonly<Record<string, unknown>>): void {
    const reservation = this.#reservations.get(event.reservation as number);
    const held = blobsOf(record, event).filter((blob) => reservation?.holders.delete(blob) === true);
    if (reservation === undefined || held.length === 0) {
      const text = `record ${record.sequence} closes ${event.reservation}, which is not open`;
      throw new Violation("settlements", text);
    }
    const money = event.money as number | undefined;
    if (record.type === "settle" && money === undefined) return;
    const actual = record.type === "refund" ? 0 : Math.round(money! * CENTS);
    const today = Math.floor(this.#timeOf(record, event) / DAY_MS);
    const { cents, day, session, parties } = reservation;
    for (const name of parties) {
      const party = this.party(name);
      const spent = party.sessions.get(session!) ?? 0;
      if (held.includes(`${session} ${name}`)) party.sessions.set(session!, spent + actual - cents);
      if (!held.includes(name)) continue;
      party.fund += actual - cents;
      const more = day === today ? actual - cents : Math.max(0, actual - cents);
      party.days.set(today, (party.days.get(today) ?? 0) + more);
    }
  }
}
