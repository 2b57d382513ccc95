/** Calls on a state that is not kept: tried out, explained. */
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Verdict } from "../engine/binding/index.ts";
import { type Call, withHostFacts, withoutMembers } from "./calls.ts";
import type { Opened } from "./policy.ts";
import { blobKeys, isStateful, Memory, objectOf, type Parties, partiesOf } from "./state/memory.ts";
import type { StateReader } from "./state/parties.ts";
import type { Explanation } from "./trace.ts";
import { decideTraced } from "./traced.ts";

const SALT_BYTES = 16;

/** What calls are tried on. */
export type Tried = Pick<Opened, "core" | "ir">;

/** What a call was decided on: nothing, as the policy remembers nothing; a fresh state; the state of a folder, left as it is. */
export type TrialState = "none" | "fresh" | "folder";

/**
 * A state that begins empty, or as a ledger has it. On an empty one a session is opened by its first call, with the purpose and the phase that the
 * host says there; a call without time gets the present.
 */
export class Trial {
  readonly #opened: Tried;
  readonly #ledger: StateReader | null;
  readonly #memory: Memory | null;
  /** Sessions met, with what their first call said of them. */
  readonly #sessions = new Map<string, { purpose: unknown; phase: unknown }>();

  constructor(opened: Tried, ledger: StateReader | null = null) {
    this.#opened = opened;
    this.#ledger = ledger;
    this.#memory = ledger !== null || isStateful(opened.ir) ? new Memory() : null;
  }

  get state(): TrialState {
    if (this.#ledger !== null) return "folder";
    return this.#memory === null ? "none" : "fresh";
  }

  /** The verdict, and what it moves is remembered. */
  decide(call: Call): Verdict {
    const { core } = this.#opened;
    if (this.#memory === null) return core.decide(call.action, call.facts ?? undefined);
    const prepared = this.#prepare(this.#memory, call);
    return this.#commit(this.#memory, prepared);
  }

  /** The same with its explanation, which is of the state before. */
  async explain(call: Call): Promise<Explanation> {
    const { core, ir } = this.#opened;
    if (this.#memory === null) return decideTraced(core, ir, call);
    if (this.#ledger !== null) await this.#seed(this.#memory, this.#ledger, call);
    const prepared = this.#prepare(this.#memory, call);
    const explanation = decideTraced(core, ir, prepared.call, this.#memory);
    this.#commit(this.#memory, prepared);
    return explanation;
  }

  async #seed(memory: Memory, ledger: StateReader, { action, facts }: Call): Promise<void> {
    const parties = partiesOf(objectOf(action), objectOf(facts), false);
    if (parties === null) return;
    const keys = blobKeys(parties);
    const found = await ledger.read(keys.filter((key) => key !== null));
    let at = 0;
    memory.seed(
      parties,
      keys.map((key) => (key === null ? null : found[at++]!)),
    );
  }

  #prepare(memory: Memory, { action, facts }: Call): { call: Call; parties: Parties | null } {
    const timed = withHostFacts(facts, { agent: null, time: Date.now(), salt: null });
    const stated = objectOf(timed);
    const parties = partiesOf(objectOf(action), stated, false);
    if (this.#ledger !== null || parties === null || parties.session === null || stated === null) {
      return { call: { action, facts: timed }, parties };
    }
    const opened = this.#open(memory, { ...parties, session: parties.session }, stated);
    // What differs from the session's own the core refuses.
    const same = (["purpose", "phase"] as const).filter((key) => stated[key] === opened[key]);
    return { call: { action, facts: withoutMembers(timed, same) }, parties };
  }

  #open(memory: Memory, parties: Parties & { session: string }, stated: Readonly<Record<string, unknown>>) {
    const { session, chain, agent } = parties;
    const root = chain[0] ?? agent;
    const known = this.#sessions.get(JSON.stringify([root, session]));
    if (known !== undefined) return known;
    const said = { purpose: stated.purpose, phase: stated.phase };
    this.#sessions.set(JSON.stringify([root, session]), said);
    const event = { type: "session_open", agent: root, session, ...said };
    const facts = JSON.stringify({ time: stated.time });
    memory.apply(this.#opened.core, JSON.stringify(event), facts, { agent: root, session, chain: [] });
    return said;
  }

  #commit(memory: Memory, { call, parties }: { call: Call; parties: Parties | null }): Verdict {
    const { core, ir } = this.#opened;
    const salt =
      ir.redacts.length === 0 ? null : bytesToHex(crypto.getRandomValues(new Uint8Array(SALT_BYTES)));
    const facts = withHostFacts(call.facts, { agent: null, time: null, salt });
    return memory.decide(core, call.action, facts ?? undefined, parties).verdict;
  }
}
