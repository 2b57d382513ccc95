/**
 * What the records must add up to, in plain words and numbers: budgets, rates, ambient limits, children, phases, approvals, reservations,
 * frozen agents, sessions, revoked grants. It knows nothing of blobs, and reads only what a record says of a call and its outcome.
 */
import { checkLimits, limitsOf, Party } from "./counts.ts";
import { DEFERRING, type Limits, SPAWN_DEPTH } from "./policies.ts";
import { Sessions } from "./sessions.ts";
import { Violation } from "./violation.ts";

/** The fields of a record that count here. */
export interface RecordFields {
  readonly action: Readonly<Record<string, unknown>> | null;
  readonly action_digest: string | null;
  readonly bundle: string | null;
  readonly code: string;
  readonly detail: { readonly meter?: string; readonly agent?: string } | null;
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
const CENTS = 100;

interface Reservation {
  readonly parties: readonly string[];
  readonly session: string | null;
  readonly cents: number;
  readonly day: number;
  readonly bundle: string;
  /** Blobs that hold it, by name; none once it is closed. */
  readonly holders: Set<string>;
}

/** What a decision is about. */
interface Place {
  readonly sequence: number;
  readonly bundle: string;
  /** The actor, then its grantors. */
  readonly parties: readonly string[];
  readonly session: string | null;
  readonly cents: number;
  readonly customer: unknown;
  readonly tool: string;
  readonly now: number;
  readonly day: number;
  /** An approval stands in for what only defers. */
  readonly lifted: boolean;
}

/** Names of the blobs that a record is about. */
function blobsOf(record: RecordFields, action: Readonly<Record<string, unknown>>): string[] {
  const chain = record.type === "decision" ? record.inputs?.delegation?.chain : action.chain;
  const parties = [action.agent as string, ...((chain as string[] | undefined) ?? [])];
  const { session } = action;
  return parties.flatMap((name) => (session == null ? [name] : [name, `${session} ${name}`]));
}

export class Model {
  readonly #parties = new Map<string, Party>();
  readonly #reservations = new Map<number, Reservation>();
  readonly #revoked = new Set<string>();
  readonly #sessions = new Sessions();
  /** The greatest time that took effect, by blob: what is a little behind counts as that. */
  readonly #seen = new Map<string, number>();
  readonly #note: (kind: string) => void;

  /** @param note told of what a run should not be without. */
  constructor(note: (kind: string) => void) {
    this.#note = note;
  }

  party(name: string): Party {
    const party = this.#parties.get(name) ?? new Party();
    this.#parties.set(name, party);
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
    if (type === "decision") this.#decision(record, action, limits);
    else if (effect === "permit") this.#event(record, action, limits);
    if (record.state === null) return;
    const now = this.#timeOf(record, action);
    for (const blob of blobsOf(record, action)) this.#seen.set(blob, now);
  }

  /** The time that counts for a call. */
  #timeOf(record: RecordFields, action: Readonly<Record<string, unknown>>): number {
    return Math.max(record.time, ...blobsOf(record, action).map((blob) => this.#seen.get(blob) ?? 0));
  }

  #decision(record: RecordFields, action: Readonly<Record<string, unknown>>, limits: Limits): void {
    const chain = record.inputs?.delegation?.chain ?? [];
    const { amount, customer } = action.args as { amount?: number; customer?: unknown };
    const tool = action.tool as string;
    const now = this.#timeOf(record, action);
    const place: Place = {
      sequence: record.sequence,
      bundle: record.bundle!,
      parties: [action.agent as string, ...chain],
      session: (action.session as string | null | undefined) ?? null,
      cents: tool.startsWith("pay/") ? Math.round((amount ?? 0) * CENTS) : 0,
      customer: tool.startsWith("crm/") ? customer : undefined,
      tool,
      now,
      day: Math.floor(now / DAY_MS),
      lifted: record.code === "approved",
    };
    if (record.effect === "permit") this.#permit(record, place, limits);
    else this.#checkDenial(record, place, limits);
  }

  #permit(record: RecordFields, place: Place, limits: Limits): void {
    const { sequence, parties, session, cents, day, bundle } = place;
    if (place.lifted) this.#useApproval(record, place);
    this.#checkStanding(record, place);
    for (const name of parties) {
      const party = this.party(name);
      if (party.bundle !== null && party.bundle !== bundle) this.#note("permit behind a reload");
      party.bundle = bundle;
      this.#spend(party, place);
      checkLimits(place, name, limitsOf(name, party, place, limits), place.lifted);
      this.#checkRate(name, party, place, limits);
      this.#checkChildren(name, party, place, limits);
      this.#checkPhase(name, place, limits);
    }
    if (parties.length > 1) this.#note(`permit through ${parties.length - 1} grants`);
    const holders = new Set(blobsOf(record, record.action!));
    this.#reservations.set(sequence, { parties, session, cents, day, bundle, holders });
  }

