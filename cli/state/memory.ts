/** State in memory, for what is tried out: cases, explanations, calls decided without a folder, backtests. */
import type { Ir } from "../../bundles/format/ir.ts";
import { partyKeys } from "../../control/keys.ts";
import type { Core, Recorded, Text } from "../../engine/binding/index.ts";
import { REMEMBERS_AGENT, REMEMBERS_SESSION } from "../../engine/constants.ts";
import { decodeBlob } from "./blob.ts";
import type { PartyState } from "./meters.ts";

/** Whose state a call reads. */
export interface Parties {
  agent: string;
  session: string | null;
  /** Grantors, root first. */
  chain: readonly string[];
}

export type Blobs = (Uint8Array | null)[];

/** Whether some agent's decisions depend on what was before. */
export function isStateful(ir: Ir): boolean {
  return (
    ir.meters.length > 0 ||
    ir.agents.some(({ memory }) => (memory.flags & (REMEMBERS_AGENT | REMEMBERS_SESSION)) !== 0)
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** The object that a text is; null for any other. The core reads it again, and alone refuses it. */
export function objectOf(text: Uint8Array | null): Fields | null {
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(text));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
  } catch {
    return null;
  }
}

/** Null when the texts name none; the core refuses such texts. */
export function partiesOf(subject: Fields | null, facts: Fields | null, isEvent: boolean): Parties | null {
  if (subject === null || typeof subject.agent !== "string") return null;
  const { agent, session = null } = subject;
  const chain = (isEvent ? subject.chain : (facts?.delegation as Fields | null | undefined)?.chain) ?? [];
  if (session !== null && typeof session !== "string") return null;
  if (!Array.isArray(chain) || !chain.every((name) => typeof name === "string")) return null;
  return { agent, session, chain };
}

/** Keys of the blobs in the core's order, null for those that are always empty. */
export function blobKeys(parties: Parties | null): readonly (string | null)[] {
  const keys = parties === null ? null : partyKeys(parties.agent, parties.session, parties.chain);
  return keys?.blobs ?? [null, null];
}

const ZEROS = new Uint8Array(32);

/** The blobs of one run, and where its next record stands. Events and decisions apply in the order of the calls. */
export class Memory {
  readonly #blobs = new Map<string, Uint8Array>();
  #sequence = 0;

  /** In the core's order; what is not there yet is null. */
  read(parties: Parties | null): Blobs {
    return blobKeys(parties).map((key) => (key === null ? null : (this.#blobs.get(key) ?? null)));
  }

  /** Puts blobs of elsewhere in their places, in the core's order. */
  seed(parties: Parties, blobs: Blobs): void {
    blobKeys(parties).forEach((key, index) => {
      const blob = blobs[index] ?? null;
      if (key !== null && blob !== null) this.#blobs.set(key, blob);
    });
  }

  /** Of the acting party, for people. */
  party(parties: Parties | null): PartyState {
    const [agent, session] = this.read(parties).map((blob) => (blob === null ? null : decodeBlob(blob)));
    return {
      agent: agent?.scope === "agent" ? agent : null,
      session: session?.scope === "session" ? session : null,
    };
  }

  decide(core: Core, action: Text, facts: Text | undefined, parties: Parties | null): Recorded & Placed {
    return this.#keep(parties, (place, state) => core.decideRecorded(action, facts, place, state));
  }

  apply(core: Core, event: Text, facts: Text, parties: Parties | null): Recorded & Placed {
    return this.#keep(parties, (place, state) => core.applyEvent(event, facts, place, state));
  }

  #keep(
    parties: Parties | null,
    run: (place: { sequence: number; previous: Uint8Array }, state: Blobs) => Recorded,
  ): Recorded & Placed {
    const sequence = this.#sequence++;
    const made = run({ sequence, previous: ZEROS }, this.read(parties));
    const keys = blobKeys(parties);
    made.state?.forEach((blob, index) => {
      const key = keys[index] ?? null;
      if (key !== null && blob.byteLength > 0) this.#blobs.set(key, blob);
    });
    return { ...made, sequence };
  }
}

export interface Placed {
  /** Of its record: the number of its reservation, too. */
  sequence: number;
}
