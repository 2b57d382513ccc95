/** What agents and operators do: calls, retries, settlements that come twice, refunds behind settlements, approvals, freezing. */
import { createHash } from "node:crypto";
import type { Governed } from "../../control/govern.ts";
import type { ControlPlane } from "../../control/plane.ts";
import type { Random } from "../fuzz/random.ts";
import type { Audited } from "./auditor.ts";

export interface Surroundings {
  readonly random: Random;
  now(): number;
  /** The record of an acknowledged call. */
  recordAt(sequence: number): Audited;
}

/** A call under way, or one whose end is not known. */
export interface Operation {
  readonly name: string;
  run(plane: ControlPlane): Promise<Governed>;
}

const SESSIONS = ["s1", "s2", "s3"];
const AMOUNTS = [0, 1, 5, 12.5, 20, 33.25, 45];
const GRANT_MS = 3_600_000;
const MAX_GRANTS = 4;

export const grantDigest = (token: string): string => createHash("sha256").update(token).digest("hex");

/** What was reserved, and by which call: it is settled in whatever life the control plane is in. */
interface Permitted {
  readonly agent: string;
  readonly session: string | undefined;
  readonly chain: readonly string[];
  readonly reservation: number;
}

/** What all clients know together. */
export class Office {
  readonly deferred: { readonly agent: string; readonly digest: string; readonly action: object }[] = [];
  readonly permitted: Permitted[] = [];
  readonly grants: string[] = [];
}

export class Client {
  readonly #office: Office;
  readonly #around: Surroundings;
  #last: Operation | null = null;
  #number = 0;
  readonly #name: string;

  constructor(name: string, office: Office, around: Surroundings) {
    this.#name = name;
    this.#office = office;
    this.#around = around;
  }

  /** The next thing to do; sometimes the same once more, as whoever got no answer does. */
  next(): Operation {
    const { random } = this.#around;
    if (this.#last === null) {
      this.#last = this.#open();
      return this.#last;
    }
    if (random.chance(0.15)) return this.#last;
    this.#last = random.weighted<Operation>([
      [30, () => this.#pay()],
      [8, () => this.#mail()],
      [14, () => this.#settle()],
      [8, () => this.#refund()],
      [10, () => this.#again()],
      [8, () => this.#approve()],
      [3, () => this.#reject()],
      [7, () => this.#open()],
      [2, () => this.#close()],
      [2, () => this.#freeze(random.chance(0.3))],
      [3, () => this.#freeze(false)],
      [2, () => this.#revoke()],
      [2, () => this.#malformed()],
    ]);
    return this.#last;
  }

  #pay(): Operation {
    const { random } = this.#around;
    const tool = random.weighted([
      [6, () => "pay/small"],
      [4, () => "pay/large"],
      [1, () => "pay/never"],
    ]);
    const delegated = random.chance(0.25);
    const agent = delegated || random.chance(0.2) ? "clerk" : "shop";
    const session = agent === "shop" || delegated ? random.pick(SESSIONS) : undefined;
    const card = random.chance(0.2) ? { card: `4111-${random.below(9)}` } : {};
    const args = { amount: random.pick(AMOUNTS), ...card };
    const call = tool === "pay/large" ? { call_id: `${this.#name}-${random.below(3)}` } : {};
    const action = { agent, tool, args, ...(session === undefined ? {} : { session }), ...call };
    const delegation = delegated ? [this.#grant()] : undefined;
    const credential = random.chance(0.1) ? { scheme: random.chance(0.2) ? "forged" : "known" } : undefined;
    return this.#decide(`${agent} ${tool}`, action, { agent, session, delegation, credential });
  }

  #grant(): string {
    const { grants } = this.#office;
    const { random } = this.#around;
    if (grants.length < MAX_GRANTS || random.chance(0.1)) {
      const number = this.#number++;
      grants.push(`${this.#name}-${number}:${this.#around.now()}:${this.#around.now() + GRANT_MS}`);
      if (grants.length > MAX_GRANTS) grants.shift();
    }
    return random.pick(grants);
  }

  #decide(name: string, action: object, more: object): Operation {
    const request = { action: action as Record<string, unknown>, ...more } as Parameters<
      ControlPlane["decide"]
    >[0];
    return {
      name: `decide ${name}`,
      run: async (plane) => {
        const decision = await plane.decide(request);
        const { effect } = decision.verdict;
        const { chain, reservation } = decision;
        if (effect === "permit" && reservation !== null) {
          const { agent, session } = request;
          this.#office.permitted.push({ agent, session: session ?? undefined, chain, reservation });
        }
        if (effect === "defer" && decision.sequence !== null) {
          const digest = this.#around.recordAt(decision.sequence).fields.action_digest!;
          this.#office.deferred.push({ agent: request.agent, digest, action: request });
        }
        return decision;
      },
    };
  }

  #mail(): Operation {
    const session = this.#around.random.pick(SESSIONS);
    return this.#decide(
      "mail",
      { agent: "shop", session, tool: "mail/send", args: {} },
      { agent: "shop", session },
    );
  }

  /** A deferred call once more: it may have been approved since. */
  #again(): Operation {
    const { deferred } = this.#office;
    if (deferred.length === 0) return this.#pay();
    const { action } = this.#around.random.pick(deferred);
    const request = action as Parameters<ControlPlane["decide"]>[0];
    return { name: "decide again", run: (plane) => plane.decide(request) };
  }

  #settle(): Operation {
    const permitted = this.#permitted();
    if (permitted === null) return this.#open();
    const { random } = this.#around;
    const actual = random.chance(0.2) ? {} : { money: random.pick(AMOUNTS) };
    const settlement = { ...permitted, ...actual };
    return { name: `settle ${permitted.reservation}`, run: (plane) => plane.settle(settlement) };
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
    const { deferred } = this.#office;
    if (deferred.length === 0) return this.#pay();
    const { random } = this.#around;
    const { agent, digest } = random.pick(deferred.slice(-5));
    const expires = this.#around.now() + random.pick([2_000, 60_000, 3_600_000]);
    const approver = random.chance(0.1) ? agent : "boss";
    return {
      name: "approve",
      run: (plane) => plane.approve({ agent, actionDigest: digest, approver, expires }),
    };
  }

  #reject(): Operation {
    const { deferred } = this.#office;
    if (deferred.length === 0) return this.#pay();
    const { agent, digest } = this.#around.random.pick(deferred);
    return {
      name: "reject",
      run: (plane) => plane.reject({ agent, actionDigest: digest, approver: "boss" }),
    };
  }

  #open(): Operation {
    const session = this.#around.random.pick(SESSIONS);
    return { name: `open ${session}`, run: (plane) => plane.openSession({ agent: "shop", session }) };
  }

  #close(): Operation {
    const session = this.#around.random.pick(SESSIONS);
    return { name: `close ${session}`, run: (plane) => plane.closeSession({ agent: "shop", session }) };
  }

  #freeze(freeze: boolean): Operation {
    const agent = this.#around.random.pick(["shop", "clerk"]);
    const operation = { agent, by: "boss" };
    return freeze
      ? { name: `freeze ${agent}`, run: (plane) => plane.freeze(operation) }
      : { name: `unfreeze ${agent}`, run: (plane) => plane.unfreeze(operation) };
  }

  #revoke(): Operation {
    const grant = grantDigest(this.#grant());
    return { name: "revoke", run: (plane) => plane.revokeGrant({ agent: "shop", grant, by: "boss" }) };
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
