/** The typed API over one core. */
import { CODE_ENGINE_TRAP, CODE_LONE_SURROGATE, LOAD_OK, LOAD_TOO_LARGE, NONE } from "../constants.ts";
import { type CodeName, rowNamed, rowOf } from "./code-table.ts";
import {
  DIGEST_BYTES,
  Instance,
  LONE_SURROGATE,
  type Sha256,
  type StateBlobs,
  TOO_LARGE,
} from "./instance.ts";
import { LOAD_TRAPPED, type LoadResult, loadRefusal } from "./load.ts";
import { readVerdict, refusal, type Verdict } from "./verdict.ts";

/** JSON text, as a string or as UTF-8. */
export type Text = string | Uint8Array;

/** Where a record goes in its chain. */
export interface RecordPlace {
  /** From 0, below 2^53. */
  readonly sequence: number;
  /** Hash of the record before it, 32 bytes; zeros for the first. */
  readonly previous: Uint8Array;
}

/** Record and hash are views of buffers that hold others' too. */
export interface Recorded {
  readonly verdict: Verdict;
  /** Canonical JSON. */
  readonly record: Uint8Array<ArrayBuffer>;
  /** The record's hash, 32 bytes: `previous` of the next. */
  readonly hash: Uint8Array<ArrayBuffer>;
  /** The state after, as many blobs as before and in their order, those without a byte being not written; null: nothing is to be written. */
  readonly state: Uint8Array<ArrayBuffer>[] | null;
}

/** TRACE_* of engine/constants.ts, with what its comment says about `low` and `payload`. */
export interface TraceEvent {
  readonly kind: number;
  readonly low: number;
  readonly payload: number;
}

export interface Traced {
  readonly verdict: Verdict;
  /** At most 65,536. */
  readonly events: readonly TraceEvent[];
}

/** Why a text has no canonical form. `offset`: bytes from its start, null where no byte is at fault. */
export interface CanonicalRefusal {
  readonly ok: false;
  readonly code: CodeName;
  readonly offset: number | null;
}

export type CanonicalResult =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | CanonicalRefusal;

const TRAP = refusal("engine_trap");
const LONE = refusal("lone_surrogate");
const HAS_MORE = 1 << 10;
/** On the code of a refusal: it is of an event. */
const OF_EVENT = 0x100;
const EVENT_BYTES = 8;
const TWO_TO_32 = 4294967296;
/** Cached verdicts: a bundle has few, and one that has many must not fill the host's memory. */
const MAX_CACHED = 65536;

function checkText(text: unknown, title: string): void {
  if (typeof text !== "string" && !(text instanceof Uint8Array)) {
    throw new TypeError(`${title}: JSON text as a string or Uint8Array, not ${typeof text}`);
  }
}

function checkState(state: unknown): void {
  const isState = Array.isArray(state) && state.every((blob) => blob === null || blob instanceof Uint8Array);
  if (!isState) throw new TypeError("state: a list of Uint8Array or null");
}

/**
 * A core with one policy. Every call is synchronous. No call permits what the policy does not: what the core refuses, cannot read
 * or fails on is a deny. Not to be shared between threads.
 */
export class Core {
  readonly #module: WebAssembly.Module;
  /** SHA-256 of the core's own module, 32 bytes, as records have it in `engine`. */
  readonly engineDigest: Uint8Array;
  readonly #sha256: Sha256 | null;
  /** Undefined after a trap, until the next call. */
  #instance: Instance | undefined;
  /** What to load again after a trap. */
  #loaded: { readonly bundle: Uint8Array; readonly signed: boolean } | undefined;
  /** By agent index + 1, by packed verdict. */
  #cached: Map<number, Verdict>[] = [];
  #cachedCount = 0;

  /** For `instantiate`. */
  constructor(module: WebAssembly.Module, engineDigest: Uint8Array, sha256: Sha256 | null = null) {
    this.#module = module;
    this.#sha256 = sha256;
    this.engineDigest = new Uint8Array(engineDigest);
    this.#instance = this.#fresh();
  }

