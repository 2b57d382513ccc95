/**
 * What agents and operators do: calls of themselves and for others, retries, settlements that come twice, refunds behind settlements,
 * approvals, phases, children, freezing, revocation.
 */
import type { Governed } from "../../control/govern.ts";
import type { ControlPlane } from "../../control/plane.ts";
import type { DecisionRequest } from "../../control/requests.ts";
import type { Random } from "../fuzz/random.ts";
import type { Audited } from "./auditor.ts";
import { Grants, grantDigest } from "./grants.ts";
import { FIRST_PHASE, SECOND_PHASE } from "./policies.ts";

export interface Surroundings {
  readonly random: Random;
  now(): number;
  /** Those that are durable. */
  records(): readonly Audited[];
  /** How many ends of a process there were. */
  crashes(): number;
  /** Told of what a run should not be without. */
  note(kind: string): void;
}

/** A call under way, or one whose end is not known. */
export interface Operation {
  readonly name: string;
  run(plane: ControlPlane): Promise<Governed>;
}

/** Who a call is by, in which session, and in whose name: grantors, root first. */
interface Route {
  readonly agent: string;
  readonly session: string | undefined;
  readonly chain: readonly string[];
}

/** It is settled in whatever life the control plane is in. */
interface Permitted extends Route {
  readonly reservation: number;
  readonly crashes: number;
}

interface Deferred extends Route {
  readonly digest: string;
  readonly request: DecisionRequest;
}

/** What all clients know together. */
export class Office {
  readonly deferred: Deferred[] = [];
  /** Those of which an approval was heard. */
  readonly approved: (Deferred & { readonly crashes: number })[] = [];
  /** The shop's, opened or about to be. */
  readonly sessions = ["s1", "s2"];
  readonly opened = new Set<string>();
  readonly permitted: Permitted[] = [];
  readonly grants = new Grants();
  /** Tokens and their grantors, as they were presented. */
  readonly presented: { readonly from: string; readonly token: string }[] = [];
}

/** What a run's clients do more of than others. */
export const EMPHASES = ["all", "money", "chains", "counts", "phases", "approvals"] as const;
export type Emphasis = (typeof EMPHASES)[number];

const AMOUNTS = [0, 1, 5, 12.5, 20, 33.25, 45];
const BYTES = [0, 700, 1500, 3000];
const MORE = 4;

export class Client {
  readonly #office: Office;
  readonly #around: Surroundings;
  readonly #emphasis: Emphasis;
  #last: Operation | null = null;
  readonly #name: string;

  constructor(name: string, office: Office, around: Surroundings, emphasis: Emphasis) {
    this.#name = name;
    this.#office = office;
    this.#around = around;
    this.#emphasis = emphasis;
  }

