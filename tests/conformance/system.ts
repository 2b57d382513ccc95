/** The host's part of a scenario: which blobs a step is given, and where the record chain goes on. */
import { pack } from "../reference/state/blobs.ts";
import { Decoder } from "../reference/state/decode.ts";
import type {
  Evidence,
  Outcome,
  RecordContext,
  Snapshot,
  Step,
  StepOutcome,
  System,
} from "./implementation.ts";
import type { Compiled } from "./policy.ts";

/** Whose blobs a step is about: the actor first, then its grantors from the root on. */
export interface Parties {
  names: string[];
  session: string | null;
}

type Fields = Record<string, unknown>;

function fieldsOf(bytes: Uint8Array): Fields | null {
  try {
    const value =
      bytes.length === 0 ? {} : JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

const names = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === "string") : [];

/** Null for texts from which a host could not tell. */
export function partiesOf(kind: Step["kind"], text: Uint8Array, facts: Uint8Array): Parties | null {
  const fields = fieldsOf(text);
  if (typeof fields?.agent !== "string") return null;
  const delegation = fieldsOf(facts)?.delegation as Fields | null | undefined;
  const chain = names(kind === "event" ? fields.chain : delegation?.chain);
  return {
    names: [fields.agent, ...chain],
    session: typeof fields.session === "string" ? fields.session : null,
  };
}

/** The greatest time so far, at which windows are compared. */
export class Clock {
  private greatest = 0n;

  at(facts: Uint8Array): bigint {
    const time = fieldsOf(facts)?.time;
    if (Number.isSafeInteger(time) && BigInt(time as number) > this.greatest)
      this.greatest = BigInt(time as number);
    return this.greatest;
  }
}

type Blobs = (Uint8Array | null)[];

/** Decides one step over those blobs; `after`: null when nothing is to be written. */
export type Engine = (
  step: Step,
  blobs: Blobs | null,
  place: Pick<RecordContext, "sequence" | "previous">,
) => Outcome & { after: Uint8Array[] | null };

/** Keeps the blobs of a core. */
export class BlobSystem implements System {
  private readonly open: (policy: Compiled) => Engine;
  private engine: Engine;
  /** Of every policy so far, the newest first: blobs that nobody has asked for since are as an earlier one had them. */
  private readonly decoders: Decoder[];
  private readonly blobs = new Map<string, Uint8Array>();
  private readonly clock = new Clock();
  private place: Pick<RecordContext, "sequence" | "previous">;

  constructor(policy: Compiled, context: RecordContext, open: (policy: Compiled) => Engine) {
    this.open = open;
    this.engine = open(policy);
    this.decoders = [new Decoder(policy.program, policy.ir)];
    this.place = { sequence: context.sequence, previous: context.previous };
  }

  step(step: Step): StepOutcome {
    const parties = step.withState ? partiesOf(step.kind, step.text, step.facts) : null;
    const keys = parties === null ? [] : keysOf(parties);
    const before = keys.map((key) => (key === null ? null : (this.blobs.get(key) ?? null)));
    const { after, ...outcome } = this.engine(step, parties === null ? null : before, this.place);
    this.place = { sequence: this.place.sequence + 1n, previous: outcome.hash };
    if (after !== null) this.keep(keys, after);
    const evidence: Evidence | null =
      parties === null ? null : { before: pack(before), after: after === null ? null : pack(after) };
    return { ...outcome, evidence, snapshot: this.snapshot(parties, this.clock.at(step.facts)) };
  }

  reload(policy: Compiled): void {
    this.engine = this.open(policy);
    this.decoders.unshift(new Decoder(policy.program, policy.ir));
  }

  private keep(keys: (string | null)[], after: Uint8Array[]): void {
    if (after.length !== keys.length) throw new Error(`${after.length} blobs after ${keys.length} before`);
    for (const [index, blob] of after.entries()) {
      const key = keys[index]!;
      if (blob.length === 0) continue;
      if (key === null) throw new Error("a blob of a session where there is none");
      this.blobs.set(key, blob);
    }
  }

  private snapshot(parties: Parties | null, now: bigint): Snapshot {
    const snapshot: Snapshot = {};
    for (const name of parties?.names ?? []) {
      const agent = this.blobs.get(agentKey(name));
      if (agent !== undefined)
        snapshot[`agent ${name}`] = this.decoderOf(name, agent).agent(name, agent, now);
      if (parties!.session === null) continue;
      const session = this.blobs.get(sessionBlobKey(name, parties!.session));
      if (session === undefined) continue;
      const decoder = this.decoderOf(name, session);
      snapshot[`session ${name}`] = decoder.session(name, parties!.session, session, now);
    }
    return snapshot;
  }

  private decoderOf(name: string, blob: Uint8Array): Decoder {
    const found = this.decoders.find((decoder) => decoder.isCurrent(name, blob));
    if (found === undefined) throw new Error(`no policy lays a blob of ${name} like this`);
    return found;
  }
}

const agentKey = (name: string): string => JSON.stringify([name]);
const sessionBlobKey = (name: string, session: string): string => JSON.stringify([name, session]);

/** Two blobs a party; null where an action has no session. */
const keysOf = ({ names, session }: Parties): (string | null)[] =>
  names.flatMap((name) => [agentKey(name), session === null ? null : sessionBlobKey(name, session)]);