  #fresh(): Instance {
    const instance = new Instance(this.#module, this.#sha256);
    instance.writeDigest(instance.exports.enginePointer(), this.engineDigest);
    return instance;
  }

  /** The instance, made again after a trap with the bundle that was loaded. Throws when that is not possible. */
  #open(): Instance {
    if (this.#instance !== undefined) return this.#instance;
    const instance = this.#fresh();
    if (this.#loaded !== undefined) {
      const status = loadInto(instance, this.#loaded.bundle, this.#loaded.signed);
      if (status !== LOAD_OK) throw new Error("the bundle that was loaded cannot be loaded again");
    }
    this.#instance = instance;
    return instance;
  }

  /** What a failed call leaves is not trusted: the next call begins with a fresh memory. */
  #drop(): void {
    this.#instance = undefined;
  }

  /**
   * Replaces the policy. `signed`: whether a signature over these bytes was verified; it is written into every record.
   * The bundle is checked wholly, so bytes from anywhere are safe to pass.
   */
  load(bundle: Uint8Array, options: { readonly signed: boolean }): LoadResult {
    if (!(bundle instanceof Uint8Array)) throw new TypeError("bundle: a Uint8Array");
    if (typeof options?.signed !== "boolean") throw new TypeError("options.signed: a boolean");
    this.#loaded = undefined;
    this.#cached = [];
    this.#cachedCount = 0;
    try {
      const instance = this.#open();
      const status = loadInto(instance, bundle, options.signed);
      if (status !== LOAD_OK) return loadRefusal(status);
      this.#loaded = { bundle: new Uint8Array(bundle), signed: options.signed };
      return { ok: true, digest: instance.read(instance.exports.bundleDigestPointer(), DIGEST_BYTES) };
    } catch {
      this.#drop();
      return LOAD_TRAPPED;
    }
  }

  /**
   * Decides an action, with what the host knows about it and what the state remembers. Facts left out are `{}`; an empty text is refused.
   * State left out: there is none. engine/ABI.md has the texts field by field, and which blobs stand where.
   */
  decide(action: Text, facts?: Text, state?: StateBlobs): Verdict {
    checkTexts(action, facts, state);
    try {
      const instance = this.#open();
      const actionBytes = instance.writeAction(action);
      if (actionBytes === LONE_SURROGATE) return LONE;
      const factsBytes = handedOver(instance.writeFacts(facts));
      const stateBytes = instance.writeState(state);
      return this.#verdictOf(instance, instance.exports.decide(actionBytes, factsBytes, stateBytes, 0) >>> 0);
    } catch {
      this.#drop();
      return TRAP;
    }
  }

  /** The same, with the steps that led to the verdict. */
  trace(action: Text, facts?: Text, state?: StateBlobs): Traced {
    checkTexts(action, facts, state);
    try {
      const instance = this.#open();
      const actionBytes = instance.writeAction(action);
      if (actionBytes === LONE_SURROGATE) return { verdict: LONE, events: [] };
      const factsBytes = handedOver(instance.writeFacts(facts));
      const stateBytes = instance.writeState(state);
      const packed = instance.exports.decide(actionBytes, factsBytes, stateBytes, 1) >>> 0;
      return { verdict: this.#verdictOf(instance, packed), events: readTrace(instance) };
    } catch {
      this.#drop();
      return { verdict: TRAP, events: [] };
    }
  }

  /**
   * Decides and writes the record of it and the state after. The verdict is that of `decide`, but for a redaction without a salt, which
   * is a deny. Throws only when the core fails twice, in which case there is no verdict either.
   */
  decideRecorded(action: Text, facts: Text | undefined, place: RecordPlace, state?: StateBlobs): Recorded {
    return this.#recorded("decideRecorded", action, facts, place, state);
  }

  /** The same for an event: what happens beside decisions. An event that is refused changes nothing, and is a record all the same. */
  applyEvent(event: Text, facts: Text | undefined, place: RecordPlace, state?: StateBlobs): Recorded {
    return this.#recorded("applyEvent", event, facts, place, state);
  }

  /**
   * Writes the record of a refusal that the host came to before the core was asked: a deny with that code. The text, an action's or an
   * event's, is not read. Throws RangeError for a code that does not deny; else as `decideRecorded`.
   */
  refuse(
    call: RecordingCall,
    code: CodeName,
    text: Text,
    facts: Text | undefined,
    place: RecordPlace,
  ): Recorded {
    checkTexts(text, facts, undefined);
    checkPlace(place);
    const { number, effect } = rowNamed(code);
    if (effect !== "deny") throw new RangeError(`code: one that denies, not ${code}`);
    try {
      return this.#recordRefusal(call, number, text, facts, place);
    } catch {
      this.#drop();
      return this.#recordRefusal(call, CODE_ENGINE_TRAP, text, facts, place);
    }
  }

  #recorded(
    call: RecordingCall,
    text: Text,
    facts: Text | undefined,
    place: RecordPlace,
    state: StateBlobs | undefined,
  ): Recorded {
    checkTexts(text, facts, state);
    checkPlace(place);
    try {
      return this.#record(call, text, facts, place, state);
    } catch {
      this.#drop();
      return this.#recordRefusal(call, CODE_ENGINE_TRAP, text, facts, place);
    }
  }