  /** Sessions, grants and agents that the call stands on. */
  #checkStanding(record: RecordFields, { sequence, parties, session }: Place): void {
    if (session !== null && !this.#sessions.isOpen(session, parties[1] ?? parties[0]!))
      throw new Violation("sessions", `record ${sequence} permits in session ${session}, which is not open`);
    for (const { digest } of record.inputs?.delegation?.grants ?? []) {
      if (this.#revoked.has(digest))
        throw new Violation("revocations", `record ${sequence} stands on a revoked grant`);
    }
    const frozen = parties.find((name) => this.party(name).frozen);
    if (frozen !== undefined)
      throw new Violation("frozen agents", `record ${sequence} permits ${frozen} what is frozen`);
  }

  #spend(party: Party, { cents, day, session, tool, now, bundle, customer }: Place): void {
    party.fund.add(cents, bundle);
    party.days.of(day).add(cents, bundle);
    if (session !== null) party.sessions.of(session).add(cents, bundle);
    party.calls.of(day).add(1, bundle);
    if (customer !== undefined) party.addCustomer(day, customer, bundle);
    if (tool.startsWith("mail/")) party.mails.push({ time: now, bundle });
  }

  #checkRate(name: string, party: Party, { tool, now, sequence, bundle }: Place, limits: Limits): void {
    const limit = limits.mailPerMinute[name];
    if (!tool.startsWith("mail/") || limit === undefined) return;
    const sum = party.mailsInMinute(now);
    const rate = { invariant: "rates", meter: "mails of a minute", sum, limit, lifts: false };
    checkLimits({ sequence, bundle }, name, [rate], false);
  }

  /** Only the actor's children are counted; but a grantor that may have no more lets nobody have one. */
  #checkChildren(name: string, party: Party, place: Place, limits: Limits): void {
    const { tool, parties, bundle, sequence, lifted } = place;
    const limit = limits.children[name];
    if (tool !== "agent/spawn" || limit === undefined) return;
    const isActor = name === parties[0];
    if (isActor) party.children.add(1, bundle);
    const lifts = name === DEFERRING;
    if (parties.length > SPAWN_DEPTH && !(lifts && lifted))
      throw new Violation("children", `record ${sequence} spawns too deep`);
    const room = isActor ? limit : limit - 1;
    const children = { invariant: "children", meter: "children", sum: party.children, limit: room, lifts };
    checkLimits(place, name, [children], lifted);
  }

  /** The tool is one of the phase in which the session is. */
  #checkPhase(name: string, { tool, session, now, sequence }: Place, limits: Limits): void {
    const visible = limits.visible[tool];
    if (visible === undefined || name !== "shop") return;
    const at = session === null ? null : this.#sessions.phaseOf(session, name, now);
    if (at === null || !visible.includes(at.phase))
      throw new Violation("phases", `record ${sequence} permits ${tool} in phase ${at?.phase}`);
    if (at.passed) this.#note("permit in a phase that time has brought");
  }

  /** A limit that denies or defers must be one: nothing is counted that was not spent. */
  #checkDenial({ code, detail }: RecordFields, place: Place, limits: Limits): void {
    const { sequence, parties, cents, customer, tool, now, day, session } = place;
    const [actor] = parties as [string];
    const party = this.party(actor);
    const name = code.replace(/_defer$/, "");
    const isWrong = (text: string): never => {
      throw new Violation("denials", `record ${sequence} is ${code}, but ${text}`);
    };
    if (name === "grantor_deny" && detail?.agent === "shop") this.#noteGrantor(place, limits);
    if (name === "tool_not_visible") {
      const at = session === null ? null : this.#sessions.phaseOf(session, actor, now);
      if (at !== null && limits.visible[tool]?.includes(at.phase)) isWrong(`${tool} is of ${at.phase}`);
    } else if (name === "rate_exceeded") {
      const most = party.mostMailsInMinute(now);
      if (most < limits.mailPerMinute[actor]!) isWrong(`there were ${most} mails`);
    } else if (name === "spawn_limit") {
      const isFull = party.children.value >= limits.children[actor]!;
      if (!isFull && parties.length <= SPAWN_DEPTH) isWrong(`${party.children.value} children live`);
    } else if (name === "budget_exceeded" || name === "ambient_exceeded") {
      const meter = detail?.meter?.split(".")[0];
      const asked = limitsOf(actor, party, place, limits).find((one) => one.meter === meter);
      if (asked?.limit === undefined) return;
      const isNew = customer !== undefined && party.isNewCustomer(day, customer);
      const added = { budgets: cents, customers: Number(isNew), "calls of a day": 1 }[asked.invariant] ?? 0;
      if (asked.sum.value + added <= asked.limit)
        isWrong(`${meter} is at ${asked.sum.value}, asked ${added}`);
    }
  }

  /** Whether it is the shop's rate that a delegate has met. */
  #noteGrantor({ tool, now }: Place, limits: Limits): void {
    const limit = limits.mailPerMinute.shop!;
    if (tool.startsWith("mail/") && this.party("shop").mailsInMinute(now).value >= limit)
      this.#note("rate exceeded through a chain");
  }

  #useApproval({ sequence, action_digest }: RecordFields, { parties, now }: Place): void {
    const { approvals, approved } = this.party(parties[0]!);
    if (!approved.has(action_digest!))
      throw new Violation("approved actions", `record ${sequence} uses the approval of another action`);
    const expires = approvals.get(action_digest!);
    if (expires === undefined)
      throw new Violation("approvals", `record ${sequence} uses an approval again, or one that was rejected`);
    if (now >= expires) throw new Violation("approvals", `record ${sequence} uses one that is over`);
    approvals.delete(action_digest!);
    if (parties.length > 1) this.#note("approval used through a chain");
  }

  #event(record: RecordFields, event: Readonly<Record<string, unknown>>, limits: Limits): void {
    const agent = event.agent as string;
    const session = event.session as string;
    const party = this.party(agent);
    const now = this.#timeOf(record, event);
    const phase = event.phase as string;
    if (record.type === "session_open") this.#sessions.open(session, agent, phase, now);
    else if (record.type === "session_phase") this.#sessions.move(session, agent, phase, now);
    else if (record.type === "session_close") this.#sessions.close(session, agent);
    else if (record.type === "freeze") party.frozen = true;
    else if (record.type === "unfreeze") party.frozen = false;
    else if (record.type === "child_exit") this.#exit(record, party);
    else if (record.type === "approve") this.#approve(event, party);
    else if (record.type === "reject") party.approvals.delete(event.action_digest as string);
    else if (record.type === "delegation_revoke") this.#revoked.add(event.grant as string);
    else if (record.type === "settle" || record.type === "refund") this.#close(record, event, limits);
  }

  #exit({ sequence, bundle }: RecordFields, { children }: Party): void {
    if (children.value === 0) throw new Violation("children", `record ${sequence} ends a child of nobody`);
    children.add(-1, bundle!);
  }

  #approve(event: Readonly<Record<string, unknown>>, { approvals, approved }: Party): void {
    const digest = event.action_digest as string;
    approvals.set(digest, event.expires as number);
    approved.add(digest);
  }

  #close(record: RecordFields, event: Readonly<Record<string, unknown>>, limits: Limits): void {
    const reservation = this.#reservations.get(event.reservation as number);
    const held = blobsOf(record, event).filter((blob) => reservation?.holders.delete(blob) === true);
    if (reservation === undefined || held.length === 0) {
      const text = `record ${record.sequence} closes ${event.reservation}, which is not open`;
      throw new Violation("settlements", text);
    }
    if (reservation.bundle !== record.bundle) this.#note("settled behind a reload");
    const money = event.money as number | undefined;
    const isSettled = record.type === "settle";
    const { cents, day, session, parties } = reservation;
    const actual = isSettled ? (money === undefined ? cents : Math.round(money * CENTS)) : 0;
    const today = Math.floor(this.#timeOf(record, event) / DAY_MS);
    const bundle = record.bundle!;
    for (const name of parties) {
      const party = this.party(name);
      if (held.includes(`${session} ${name}`)) party.sessions.of(session!).add(actual - cents, bundle);
      if (!held.includes(name)) continue;
      party.fund.add(actual - cents, bundle);
      const more = day === today ? actual - cents : Math.max(0, actual - cents);
      party.days.of(today).add(more, bundle);
      if (isSettled && limits.bytesPerDay[name] !== undefined)
        party.bytes.of(today).add((event.bytes as number | undefined) ?? 0, bundle);
    }
  }
}
