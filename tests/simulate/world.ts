/** One or two control planes with a simulated world under them, and what must always hold of both. */
import type { ControlPorts, Governed } from "../../control/govern.ts";
import { APPLIED_KEY, decodeApplied } from "../../control/ledger/applied.ts";
import { openOwnLedger } from "../../control/ledger/open.ts";
import type { OwnLedger } from "../../control/ledger/own.ts";
import { rebuildState } from "../../control/ledger/rebuild.ts";
import { ControlPlane } from "../../control/plane.ts";
import type { Delegations, Identify, Ledger, RecordLog } from "../../control/ports.ts";
import type { DecidingCore } from "../../control/stages/evaluate.ts";
import { MemoryState } from "../../control/stores/memory.ts";
import { TableLedger } from "../../control/stores/tables.ts";
import type { Random } from "../fuzz/random.ts";
import { Auditor, type Inputs } from "./auditor.ts";
import type { Breakage } from "./broken.ts";
import { Database } from "./database.ts";
import { Disk, DiskLog, DiskStore } from "./disk.ts";
import type { Faults } from "./faults.ts";
import { factsOfTokens } from "./grants.ts";
import { type Policy, SALTS, sha256 } from "./policies.ts";
import { Life, type Scheduler } from "./scheduler.ts";
import { Violation } from "./violation.ts";

const START_MS = Date.UTC(2026, 0, 1, 23, 50);
const TIMEOUT_MS = 50;
/** What a refusal to open means when no fault was injected: records and state do not belong together. */
const NEVER = new Set(["state_ahead", "state_foreign", "state_damaged", "state_version"]);

export interface Settings {
  readonly shared: boolean;
  readonly writeBehindRecords: number;
  readonly writeBehindMs: number;
  readonly keptBytes: number;
}

/** A control plane from its opening to its end. */
export class Node {
  life = new Life();
  plane: ControlPlane | null = null;
  ledger: Ledger | null = null;
  own: OwnLedger | null = null;
  opening = false;
  closing = false;
  /** A rebuild was begun, and did not end. */
  rebuilding = false;
  policy = 0;
  /** This one's clock is that much ahead. */
  readonly skewMs: number;

  constructor(skewMs: number) {
    this.skewMs = skewMs;
  }
}

export interface WorldParts {
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly policies: readonly Policy[];
  readonly settings: Settings;
  readonly breakage: Breakage;
  readonly trace: (text: string) => void;
}

export class World {
  readonly disk: Disk;
  readonly database = new Database();
  readonly auditor: Auditor;
  nowMs = START_MS;
  /** Hashes of records whose callers have heard of them, by sequence. */
  readonly acknowledged = new Map<number, string>();
  violation: unknown = null;
  readonly #parts: WorldParts;
  readonly #inputs = new Map<string, Inputs>();

