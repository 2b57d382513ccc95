/**
 * Following an origin: poll, verify, swap between two decisions, keep the last good bundle, refuse an older one. Before there is a
 * good one every decision is a deny with `no_policy`.
 */
import type { HighestSequence } from "../../bundles/trust/index.ts";
import type { Core, Traced, Verdict } from "../../engine/binding/index.ts";
import { type Input, toText } from "../call.ts";
import type { Clock } from "../ports.ts";
import type { BundleOrigin, Fetched } from "./origin.ts";
import type { Accept, Identity, Ready } from "./prepare.ts";
import { errorLine, type PolicyRefusal, policyRefusal } from "./refusals.ts";

/** What `prepare` is told beside the file. */
export interface Moment {
  /** The newest bundle so far. */
  readonly highest: HighestSequence | null;
  readonly accept: Accept;
  /** The origin's, of the file. */
  readonly tag: string | null;
  /** What is in use. */
  readonly current: Ready | null;
}

export interface FollowPorts {
  readonly origin: BundleOrigin;
  readonly clock: Clock;
  /** A core without a policy: what decides before there is one, and is let go of then. */
  readonly empty: Core;
  /** Verifies a file and loads it into a core, of its own unless it is what is in use. */
  prepare(file: Uint8Array, moment: Moment): Promise<({ ok: true } & Ready) | PolicyRefusal>;
  /** The last good bundle of an earlier process, verified anew: decides, as stale, until the origin answers. */
  readonly kept?:
    | { readonly ready: Ready; readonly file: Uint8Array; readonly tag: string | null }
    | undefined;
  /** Where a runtime may drop a poll without a word: one that takes longer is given up, and whatever it still finds has no effect. */
  readonly lostAfterMs?: number | undefined;
}

export interface FollowStatus {
  /** What is deciding; null before there was a good bundle. */
  readonly identity: Identity | null;
  /** Whether the last poll did not find the origin giving what is in use: since when, in Unix milliseconds; null when it did. */
  readonly staleSinceMs: number | null;
  /** When the origin last gave, or confirmed, what is in use. */
  readonly confirmedMs: number | null;
  readonly polledMs: number | null;
  /** Polls in a row that failed. */
  readonly failures: number;
  /** Why the last poll failed. */
  readonly refusal: PolicyRefusal | null;
}

export type Poll =
  | { readonly ok: true; readonly changed: boolean; readonly identity: Identity }
  | PolicyRefusal;

const GIVEN_UP = policyRefusal("origin_slow", "the poll was given up for a later one");

export class FollowedPolicy {
  readonly #ports: Omit<FollowPorts, "empty" | "kept">;
  #empty: Core | null;
  #ready: Ready | null = null;
  /** What is in use, as the origin gave it. */
  #file: Uint8Array | null = null;
  #tag: string | null = null;
  #status: FollowStatus;
  #polling: Promise<Poll> | null = null;
  #turn = 0;
  #beganMs = 0;
  readonly #accepts = new Set<Accept>();
  readonly #whenChanged = new Set<(identity: Identity) => void>();

