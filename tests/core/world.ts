/** A host in small for the tests of this folder: it keeps the blobs of a core's decisions and events, and their chain. */
import { createHash } from "node:crypto";
import type { Core, Recorded, Verdict } from "../../engine/binding/index.ts";
import { coreWith } from "./binding-core.ts";

export const START = 1_700_000_000_000;

export interface Call {
  agent: string;
  tool: string;
  args?: Record<string, unknown>;
  session?: string;
  http?: object;
}

export interface Grant {
  effect?: "permit" | "defer" | "deny";
  granted?: number;
  expires?: number;
}

export interface Given {
  /** Grantors, root first. */
  chain?: string[];
  /** One for each grantor; what is left out permits for an hour. */
  grants?: Grant[];
  facts?: Record<string, unknown>;
}

export type Event = { type: string; agent: string; session?: string; chain?: string[] } & Record<
  string,
  unknown
>;

export class World {
  readonly core: Core;
  /** By agent, or session and agent. */
  readonly blobs = new Map<string, Uint8Array>();
  now = START;
  sequence = 0;
  previous: Uint8Array = new Uint8Array(32);
  /** The last record. */
  record: Record<string, unknown> = {};

  constructor(core: Core) {
    this.core = core;
  }

  static async of(policy: string): Promise<World> {
    return new World(await coreWith(policy));
  }

  /** A recorded decision. */
  decide(call: Call, given: Given = {}): Verdict {
    const keys = keysOf(call.agent, call.session, given.chain);
    const recorded = this.core.decideRecorded(
      actionText(call),
      this.#facts(given),
      this.#place(),
      this.#state(keys),
    );
    return this.#keep(recorded, keys);
  }

  /** The same decision without a record: it changes nothing. */
  ask(call: Call, given: Given = {}): Verdict {
    const keys = keysOf(call.agent, call.session, given.chain);
    return this.core.decide(actionText(call), this.#facts(given), this.#state(keys));
  }

  /** Sequence of the record of the last decision or event. */
  get last(): number {
    return this.sequence - 1;
  }

  event(event: Event, facts: Record<string, unknown> = {}): Verdict {
    const keys = keysOf(event.agent, event.session, event.chain);
    const recorded = this.core.applyEvent(
      JSON.stringify(event),
      this.#facts({ facts }),
      this.#place(),
      this.#state(keys),
    );
    return this.#keep(recorded, keys);
  }

  #facts({ chain, grants, facts }: Given): string {
    const delegation =
      chain === undefined
        ? undefined
        : {
            chain,
            grants: chain.map((_name, i) => ({
              digest: "a".repeat(64),
              granted: grants?.[i]?.granted ?? this.now,
              expires: grants?.[i]?.expires ?? this.now + 3_600_000,
              effect: grants?.[i]?.effect ?? "permit",
            })),
          };
    return JSON.stringify({ time: this.now, delegation, ...facts });
  }

  #state(keys: readonly (string | null)[]): (Uint8Array | null)[] {
    return keys.map((key) => (key === null ? null : (this.blobs.get(key) ?? null)));
  }

  #place() {
    return { sequence: this.sequence, previous: this.previous };
  }

  #keep({ verdict, record, hash, state }: Recorded, keys: readonly (string | null)[]): Verdict {
    this.sequence++;
    this.previous = hash;
    this.record = JSON.parse(new TextDecoder().decode(record));
    for (const [i, blob] of (state ?? []).entries()) {
      if (keys[i] !== null && blob.length > 0) this.blobs.set(keys[i]!, blob);
    }
    return verdict;
  }

  /** All blobs, to compare. */
  snapshot(): string {
    return JSON.stringify(
      [...this.blobs]
        .map(([key, blob]) => [key, Buffer.from(blob).toString("hex")])
        .sort((a, b) => (a[0]! < b[0]! ? -1 : 1)),
    );
  }

  /** Slot of the header of a blob. */
  slot(key: string, slot: number): bigint {
    const blob = this.blobs.get(key)!;
    return new DataView(blob.buffer, blob.byteOffset).getBigUint64(8 * slot, true);
  }
}

/** Blobs of an action or event, in the order of the state. */
export function keysOf(agent: string, session?: string, chain: string[] = []): (string | null)[] {
  return [agent, ...chain].flatMap((name) => [name, session === undefined ? null : `${session}/${name}`]);
}

export function actionText({ agent, tool, args = {}, session, http }: Call): string {
  return JSON.stringify({ agent, tool, args, session, http });
}

/** Digest of the canonical action. */
export function digestOf(core: Core, call: Call): string {
  const canonical = core.canonicalize(actionText(call));
  if (!canonical.ok) throw new Error(canonical.code);
  return createHash("sha256").update(canonical.bytes).digest("hex");
}