  #record(
    call: RecordingCall,
    text: Text,
    facts: Text | undefined,
    place: RecordPlace,
    state: StateBlobs | undefined,
  ): Recorded {
    const instance = this.#open();
    const { exports } = instance;
    const textBytes = instance.writeAction(text);
    const factsBytes = handedOver(instance.writeFacts(facts));
    const stateBytes = instance.writeState(state);
    const { low, high } = halves(place.sequence);
    instance.writeDigest(exports.previousPointer(), place.previous);
    const packed =
      textBytes === LONE_SURROGATE
        ? exports.refuse(codeFor(call, CODE_LONE_SURROGATE), TOO_LARGE, factsBytes, low, high)
        : exports[call](textBytes, factsBytes, stateBytes, low, high);
    const { record, hash } = instance.readRecord();
    const after = instance.readState();
    return { verdict: this.#verdictOf(instance, packed >>> 0), record, hash, state: after };
  }

  #recordRefusal(
    call: RecordingCall,
    code: number,
    text: Text,
    facts: Text | undefined,
    place: RecordPlace,
  ): Recorded {
    const instance = this.#open();
    const { exports } = instance;
    const textBytes = handedOver(instance.writeAction(text));
    const factsBytes = handedOver(instance.writeFacts(facts));
    const { low, high } = halves(place.sequence);
    instance.writeDigest(exports.previousPointer(), place.previous);
    exports.refuse(codeFor(call, code), textBytes, factsBytes, low, high);
    return { verdict: refusal(rowOf(code)!.name), ...instance.readRecord(), state: null };
  }

  #verdictOf(instance: Instance, packed: number): Verdict {
    if ((packed & HAS_MORE) !== 0) return describe(instance, packed);
    const agent = instance.agentIndex;
    const index = agent === NONE ? 0 : agent + 1;
    const known = this.#cached[index]?.get(packed);
    return known ?? this.#cache(index, packed, describe(instance, packed));
  }

  #cache(index: number, packed: number, verdict: Verdict): Verdict {
    if (this.#cachedCount === MAX_CACHED) {
      this.#cached = [];
      this.#cachedCount = 0;
    }
    const ofAgent = this.#cached[index];
    if (ofAgent === undefined) this.#cached[index] = new Map([[packed, verdict]]);
    else ofAgent.set(packed, verdict);
    this.#cachedCount++;
    return verdict;
  }

  /** The canonical form (RFC 8785) of any JSON text, or why it has none. */
  canonicalize(text: Text): CanonicalResult {
    checkText(text, "text");
    try {
      const instance = this.#open();
      const bytes = instance.writeAction(text);
      if (bytes === LONE_SURROGATE) return { ok: false, code: "lone_surrogate", offset: null };
      const result = instance.exports.canonicalize(bytes);
      if (result >= 0) return { ok: true, bytes: instance.read(instance.exports.outputPointer(), result) };
      const code = rowOf(-result)!.name;
      const hasOffset = code !== "input_too_large" && code !== "canonical_too_large";
      return { ok: false, code, offset: hasOffset ? instance.exports.errorOffset() >>> 0 : null };
    } catch {
      this.#drop();
      return { ok: false, code: "engine_trap", offset: null };
    }
  }

  /** Bytes of the core's memory: fixed regions, most of which are never touched, and three times the bundle. */
  memoryBytes(): number {
    return this.#open().bytes.byteLength;
  }

  /** SHA-256 of at most 16 MiB. Throws RangeError for more. */
  digest(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
    const instance = this.#open();
    instance.exports.digest(instance.writeHashed(bytes));
    return instance.readHash();
  }

  /** The hash of a record behind `previous` (32 bytes): what `decideRecorded` gives with it. Throws RangeError over 16 MiB. */
  chain(previous: Uint8Array, record: Uint8Array): Uint8Array<ArrayBuffer> {
    checkDigest(previous, "previous");
    const instance = this.#open();
    const length = instance.writeHashed(record);
    instance.writeDigest(instance.exports.previousPointer(), previous);
    instance.exports.chain(length);
    return instance.readHash();
  }
}

