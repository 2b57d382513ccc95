/** What an agent has done, in plain numbers. */
import { DEFERRING, type Limits } from "./policies.ts";
import { Violation } from "./violation.ts";

const MINUTE_MS = 60_000;
/** The core counts a minute in so many parts, and one that only reaches into it in full. */
const PARTS_OF_MINUTE = 16;

/** A sum that remembers how much of it came under the present policy. */
export class Sum {
  value = 0;
  #before = 0;
  #bundle: string | null = null;

  add(amount: number, bundle: string): void {
    if (bundle !== this.#bundle) this.#before = this.value;
    this.#bundle = bundle;
    this.value += amount;
  }

  /** What whoever forgets at a change of policy would know. */
  under(bundle: string): number {
    return bundle === this.#bundle ? this.value - this.#before : 0;
  }
}

export class Sums<Key> {
  readonly #sums = new Map<Key, Sum>();

  of(key: Key): Sum {
    const sum = this.#sums.get(key) ?? new Sum();
    this.#sums.set(key, sum);
    return sum;
  }
}

export class Party {
  frozen = false;
  /** Bundle of the last permit. */
  bundle: string | null = null;
  /** Cents, as are `days` and `sessions`. */
  readonly fund = new Sum();
  readonly days = new Sums<number>();
  readonly sessions = new Sums<string>();
  readonly mails: { readonly time: number; readonly bundle: string }[] = [];
  readonly children = new Sum();
  /** By day. */
  readonly calls = new Sums<number>();
  readonly bytes = new Sums<number>();
  readonly customers = new Sums<number>();
  readonly #known = new Map<number, Set<string>>();
  /** Digest to the time of its end. */
  readonly approvals = new Map<string, number>();
  /** Digests of all that was ever approved. */
  readonly approved = new Set<string>();

  isNewCustomer(day: number, customer: unknown): boolean {
    return this.#known.get(day)?.has(JSON.stringify(customer)) !== true;
  }

  addCustomer(day: number, customer: unknown, bundle: string): void {
    if (!this.isNewCustomer(day, customer)) return;
    const known = this.#known.get(day) ?? new Set();
    this.#known.set(day, known.add(JSON.stringify(customer)));
    this.customers.of(day).add(1, bundle);
  }

  /** Mails in the minute that ends at `now`. */
  mailsInMinute(now: number): Sum {
    const sum = new Sum();
    for (const { time, bundle } of this.mails) if (time > now - MINUTE_MS) sum.add(1, bundle);
    return sum;
  }

  /** The most that the core may take for it. */
  mostMailsInMinute(now: number): number {
    const window = MINUTE_MS + MINUTE_MS / PARTS_OF_MINUTE;
    return this.mails.filter(({ time }) => time > now - window).length;
  }
}

/** A limit, and what counts against it. */
export interface Limited {
  /** The invariant that it is not exceeded. */
  readonly invariant: string;
  /** As the core names it in a verdict. */
  readonly meter: string;
  readonly sum: Sum;
  readonly limit: number | undefined;
  /** Of an agent whose limits defer: an approval lifts this one. */
  readonly lifts: boolean;
}

const CENTS = 100;

/** @param lifted an approval stands in for what only defers. @throws Violation */
export function checkLimits(
  { sequence, bundle }: { readonly sequence: number; readonly bundle: string },
  name: string,
  limits: readonly Limited[],
  lifted: boolean,
): void {
  for (const { invariant, meter, sum, limit, lifts } of limits) {
    if (limit === undefined || sum.value <= limit || (lifts && lifted)) continue;
    const text = `record ${sequence} takes ${meter} of ${name} to ${sum.value} of ${limit}`;
    throw new Violation(sum.under(bundle) <= limit ? "reloads" : invariant, text);
  }
}

export function limitsOf(
  name: string,
  party: Party,
  { day, session, customer }: { day: number; session: string | null; customer: unknown },
  limits: Limits,
): Limited[] {
  const cents = (dollars: number | undefined) => (dollars === undefined ? undefined : dollars * CENTS);
  const { fund, days, sessions, calls, customers, bytes } = party;
  const inSession = session === null ? new Sum() : sessions.of(session);
  const ofSession = session === null ? undefined : cents(limits.session[name]);
  // Asked of calls about customers alone.
  const ofCustomers = customer === undefined ? undefined : limits.customersPerDay[name];
  const limited = (invariant: string, meter: string, sum: Sum, limit: number | undefined): Limited => ({
    invariant,
    meter,
    sum,
    limit,
    lifts: name === DEFERRING && invariant === "calls of a day",
  });
  return [
    limited("budgets", "fund", fund, cents(limits.fund[name])),
    limited("budgets", "daily", days.of(day), cents(limits.daily[name])),
    limited("budgets", "session", inSession, ofSession),
    limited("calls of a day", "max_calls_per_day", calls.of(day), limits.callsPerDay[name]),
    limited("customers", "max_customers_per_day", customers.of(day), ofCustomers),
    limited("data volume", "max_data_volume", bytes.of(day), limits.bytesPerDay[name]),
  ];
}
