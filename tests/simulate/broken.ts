/** Control planes with a fault built in: what the simulator must find. */
import type { Ledger, RecordLog } from "../../control/ports.ts";
import type { DecidingCore, Evaluated } from "../../control/stages/evaluate.ts";

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

function eventOf(text: unknown): { type?: string; reservation?: number; agent?: string } {
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

/** A settlement is recorded, and the state stays as it was. */
const unmarked = (core: DecidingCore): DecidingCore =>
  withMethod(core, {
    applyEvent: (text, facts, place, state) => {
      const made = core.applyEvent(text, facts, place, state);
      return eventOf(text).type === "settle" ? { ...made, state: null } : made;
    },
  });

/** A call that used an approval leaves the state as it was. */
const approvedAgain = (core: DecidingCore): DecidingCore =>
  withMethod(core, {
    decideRecorded: (text, facts, place, state) => {
      const made = core.decideRecorded(text, facts, place, state);
      return made.verdict.code === "approved" ? { ...made, state: null } : made;
    },
  });

/** Permits move nothing. */
const spentNothing = (core: DecidingCore): DecidingCore =>
  withMethod(core, {
    decideRecorded: (text, facts, place, state) => {
      const made = core.decideRecorded(text, facts, place, state);
      return made.verdict.effect === "permit" ? { ...made, state: null } : made;
    },
  });

/** What only the model can tell, with replay, state and rebuild left out. */
const BY_MODEL = ["replay", "state"];

export const BREAKAGES: readonly (() => Breakage)[] = [
  () => ({ name: "released before durable", ledger: releasedEarly }),
  () => ({ name: "tip advanced before durable", log: tipAhead }),
  () => ({ name: "state written before the log", ...behindFirst() }),
  () => ({ name: "sync skipped", skipsSync: true }),
  () => ({ name: "a log that is opened and not synchronised", opensUnsynced: true }),
  () => ({ name: "settlement not marked", core: unmarked }),
  () => ({
    name: "settlement not marked, by the model alone",
    core: unmarked,
    ignored: BY_MODEL,
    foundBy: "settlements",
  }),
  () => ({
    name: "settled twice, by the model alone",
    core: settledAgain(),
    ignored: BY_MODEL,
    foundBy: "settlements",
  }),
  () => ({ name: "approval not removed", core: approvedAgain }),
  () => ({
    name: "approval not removed, by the model alone",
    core: approvedAgain,
    ignored: BY_MODEL,
    foundBy: "approvals",
  }),
  () => ({
    name: "permits that count for nothing, by the model alone",
    core: spentNothing,
    ignored: BY_MODEL,
    foundBy: "budgets",
  }),
  () => ({ name: "transactions that are not isolated", ignoresOthers: true }),
];