  constructor(parts: WorldParts) {
    this.#parts = parts;
    this.disk = new Disk(parts.random);
    this.auditor = new Auditor(parts.policies, this.#inputs, new Set(parts.breakage.ignored), parts.trace);
    this.database.onCommit = (records) => {
      this.guard(() => {
        for (const { record, hash } of records) {
          this.auditor.take(record.slice(), Buffer.from(hash).toString("hex"));
        }
        this.#checkDatabase();
      });
    };
  }

  /** The first violation ends the run. */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.violation ??= error;
    }
  }

  follow(): void {
    if (!this.#parts.settings.shared) this.auditor.follow(this.disk.durable);
  }

  /** What the caller hears is at most what is durable at this very moment. */
  hear(name: string, { verdict, sequence, hash, reservation, failure }: Governed): void {
    this.guard(() => {
      this.follow();
      const { effect, code } = verdict;
      this.#parts.trace(`  heard ${name}: ${sequence} ${code}${failure === null ? "" : ` (${failure})`}`);
      if ((failure !== null || sequence === null) && (effect !== "deny" || reservation !== null))
        throw new Violation("failures deny", `${name} failed and is a ${effect}`);
      if (sequence === null) return;
      const record = this.auditor.records[sequence];
      const stated = Buffer.from(hash!).toString("hex");
      if (record === undefined)
        throw new Violation("durability", `${name} was answered before record ${sequence} was durable`);
      if (record.hash !== stated || record.fields.effect !== effect || record.fields.code !== code)
        throw new Violation("durability", `${name} was answered with what record ${sequence} is not`);
      this.acknowledged.set(sequence, stated);
    });
  }

  /** @throws Violation */
  checkAcknowledged(): void {
    for (const [sequence, hash] of this.acknowledged) {
      if (this.auditor.records[sequence]?.hash !== hash)
        throw new Violation("durability", `record ${sequence} was acknowledged, and is not there`);
    }
  }

  #checkDatabase(): void {
    const { memory } = this.database;
    const count = this.auditor.records.length;
    this.auditor.checkStates("the database", count, (key) => memory.entries.get(key)?.bytes ?? null);
  }

  /** The store is at a place in the log that is durable, and has the states of that place. */
  #checkStore(): void {
    this.follow();
    const { entries } = this.disk.store;
    const stored = entries.get(APPLIED_KEY);
    if (stored === undefined) return;
    const applied = decodeApplied(stored.bytes);
    if (applied.kind === "rebuilding") return;
    if (applied.kind !== "applied") throw new Violation("store", "it does not say where it is");
    const { sequence } = applied.tip;
    if (sequence > this.auditor.records.length)
      throw new Violation("store", `it is at ${sequence}, the log at ${this.auditor.records.length}`);
    this.auditor.checkStates("the store", sequence, (key) => entries.get(key)?.bytes ?? null);
  }

  open(node: Node): void {
    node.opening = true;
    node.life = new Life();
    const { life } = node;
    const { settings } = this.#parts;
    const opened = settings.shared ? this.#openShared(node) : this.#openOwn(node);
    opened.then(
      () => {
        if (node.life === life) node.opening = false;
      },
      (error: unknown) => {
        if (node.life !== life) return;
        node.opening = false;
        this.#parts.trace(`  not opened: ${error}`);
        if (error instanceof Violation) this.violation ??= error;
      },
    );
  }

  async #openShared(node: Node): Promise<void> {
    const { faults, breakage } = this.#parts;
    const transactions = this.database.connect(faults, node.life, breakage.ignoresOthers === true);
    this.#start(node, new TableLedger(transactions));
  }

  async #openOwn(node: Node): Promise<void> {
    const { scheduler, faults, settings, breakage } = this.#parts;
    const { life } = node;
    const skipsSync = breakage.skipsSync === true;
    const opensUnsynced = breakage.opensUnsynced === true;
    const opened = await DiskLog.open({ disk: this.disk, scheduler, faults, life, skipsSync, opensUnsynced });
    const log = breakage.log?.(opened) ?? opened;
    const store = new DiskStore(this.disk, faults, life, () => this.guard(() => this.#checkStore()));
    if (node.rebuilding) {
      await rebuildState(log, store, sha256);
      if (!life.alive) return;
      node.rebuilding = false;
    }
    const result = await openOwnLedger({
      log,
      store,
      digest: sha256,
      options: { ...settings, timeoutMs: TIMEOUT_MS, schedule: scheduler.scheduleOf(life) },
      limits: { entries: 64, bytes: settings.keptBytes },
    });
    if (!life.alive) return;
    if (result.ok) {
      node.own = result.ledger;
      this.#start(node, result.ledger);
    } else if (NEVER.has(result.code)) throw new Violation("opening", `${result.code} ${result.message}`);
    else throw new Error(result.message);
  }

  #start(node: Node, ledger: Ledger): void {
    const { breakage, faults } = this.#parts;
    node.ledger = breakage.ledger?.(ledger) ?? ledger;
    const world = this;
    const throwing = (name: string): void => {
      if (faults.throws(name)) throw new Error(`${name} throws`);
    };
    const ports: ControlPorts = {
      ledger: node.ledger,
      get core() {
        return world.#coreOf(node);
      },
      clock: {
        now: () => {
          throwing("clock");
          return world.nowMs + node.skewMs;
        },
      },
      salts: {
        at: (tip) => {
          throwing("salts");
          return SALTS.at(tip);
        },
      },
      identify: this.#identify(node.life),
      delegations: this.#delegations(node.life),
    };
    node.plane = new ControlPlane(ports);
  }

  /** The core of the moment, which leaves what it was given for whoever decides again. */
  #coreOf(node: Node): DecidingCore {
    const { policies, breakage } = this.#parts;
    const { core } = policies[node.policy]!;
    const broken = breakage.core?.(core) ?? core;
    const note = <Made extends { hash: Uint8Array }>(
      made: Made,
      text: Inputs["text"],
      facts: Inputs["facts"],
    ): Made => {
      this.#inputs.set(Buffer.from(made.hash).toString("hex"), { text, facts });
      return made;
    };
    return {
      decideRecorded: (text, facts, place, state) =>
        note(broken.decideRecorded(text, facts, place, state), text, facts),
      applyEvent: (text, facts, place, state) =>
        note(broken.applyEvent(text, facts, place, state), text, facts),
      refuse: (call, code, text, facts, place) =>
        note(broken.refuse(call, code, text, facts, place), text, facts),
    };
  }

  #identify(life: Life): Identify {
    return {
      identify: ({ scheme }, { agent }) =>
        this.#parts.faults.around("identify", life, () =>
          scheme === "known"
            ? { ok: true, principal: { id: agent, method: "test", verified: true } }
            : { ok: false, code: "identity_invalid", reason: "nobody knows it" },
        ),
    };
  }

  #delegations(life: Life): Delegations {
    return {
      verify: (tokens) =>
        this.#parts.faults.around("delegations", life, () => ({
          ok: true,
          delegation: factsOfTokens(tokens),
        })),
    };
  }

  /** Everything in the memory of a node is gone. @param power of the machine, too: what was not synchronised may be lost. */
  end(node: Node, power: boolean): void {
    this.#parts.scheduler.end(node.life);
    node.plane = null;
    node.ledger = null;
    node.own = null;
    node.opening = false;
    node.closing = false;
    if (power && !this.#parts.settings.shared) this.disk.crash();
  }

  /** When nobody is under way: memory, store and a rebuild are what the log says. */
  async checkAll(nodes: readonly Node[]): Promise<void> {
    const { auditor } = this;
    this.follow();
    this.checkAcknowledged();
    const count = auditor.records.length;
    const log = { read: () => sealed(auditor) } as unknown as RecordLog;
    const rebuilt = new MemoryState();
    try {
      await rebuildState(log, rebuilt, sha256);
    } catch (error) {
      throw new Violation("state", `it cannot be made from the log: ${error}`);
    }
    const found = await rebuilt.read(auditor.keys);
    const byKey = new Map(auditor.keys.map((key, index) => [key, found[index]?.bytes ?? null]));
    auditor.checkStates("a rebuild", count, (key) => byKey.get(key) ?? null);
    if (this.#parts.settings.shared) this.#checkDatabase();
    else if (nodes[0]!.own === null && !nodes[0]!.rebuilding) this.#checkStore();
  }

  async checkMemory(ledger: Ledger): Promise<void> {
    const { auditor } = this;
    const held = await ledger.read(auditor.keys);
    const byKey = new Map(auditor.keys.map((key, index) => [key, held[index] ?? null]));
    this.guard(() => {
      this.follow();
      auditor.checkStates("memory", auditor.records.length, (key) => byKey.get(key) ?? null);
    });
  }
}

async function* sealed({ records }: Auditor) {
  for (const [sequence, { record, hash }] of records.entries()) {
    yield { sequence, record, hash: new Uint8Array(Buffer.from(hash, "hex")) };
  }
}
