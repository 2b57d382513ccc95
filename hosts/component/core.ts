/** The binding's API over the component: engine/binding/core.ts says what each call does. */
import type {
  CanonicalResult,
  LoadRefusalCode,
  LoadResult,
  Recorded,
  RecordPlace,
  StateBlobs,
  Text,
  Verdict,
} from "../../engine/binding/index.ts";
import { MAX_INPUT_BYTES } from "../../engine/constants.ts";
import type { Decisions, WitHostRefusal, WitPlace, WitRecorded } from "./decisions.ts";
import { codeOfWit } from "./decisions.ts";
import { trapVerdict, verdictOf } from "./verdict.ts";

const encoder = new TextEncoder();
const LONE = /\p{Surrogate}/u;
const EMPTY = new Uint8Array(0);

/** One policy in an instance of the component. Every call is synchronous. What the component fails on is a deny. */
export class ComponentCore {
  readonly #instantiate: () => Decisions;
  /** Undefined after a trap, until the next call. */
  #instance: Decisions | undefined;
  #loaded: { readonly bundle: Uint8Array; readonly signed: boolean } | undefined;
  /** SHA-256 of the core's module, 32 bytes. */
  readonly engineDigest: Uint8Array;

  /** @param instantiate a new instance of the component at each call. */
  constructor(instantiate: () => Decisions) {
    this.#instantiate = instantiate;
    this.engineDigest = this.#open().engineDigest();
  }

  /** The instance, made again after a trap with the bundle that was loaded. Throws when that is not possible. */
  #open(): Decisions {
    if (this.#instance !== undefined) return this.#instance;
    const instance = this.#instantiate();
    if (this.#loaded !== undefined) instance.load(this.#loaded.bundle, this.#loaded.signed);
    this.#instance = instance;
    return instance;
  }

  load(bundle: Uint8Array, { signed }: { readonly signed: boolean }): LoadResult {
    this.#loaded = undefined;
    try {
      const digest = this.#open().load(bundle, signed);
      this.#loaded = { bundle: new Uint8Array(bundle), signed };
      return { ok: true, digest };
    } catch (error) {
      const refusal = payloadOf(error);
      if (refusal !== null) return refused(codeOfWit(String(refusal)) as LoadRefusalCode);
      this.#instance = undefined;
      return refused("engine_trap");
    }
  }

  decide(action: Text, facts?: Text, state?: StateBlobs): Verdict {
    try {
      if (isLone(action)) return this.#refused("lone-surrogate");
      return verdictOf(this.#open().decide(bytesOf(action), factsOf(facts), stateOf(state)));
    } catch {
      this.#instance = undefined;
      return trapVerdict();
    }
  }

  /** Throws RangeError for a place that is none; else only when the component fails twice: there is no verdict then either. */
  decideRecorded(action: Text, facts: Text | undefined, place: RecordPlace, state?: StateBlobs): Recorded {
    return this.#recorded("decideRecorded", action, facts, place, state);
  }

  /** The same of an event. */
  applyEvent(event: Text, facts: Text | undefined, place: RecordPlace, state?: StateBlobs): Recorded {
    return this.#recorded("applyEvent", event, facts, place, state);
  }

  canonicalize(text: Text): CanonicalResult {
    if (isLone(text)) return { ok: false, code: "lone_surrogate", offset: null };
    try {
      return { ok: true, bytes: new Uint8Array(this.#open().canonicalize(bytesOf(text))) };
    } catch (error) {
      const refusal = payloadOf(error) as { code: string; offset?: number } | null;
      if (refusal !== null) {
        return { ok: false, code: codeOfWit(refusal.code), offset: refusal.offset ?? null };
      }
      this.#instance = undefined;
      return { ok: false, code: "engine_trap", offset: null };
    }
  }

  #recorded(
    call: "decideRecorded" | "applyEvent",
    text: Text,
    facts: Text | undefined,
    place: RecordPlace,
    state: StateBlobs | undefined,
  ): Recorded {
    const where = placeOf(place);
    const refuse = (reason: WitHostRefusal): Recorded =>
      recordedOf(
        this.#open().refuse(
          reason,
          call === "applyEvent" ? "event" : "action",
          isLone(text) ? undefined : bytesOf(text),
          factsOf(facts),
          where,
        ),
      );
    try {
      if (isLone(text)) return refuse("lone-surrogate");
      return recordedOf(this.#open()[call](bytesOf(text), factsOf(facts), stateOf(state), where));
    } catch (error) {
      const misuse = payloadOf(error);
      if (misuse !== null) throw new RangeError(`${misuse}: not as the place of a record has it`);
      this.#instance = undefined;
      return refuse("engine-trap");
    }
  }

  /** The verdict alone. */
  #refused(reason: WitHostRefusal): Verdict {
    const place = { sequence: 0n, previous: new Uint8Array(32) };
    return verdictOf(this.#open().refuse(reason, "action", undefined, undefined, place).verdict);
  }
}

/** What the `result` of a call refused with, or null for a trap. */
function payloadOf(error: unknown): unknown {
  const isRefusal = error instanceof Error && "payload" in error && error.payload !== undefined;
  return isRefusal ? error.payload : null;
}

function refused(code: LoadRefusalCode): LoadResult {
  return { ok: false, code, message: `the component refuses the bundle: ${code}` };
}

function isLone(text: Text): boolean {
  return typeof text === "string" && LONE.test(text);
}

/** A text that is too large is refused, and not read: one byte too many says the same as all of them. */
function bytesOf(text: Text): Uint8Array {
  const bytes = typeof text === "string" ? encoder.encode(text) : text;
  return bytes.length > MAX_INPUT_BYTES ? bytes.subarray(0, MAX_INPUT_BYTES + 1) : bytes;
}

/** Half of a surrogate pair has no UTF-8: such facts are handed over as a text that the core refuses. */
function factsOf(facts: Text | undefined): Uint8Array | undefined {
  if (facts === undefined) return undefined;
  return isLone(facts) ? EMPTY : bytesOf(facts);
}

function stateOf(state: StateBlobs | undefined): Uint8Array[] | undefined {
  return state?.map((blob) => blob ?? EMPTY);
}

function placeOf({ sequence, previous }: RecordPlace): WitPlace {
  if (!Number.isSafeInteger(sequence) || sequence < 0) {
    throw new RangeError(`sequence: an integer from 0 and below 2^53, not ${sequence}`);
  }
  return { sequence: BigInt(sequence), previous };
}

function recordedOf({ verdict, record, hash, state }: WitRecorded): Recorded {
  return {
    verdict: verdictOf(verdict),
    record: new Uint8Array(record),
    hash: new Uint8Array(hash),
    state: state === undefined ? null : state.map((blob) => new Uint8Array(blob)),
  };
}
