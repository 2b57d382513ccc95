/** Control planes with a fault built in: what the simulator must find. */
import { type Ledger, type RecordLog, revocationKey } from "../../control/ports.ts";
import type { DecidingCore, Evaluated } from "../../control/stages/evaluate.ts";
import { STATE_SLOT_LAST, STATE_SLOT_PHASE_SINCE } from "../../engine/constants.ts";

export interface Breakage {
  readonly name: string;
  /** Invariants that are not looked at, so that another one has to find it. */
  readonly ignored?: readonly string[];
  /** The invariant that has to find it; any when left out. */
  readonly foundBy?: string;
  readonly skipsSync?: boolean;
  /** What stands in the file when it is opened is not synchronised. */
  readonly opensUnsynced?: boolean;
  readonly ignoresOthers?: boolean;
  readonly log?: (log: RecordLog) => RecordLog;
  readonly ledger?: (ledger: Ledger) => Ledger;
  readonly core?: (core: DecidingCore) => DecidingCore;
}

/** The parts of it, with one method in the place of another. */
function withMethod<Part extends object>(part: Part, methods: Partial<Part>): Part {
  return new Proxy(part, {
    get(target, name) {
      const method = methods[name as keyof Part];
      if (method !== undefined) return method;
      const own = Reflect.get(target, name) as unknown;
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

/** Of an event or an action. */
interface Said {
  readonly type?: string;
  readonly reservation?: number;
  readonly agent?: string;
  readonly tool?: string;
  readonly action_digest?: string;
  readonly bytes?: number;
}

function eventOf(text: unknown): Said {
  try {
    return JSON.parse(String(text));
  } catch {
    return {};
  }
}

/** What the caller hears is made at once, whatever becomes of the records. */
const releasedEarly = (ledger: Ledger): Ledger =>
  withMethod(ledger, {
    transact: (keys, work) =>
      new Promise((resolve, reject) => {
        ledger
          .transact(keys, (view) => {
            const outcome = work(view);
            (resolve as (value: unknown) => void)(outcome.value);
            return outcome;
          })
          .catch(reject);
      }),
  });

/** A failed append counts as done. */
const tipAhead = (log: RecordLog): RecordLog =>
  withMethod(log, {
    append: async (expected, records) => {
      try {
        return await log.append(expected, records);
      } catch {
        return { ok: true };
      }
    },
  });

/** The ledger goes on, and writes its state, while the records are still on their way; only the callers wait for them. */
function behindFirst(): Pick<Breakage, "log" | "ledger"> {
  let written: Promise<unknown> = Promise.resolve();
  return {
    log: (log) =>
      withMethod(log, {
        append: async (expected, records) => {
          written = log.append(expected, records);
          written.catch(() => {});
          return { ok: true };
        },
      }),
    ledger: (ledger) =>
      withMethod(ledger, {
        transact: async (keys, work) => {
          const value = await ledger.transact(keys, work);
          await written;
          return value;
        },
      }),
  };
}

/** Given out of memory: the state before the first settlement, when it is settled again. */
function settledAgain(): (core: DecidingCore) => DecidingCore {
  const before = new Map<string, readonly (Uint8Array | null)[]>();
  return (core) =>
    withMethod(core, {
      applyEvent: (text, facts, place, state) => {
        const { type, reservation, agent } = eventOf(text);
        if (type !== "settle" && type !== "refund") return core.applyEvent(text, facts, place, state);
        const key = `${agent} ${reservation}`;
        const first: Evaluated = core.applyEvent(text, facts, place, state);
        if (first.verdict.effect === "permit") before.set(key, state);
        if (first.verdict.code !== "reservation_unknown" || !before.has(key)) return first;
        return core.applyEvent(text, facts, place, before.get(key)!);
      },
    });
}

/** What was applied is recorded, and of `wanted` the state stays as it was. */
const unmarked =
  (wanted: (event: Said) => boolean) =>
  (core: DecidingCore): DecidingCore =>
    withMethod(core, {
      applyEvent: (text, facts, place, state) => {
        const made = core.applyEvent(text, facts, place, state);
        return wanted(eventOf(text)) ? { ...made, state: null } : made;
      },
    });

/** The same of permits. */
const spentNothing =
  (wanted: (action: Said, code: string, facts: unknown) => boolean) =>
  (core: DecidingCore): DecidingCore =>
    withMethod(core, {
      decideRecorded: (text, facts, place, state) => {
        const made = core.decideRecorded(text, facts, place, state);
        const { effect, code } = made.verdict;
        return effect === "permit" && wanted(eventOf(text), code, facts) ? { ...made, state: null } : made;
      },
    });

const isDelegated = (facts: unknown): boolean => String(facts).includes('"delegation":{');

/** A delegate's calls count for itself alone. */
const grantorsSpendNothing = (core: DecidingCore): DecidingCore =>
  withMethod(core, {
    decideRecorded: (text, facts, place, state) => {
      const made = core.decideRecorded(text, facts, place, state);
      const own = made.state?.map((blob, index) => (index < 2 ? blob : null)) ?? null;
      return made.verdict.effect === "permit" ? { ...made, state: own } : made;
    },
  });

/** The bytes of a settlement are recorded, and not counted. */
const bytesForgotten = (core: DecidingCore): DecidingCore =>
  withMethod(core, {
    applyEvent: (text, facts, place, state) => {
      const made = core.applyEvent(text, facts, place, state);
      if (made.state === null || eventOf(text).bytes === undefined) return made;
      const without = JSON.stringify({ ...eventOf(text), bytes: undefined });
      return { ...made, state: core.applyEvent(without, facts, place, state).state };
    },
  });

/** The blobs of a state that are there, copied, so that they can be changed. */
function changed(
  state: readonly (Uint8Array | null)[],
  change: (blob: Uint8Array, index: number) => void,
): (Uint8Array | null)[] {
  return state.map((blob, index) => {
    if (blob === null || blob.length === 0) return blob;
    const copy = blob.slice();
    change(copy, index);
    return copy;
  });
}

/** Where a phase has passed, a session stands in it as if it had just begun. */
const phasesForEver = (core: DecidingCore): DecidingCore =>
  withMethod(core, {
    decideRecorded: (text, facts, place, state) => {
      const made = core.decideRecorded(text, facts, place, state);
      if (made.verdict.effect !== "deny") return made;
      const { time } = JSON.parse(String(facts)) as { time: number };
      const beginAgain = (blob: Uint8Array, index: number): void => {
        if (index % 2 === 0) return;
        const slots = new DataView(blob.buffer, blob.byteOffset);
        for (const slot of [STATE_SLOT_LAST, STATE_SLOT_PHASE_SINCE])
          slots.setBigUint64(8 * slot, BigInt(time), true);
      };
      const again = core.decideRecorded(text, facts, place, changed(state, beginAgain));
      return again.verdict.effect === "permit" ? again : made;
    },
  });

/** Whatever was approved of an agent lets its next deferred call through. */
function approvesAll(): (core: DecidingCore) => DecidingCore {
  const approved = new Set<string>();
  return (core) =>
    withMethod(core, {
      applyEvent: (text, facts, place, state) => {
        const { type, action_digest } = eventOf(text);
        if (type === "approve") approved.add(action_digest!);
        return core.applyEvent(text, facts, place, state);
      },
      decideRecorded: (text, facts, place, state) => {
        const made = core.decideRecorded(text, facts, place, state);
        if (made.verdict.effect !== "defer") return made;
        const { action_digest } = JSON.parse(Buffer.from(made.record).toString()) as {
          action_digest: string;
        };
        const mine = Buffer.from(action_digest, "hex");
        const exchange = (blob: Uint8Array): void => {
          for (const digest of approved) {
            const at = Buffer.from(blob.buffer, blob.byteOffset, blob.length).indexOf(digest, "hex");
            if (at >= 0) blob.set(mine, at);
          }
        };
        return core.decideRecorded(text, facts, place, changed(state, exchange));
      },
    });
}

/** Whenever the policy is another one, an agent begins at nothing. */
function forgetsAtReload(): (core: DecidingCore) => DecidingCore {
  const last = new Map<string, string>();
  return (core) =>
    withMethod(core, {
      decideRecorded: (text, facts, place, state) => {
        const agent = eventOf(text).agent ?? "";
        const { record } = core.decideRecorded(text, facts, place, state);
        const { bundle } = JSON.parse(Buffer.from(record).toString()) as { bundle: string };
        const isOther = last.has(agent) && last.get(agent) !== bundle;
        last.set(agent, bundle);
        const fresh = state.map((blob, index) => (isOther && index % 2 === 0 ? null : blob));
        return core.decideRecorded(text, facts, place, fresh);
      },
    });
}

const isRevocation = (key: string): boolean => key.startsWith(revocationKey(""));

/** Revocations are recorded, and nobody looks at them. */
const revocationsUnread = (ledger: Ledger): Ledger =>
  withMethod(ledger, {
    transact: (keys, work) =>
      ledger.transact(keys, (view) =>
        work({ tip: view.tip, get: (key) => (isRevocation(key) ? null : view.get(key)) }),
      ),
  });

/** They are looked at before the transaction, and not within it. */
const revocationsReadEarly = (ledger: Ledger): Ledger =>
  withMethod(ledger, {
    transact: async (keys, work) => {
      const asked = keys.filter(isRevocation);
      if (asked.length === 0) return ledger.transact(keys, work);
      const found = await ledger.read(asked);
      const before = new Map(asked.map((key, index) => [key, found[index] ?? null]));
      return ledger.transact(keys, (view) =>
        work({ tip: view.tip, get: (key) => (isRevocation(key) ? before.get(key)! : view.get(key)) }),
      );
    },
  });

/** What only the model can tell, with replay, state and rebuild left out. */
const BY_MODEL = ["replay", "state"];

const byModel =
  (name: string, foundBy: string, make: () => NonNullable<Breakage["core"]>) => (): Breakage => ({
    name: `${name}, by the model alone`,
    core: make(),
    ignored: BY_MODEL,
    foundBy,
  });

const isSettlement = ({ type }: Said): boolean => type === "settle";
const isApproved = (_: Said, code: string): boolean => code === "approved";
const uses =
  (prefix: string) =>
  ({ tool }: Said): boolean =>
    tool?.startsWith(prefix) === true;

export const BREAKAGES: readonly (() => Breakage)[] = [
  () => ({ name: "released before durable", ledger: releasedEarly }),
  () => ({ name: "tip advanced before durable", log: tipAhead }),
  () => ({ name: "state written before the log", ...behindFirst() }),
  () => ({ name: "sync skipped", skipsSync: true }),
  () => ({ name: "a log that is opened and not synchronised", opensUnsynced: true }),
  () => ({ name: "settlement not marked", core: unmarked(isSettlement) }),
  byModel("settlement not marked", "settlements", () => unmarked(isSettlement)),
  byModel("settled twice", "settlements", settledAgain),
  () => ({ name: "approval not removed", core: spentNothing(isApproved) }),
  byModel("approval not removed", "approvals", () => spentNothing(isApproved)),
  byModel("approval not removed of a delegated call", "approvals", () =>
    spentNothing((_, code, facts) => code === "approved" && isDelegated(facts)),
  ),
  byModel("an approval of any action for all", "approved actions", approvesAll),
  byModel("permits that count for nothing", "budgets", () => spentNothing(() => true)),
  byModel("counts that begin anew with a policy", "reloads", forgetsAtReload),
  byModel("mails that count for nothing", "rates", () => spentNothing(uses("mail/"))),
  byModel("delegated calls that count for no grantor", "rates", () => grantorsSpendNothing),
  byModel("customers that are not counted", "customers", () => spentNothing(uses("crm/"))),
  byModel("calls that are not counted", "calls of a day", () => spentNothing(uses("goods/"))),
  byModel("bytes that are not counted", "data volume", () => bytesForgotten),
  byModel("children that are not counted", "children", () => spentNothing(uses("agent/"))),
  byModel("a child that ends and lives on", "denials", () => unmarked(({ type }) => type === "child_exit")),
  byModel("phases that nobody leaves", "phases", () => unmarked(({ type }) => type === "session_phase")),
  byModel("phases that do not end", "phases", () => phasesForEver),
  byModel("sessions that nobody closes", "sessions", () => unmarked(({ type }) => type === "session_close")),
  byModel("agents that nobody freezes", "frozen agents", () => unmarked(({ type }) => type === "freeze")),
  () => ({ name: "revocations that nobody reads", ledger: revocationsUnread, foundBy: "revocations" }),
  () => ({ name: "revocations read too early", ledger: revocationsReadEarly, foundBy: "revocations" }),
  () => ({ name: "transactions that are not isolated", ignoresOthers: true }),
];