  constructor({ empty, kept, ...ports }: FollowPorts) {
    this.#ports = ports;
    this.#empty = empty;
    if (kept !== undefined) this.#take(kept.ready, kept.file, kept.tag);
    this.#status = {
      identity: this.identity,
      staleSinceMs: ports.clock.now(),
      confirmedMs: null,
      polledMs: null,
      failures: 0,
      refusal: null,
    };
  }

  get status(): FollowStatus {
    return this.#status;
  }

  get identity(): Identity | null {
    return this.#ready?.identity ?? null;
  }

  /** The bundle in use, not to be changed; null before there was a good one. */
  get bundle(): Uint8Array | null {
    return this.#ready?.bundle ?? null;
  }

  /** What decides at this moment: a control plane asks at every call, so that each is decided by one bundle wholly. */
  get core(): Core {
    return this.#ready?.core ?? this.#empty!;
  }

  decide(action: Input, facts?: Input): Verdict {
    return this.core.decide(toText(action), facts === undefined ? undefined : toText(facts));
  }

  trace(action: Input, facts?: Input): Traced {
    return this.core.trace(toText(action), facts === undefined ? undefined : toText(facts));
  }

  /**
   * From now on only bundles that all who required something accept are taken into use, also of a poll that is under way.
   * @returns why the one in use is none, or null; it stays in use.
   */
  require(accept: Accept): PolicyRefusal | null {
    this.#accepts.add(accept);
    return this.#ready === null ? null : accept(this.#ready.bundle);
  }

  /** Takes a `require` back. */
  release(accept: Accept): void {
    this.#accepts.delete(accept);
  }

  readonly #accept: Accept = (bundle) => {
    for (const accept of this.#accepts) {
      const unwanted = accept(bundle);
      if (unwanted !== null) return unwanted;
    }
    return null;
  };

  /** Called after each swap; does not throw. @returns what takes that back. */
  onChange(run: (identity: Identity) => void): () => void {
    this.#whenChanged.add(run);
    return () => {
      this.#whenChanged.delete(run);
    };
  }

  /** Asks the origin now; calls that come while it is asked share the answer. Never rejects. */
  poll(): Promise<Poll> {
    const nowMs = this.#ports.clock.now();
    const isLost = nowMs - this.#beganMs > (this.#ports.lostAfterMs ?? Number.POSITIVE_INFINITY);
    if (this.#polling !== null && !isLost) return this.#polling;
    this.#turn++;
    this.#beganMs = nowMs;
    const turn = this.#turn;
    const polling = this.#poll(turn).finally(() => {
      if (turn === this.#turn) this.#polling = null;
    });
    this.#polling = polling;
    return polling;
  }

  #take(ready: Ready, file: Uint8Array, tag: string | null): void {
    this.#ready = ready;
    this.#file = file;
    this.#tag = tag;
    // A core's memory is large where it counts wholly.
    this.#empty = null;
  }

  #momentOf(tag: string | null): Moment {
    const current = this.#ready;
    return { highest: current?.highest ?? null, accept: this.#accept, tag, current };
  }

  async #poll(turn: number): Promise<Poll> {
    const { origin, prepare } = this.#ports;
    let fetched: Fetched;
    try {
      fetched = await origin.get(this.#tag);
    } catch (error) {
      fetched = {
        kind: "refused",
        refusal: policyRefusal("origin_unreachable", `${origin.name}: ${errorLine(error)}`),
      };
    }
    if (turn !== this.#turn) return GIVEN_UP;
    if (fetched.kind === "refused") return this.#failed(fetched.refusal);
    // What is unchanged is verified anew: the trusted keys, or the time, may be others.
    const { file, tag } = fetched.kind === "file" ? fetched : { file: this.#file, tag: this.#tag };
    if (file === null)
      return this.#failed(
        policyRefusal("origin_refused", `${origin.name} says unchanged, but nothing is here`),
      );
    try {
      const ready = await prepare(file, this.#momentOf(tag));
      if (turn !== this.#turn) return GIVEN_UP;
      if (!ready.ok) return this.#failed(ready);
      // Again: somebody may have required more meanwhile.
      const unwanted = this.#accept(ready.bundle);
      if (unwanted !== null) return this.#failed(unwanted);
      const changed = ready.identity.bundle !== this.#ready?.identity.bundle;
      this.#take(ready, file, tag);
      return this.#confirmed(ready, changed);
    } catch (error) {
      const refusal = policyRefusal("core_unusable", errorLine(error));
      return turn === this.#turn ? this.#failed(refusal) : refusal;
    }
  }

  #confirmed({ identity }: Ready, changed: boolean): Poll {
    const nowMs = this.#ports.clock.now();
    this.#status = {
      identity,
      staleSinceMs: null,
      confirmedMs: nowMs,
      polledMs: nowMs,
      failures: 0,
      refusal: null,
    };
    if (changed) for (const run of this.#whenChanged) run(identity);
    return { ok: true, changed, identity };
  }

  #failed(refusal: PolicyRefusal): PolicyRefusal {
    const nowMs = this.#ports.clock.now();
    const { staleSinceMs, failures } = this.#status;
    this.#status = {
      ...this.#status,
      staleSinceMs: staleSinceMs ?? nowMs,
      polledMs: nowMs,
      failures: failures + 1,
      refusal,
    };
    return refusal;
  }
}