/** What a record is of. */
export type RecordingCall = "decideRecorded" | "applyEvent";

function codeFor(call: RecordingCall, code: number): number {
  return call === "applyEvent" ? code | OF_EVENT : code;
}

function halves(sequence: number): { low: number; high: number } {
  return { low: sequence >>> 0, high: Math.floor(sequence / TWO_TO_32) };
}

function checkTexts(text: unknown, facts: unknown, state: unknown): void {
  checkText(text, "action");
  if (facts !== undefined) checkText(facts, "facts");
  if (state !== undefined) checkState(state);
}

/** LOAD_*. */
function loadInto(instance: Instance, bundle: Uint8Array, signed: boolean): number {
  const pointer = instance.reserve(bundle.byteLength);
  if (pointer === 0) {
    // Too large for the memory. The regions are still wanted, with no policy.
    instance.reserve(0);
    return LOAD_TOO_LARGE;
  }
  instance.bytes.set(bundle, pointer);
  return instance.exports.load(bundle.byteLength, signed ? 1 : 0);
}

/** A text that has no UTF-8 is one that is not there: the core refuses it. */
function handedOver(bytes: number): number {
  return bytes === LONE_SURROGATE ? TOO_LARGE : bytes;
}

/** The last verdict, checked against its packed form: an unknown code or another effect is a core that cannot be trusted. */
function describe(instance: Instance, packed: number): Verdict {
  const length = instance.exports.describe() >>> 0;
  const verdict = readVerdict(instance.read(instance.exports.outputPointer(), length));
  const code = rowOf(packed & 0xff);
  if (code === undefined || verdict.code !== code.name || verdict.effect !== code.effect) {
    throw new Error("the core's verdict is not in the table of codes");
  }
  return verdict;
}

function readTrace(instance: Instance): TraceEvent[] {
  const view = new DataView(instance.bytes.buffer, instance.exports.tracePointer());
  return Array.from({ length: instance.exports.traceEvents() }, (_, index) => {
    const head = view.getUint32(index * EVENT_BYTES, true);
    return {
      kind: head >>> 24,
      low: head & 0xffffff,
      payload: view.getUint32(index * EVENT_BYTES + 4, true),
    };
  });
}

function checkDigest(digest: unknown, title: string): void {
  if (!(digest instanceof Uint8Array)) throw new TypeError(`${title}: a Uint8Array`);
  if (digest.byteLength !== DIGEST_BYTES) {
    throw new RangeError(`${title}: ${DIGEST_BYTES} bytes, not ${digest.byteLength}`);
  }
}

function checkPlace(place: RecordPlace): void {
  if (!Number.isSafeInteger(place?.sequence) || place.sequence < 0) {
    throw new RangeError(`sequence: an integer from 0 and below 2^53, not ${place?.sequence}`);
  }
  checkDigest(place.previous, "previous");
}