  /** The next thing to do; sometimes the same once more, as whoever got no answer does. */
  next(): Operation {
    const { random } = this.#around;
    const { sessions, opened } = this.#office;
    if (sessions.some((one) => !opened.has(one))) {
      this.#last = this.#open();
      return this.#last;
    }
    if (this.#last !== null && random.chance(0.15)) return this.#last;
    const more = (...those: Emphasis[]): number => (those.includes(this.#emphasis) ? MORE : 1);
    this.#last = random.weighted<Operation>([
      [24 * more("money"), () => this.#pay()],
      [8 * more("chains"), () => this.#mail()],
      [7 * more("counts"), () => this.#read()],
      [6 * more("counts", "chains"), () => this.#spawn()],
      [3 * more("counts"), () => this.#exit()],
      [7 * more("phases"), () => this.#goods()],
      [4 * more("phases"), () => this.#phase()],
      [12 * more("money", "counts"), () => this.#settle()],
      [6 * more("money"), () => this.#refund()],
      [9 * more("approvals"), () => this.#again()],
      [9 * more("approvals"), () => this.#approve()],
      [3 * more("approvals"), () => this.#reject()],
      [2 * more("phases"), () => this.#open()],
      [2, () => this.#close()],
      [2, () => this.#freeze(random.chance(0.3))],
      [3, () => this.#freeze(false)],
      [2 * more("chains"), () => this.#revoke()],
      [1, () => this.#record()],
      [2, () => this.#malformed()],
    ]);
    return this.#last;
  }

  /** The shop itself, or somebody in its name, or without it. */
  #route(): Route {
    const { random } = this.#around;
    const chains = this.#emphasis === "chains" || this.#emphasis === "approvals" ? MORE : 1;
    const session = random.pick(this.#office.sessions);
    return random.weighted<Route>([
      [12, () => ({ agent: "shop", session, chain: [] })],
      [2, () => ({ agent: "clerk", session: undefined, chain: [] })],
      [4 * chains, () => ({ agent: "clerk", session, chain: ["shop"] })],
      [2 * chains, () => ({ agent: "trainee", session, chain: ["shop", "clerk"] })],
      [chains, () => ({ agent: "trainee", session: undefined, chain: ["clerk"] })],
      // No policy lets it.
      [1, () => ({ agent: "trainee", session, chain: ["shop"] })],
    ]);
  }

  /** Null when the agent acts for itself. */
  #tokens({ agent, chain }: Route): string[] | undefined {
    if (chain.length === 0) return undefined;
    const { presented, grants } = this.#office;
    const agents = [...chain, agent];
    return chain.map((from, index) => {
      const token = grants.token(this.#around.random, from, agents[index + 1]!, this.#around.now());
      presented.push({ from, token });
      return token;
    });
  }

  #call(tool: string, args: object, more: object = {}): Operation {
    const { random } = this.#around;
    const route = this.#route();
    const { agent, session } = route;
    const action = { agent, tool, args, ...(session === undefined ? {} : { session }), ...more };
    const credential = random.chance(0.1) ? { scheme: random.chance(0.2) ? "forged" : "known" } : undefined;
    return this.#decide({ action, agent, session, delegation: this.#tokens(route), credential });
  }

  #decide(request: DecisionRequest): Operation {
    const { tool } = request.action as { tool: string };
    const { deferred, permitted } = this.#office;
    const { records, note, crashes } = this.#around;
    const { agent } = request;
    const session = request.session ?? undefined;
    const run = async (plane: ControlPlane): Promise<Governed> => {
      const begun = records().length;
      const decision = await plane.decide(request);
      const { verdict, chain, reservation, sequence } = decision;
      if (verdict.effect === "permit" && reservation !== null)
        permitted.push({ agent, session, chain, reservation, crashes: crashes() });
      if (verdict.effect === "defer" && sequence !== null) {
        const digest = records()[sequence]!.fields.action_digest!;
        deferred.push({ agent, session, chain, digest, request });
      }
      const cause = { delegation_revoked: "delegation_revoke", agent_frozen: "freeze" }[
        verdict.code as string
      ];
      const last = cause && records().findLast(({ fields }) => fields.type === cause);
      if (last && last.fields.sequence >= begun) note(`${verdict.code} while under way`);
      return decision;
    };
    return { name: `decide ${agent} ${tool}`, run };
  }

  #pay(): Operation {
    const { random } = this.#around;
    const tool = random.weighted([
      [6, () => "pay/small"],
      [4, () => "pay/large"],
      [1, () => "pay/never"],
    ]);
    const card = random.chance(0.2) ? { card: `4111-${random.below(9)}` } : {};
    const call = tool === "pay/large" ? { call_id: `${this.#name}-${random.below(3)}` } : {};
    return this.#call(tool, { amount: random.pick(AMOUNTS), ...card }, call);
  }

  #mail(): Operation {
    return this.#call("mail/send", {});
  }

  #read(): Operation {
    return this.#call("crm/read", { customer: this.#around.random.pick(["ada", "bob", 1, "1"]) });
  }

  #spawn(): Operation {
    const { random } = this.#around;
    return this.#call("agent/spawn", { type: random.chance(0.1) ? "worker-root" : "worker-1" });
  }

  #exit(): Operation {
    const agent = this.#around.random.chance(0.7) ? "shop" : "clerk";
    return { name: `child exit ${agent}`, run: (plane) => plane.childExit({ agent }) };
  }

  #goods(): Operation {
    return this.#call(this.#around.random.pick(["goods/pick", "goods/send"]), {});
  }

  #phase(): Operation {
    const { random } = this.#around;
    const session = random.pick(this.#office.sessions);
    const phase = random.pick([FIRST_PHASE, SECOND_PHASE, SECOND_PHASE, "nowhere"]);
    return {
      name: `phase ${session} ${phase}`,
      run: (plane) => plane.setPhase({ agent: "shop", session, phase }),
    };
  }

  /** A deferred call once more: it may have been approved since. */
  #again(): Operation {
    const { random } = this.#around;
    const { deferred, approved } = this.#office;
    const some = approved.length > 0 && random.chance(0.7) ? approved.slice(-3) : deferred.slice(-8);
    if (some.length === 0) return this.#pay();
    const { request, crashes = null } = random.pick<Deferred & { crashes?: number }>(some);
    const { name, run } = this.#decide(request);
    return {
      name,
      run: (plane) => this.#noted(run(plane), "approved", "approval used behind a crash", crashes),
    };
  }

  #settle(): Operation {
    const permitted = this.#permitted();
    if (permitted === null) return this.#open();
    const { random } = this.#around;
    const money = random.chance(0.2) ? {} : { money: random.pick(AMOUNTS) };
    const bytes = random.chance(0.4) ? {} : { bytes: random.pick(BYTES) };
    const { crashes, reservation } = permitted;
    const settlement = { ...permitted, ...money, ...bytes };
    const run = (plane: ControlPlane): Promise<Governed> =>
      this.#noted(plane.settle(settlement), "event_applied", "settled behind a crash", crashes);
    return { name: `settle ${reservation}`, run };
  }

  /** Notes the kind when it ends with that code and a process has ended since. */
  async #noted(
    ending: Promise<Governed>,
    code: string,
    kind: string,
    crashes: number | null,
  ): Promise<Governed> {
    const governed = await ending;
    if (crashes !== null && governed.verdict.code === code && crashes < this.#around.crashes())
      this.#around.note(kind);
    return governed;
  }

  #refund(): Operation {
    const permitted = this.#permitted();
    if (permitted === null) return this.#mail();
    return { name: `refund ${permitted.reservation}`, run: (plane) => plane.refund(permitted) };
  }

  #permitted(): Permitted | null {
    const { permitted } = this.#office;
    if (permitted.length === 0) return null;
    return this.#around.random.pick(permitted.slice(-6));
  }

  #approve(): Operation {
    const { deferred, approved } = this.#office;
    if (deferred.length === 0) return this.#pay();
    const { random } = this.#around;
    const call = random.pick(deferred.slice(-5));
    const { agent, session, chain, digest } = call;
    const expires = this.#around.now() + random.pick([2_000, 60_000, 3_600_000]);
    const approver = random.chance(0.1) ? random.pick([agent, ...chain]) : "boss";
    const approval = { agent, session, chain, actionDigest: digest, approver, expires };
    const run = async (plane: ControlPlane): Promise<Governed> => {
      const applied = await plane.approve(approval);
      const crashes = this.#around.crashes();
      if (applied.verdict.effect === "permit") approved.push({ ...call, crashes });
      return applied;
    };
    return { name: "approve", run };
  }

  #reject(): Operation {
    const { deferred } = this.#office;
    if (deferred.length === 0) return this.#pay();
    const { agent, session, digest } = this.#around.random.pick(deferred);
    const rejection = { agent, session, actionDigest: digest, approver: "boss" };
    return { name: "reject", run: (plane) => plane.reject(rejection) };
  }

  #open(): Operation {
    const { random } = this.#around;
    const { sessions, opened } = this.#office;
    if (sessions.every((one) => opened.has(one)))
      sessions[random.below(sessions.length)] = `s${opened.size + 1}`;
    const session = sessions.find((one) => !opened.has(one))!;
    opened.add(session);
    const phase = random.chance(0.2) ? SECOND_PHASE : undefined;
    return { name: `open ${session}`, run: (plane) => plane.openSession({ agent: "shop", session, phase }) };
  }

  #close(): Operation {
    const session = this.#around.random.pick(this.#office.sessions);
    return { name: `close ${session}`, run: (plane) => plane.closeSession({ agent: "shop", session }) };
  }

  #freeze(freeze: boolean): Operation {
    const agent = this.#around.random.pick(["shop", "clerk", "trainee"]);
    const operation = { agent, by: "boss" };
    return freeze
      ? { name: `freeze ${agent}`, run: (plane) => plane.freeze(operation) }
      : { name: `unfreeze ${agent}`, run: (plane) => plane.unfreeze(operation) };
  }

  /** Mostly of a grant that somebody may just be standing on. */
  #revoke(): Operation {
    const { presented } = this.#office;
    if (presented.length === 0) return this.#pay();
    const { from, token } = this.#around.random.pick(presented.slice(-4));
    const revocation = { agent: from, grant: grantDigest(token), by: "boss" };
    return { name: "revoke", run: (plane) => plane.revokeGrant(revocation) };
  }

  #record(): Operation {
    const token = this.#office.grants.token(this.#around.random, "shop", "clerk", this.#around.now());
    const expires = Number(token.split(":")[4]);
    const recording = { agent: "shop", grant: grantDigest(token), to: "clerk", expires };
    return { name: "grant", run: (plane) => plane.recordGrant(recording) };
  }

  #malformed(): Operation {
    const action = this.#around.random.pick([
      "{",
      '{"agent":"shop"}',
      '{"agent":"shop","tool":"pay/small","args":{"amount":-1}}',
      "\ud800",
    ]);
    return { name: "malformed", run: (plane) => plane.decide({ agent: "shop", action }) };
  }
}
