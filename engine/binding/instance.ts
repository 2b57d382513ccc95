/** One instance of the core and views of its memory. engine/ABI.md. */
import { instantiateSync } from "@assemblyscript/loader";
import { ABI_VERSION, MAX_INPUT_BYTES, MAX_STATE_BYTES, NONE } from "../constants.ts";
import { Slab } from "./slab.ts";

export interface CoreExports extends Record<string, unknown> {
  readonly memory: WebAssembly.Memory;
  abi(): number;
  reserve(bytes: number): number;
  load(bytes: number, signed: number): number;
  decide(actionBytes: number, factsBytes: number, stateBytes: number, trace: number): number;
  decideRecorded: Recording;
  applyEvent: Recording;
  refuse(
    code: number,
    actionBytes: number,
    factsBytes: number,
    sequenceLow: number,
    sequenceHigh: number,
  ): number;
  hashRecords(inside: number): void;
  describe(): number;
  canonicalize(bytes: number): number;
  digest(bytes: number): void;
  chain(bytes: number): void;
  errorOffset(): number;
  actionPointer(): number;
  factsPointer(): number;
  statePointer(): number;
  stateAfterPointer(): number;
  stateAfterBytes(): number;
  previousPointer(): number;
  enginePointer(): number;
  statusPointer(): number;
  outputPointer(): number;
  recordPointer(): number;
  recordBytes(): number;
  bundleDigestPointer(): number;
  hashPointer(): number;
  tracePointer(): number;
  traceEvents(): number;
}

/** A call that writes a record. */
export type Recording = (
  textBytes: number,
  factsBytes: number,
  stateBytes: number,
  sequenceLow: number,
  sequenceHigh: number,
) => number;

/** The state before, blob by blob; null: not written yet. engine/ABI.md "State". */
export type StateBlobs = readonly (Uint8Array | null)[];

export const DIGEST_BYTES = 32;

/** SHA-256 of `message`, 32 bytes, into `target`. What a runtime has, where that is faster than the core's own. */
export type Sha256 = (message: Uint8Array, target: Uint8Array) => void;

const RECORD_SLAB_BYTES = 65_536;
/** Of their own: a hash is kept longer than its record. */
const HASH_SLAB_BYTES = 2_048;
/** A record, or another text to hash, in bytes. */
export const MAX_HASHED_BYTES = 16777216;

/** What became of a text, where it is not a count of bytes: it is too large, or has no UTF-8. */
export const TOO_LARGE: number = NONE;
export const LONE_SURROGATE = -1;

/** No JSON: the core refuses it. */
const BLANK = " ";

const encoder = new TextEncoder();
const LONE = /\p{Surrogate}/u;

/** Built in since ECMAScript 2024; it costs next to nothing for most texts. */
const builtIn = (String.prototype as { isWellFormed?: () => boolean }).isWellFormed;
const isWellFormed: (text: string) => boolean =
  builtIn === undefined ? (text) => !LONE.test(text) : (text) => builtIn.call(text);

const SLOT_BYTES = 8;
/** Head of a state, and what each of its blobs takes before the first. */
const FRAME_BYTES = 8;

/** Hash, domain tag and previous hash stand before the record; the last two are hashed with it. */
const HASH_BEFORE_RECORD = 3 * DIGEST_BYTES;
const HASHED_BEFORE_RECORD = 2 * DIGEST_BYTES;

/** Where a text goes in the memory. */
interface TextRegion {
  readonly pointer: number;
  readonly view: Uint8Array<ArrayBuffer>;
}

interface StateRegion {
  readonly pointer: number;
  readonly words: Uint32Array<ArrayBuffer>;
}

/** An instance with room for a bundle. Throws WebAssembly errors when the module or the memory cannot be had. */
export class Instance {
  readonly exports: CoreExports;
  /** The whole memory; replaced when it grows. */
  bytes: Uint8Array<ArrayBuffer>;
  #action: TextRegion;
  #facts: TextRegion;
  #status: DataView;
  /** The regions of the state before and after. */
  #before: StateRegion;
  #after: StateRegion;
  readonly #recordPointer: number;
  readonly #sha256: Sha256 | null;
  readonly #records = new Slab(RECORD_SLAB_BYTES);
  readonly #hashes = new Slab(HASH_SLAB_BYTES);

  /** @param sha256 hashes records in the core's place; null: the core does. */
  constructor(module: WebAssembly.Module, sha256: Sha256 | null = null) {
    this.#sha256 = sha256;
    this.exports = instantiateSync<CoreExports>(module).exports as unknown as CoreExports;
    if (this.exports.abi() !== ABI_VERSION) {
      throw new Error(`the core speaks ABI ${this.exports.abi()}, this binding ${ABI_VERSION}`);
    }
    if (this.exports.reserve(0) >>> 0 === 0) throw new Error("the core's memory cannot be had");
    if (sha256 !== null) this.exports.hashRecords(0);
    this.bytes = new Uint8Array(this.exports.memory.buffer);
    this.#recordPointer = this.exports.recordPointer();
    this.#action = this.#region(this.exports.actionPointer());
    this.#facts = this.#region(this.exports.factsPointer());
    this.#status = this.#statusView();
    this.#before = this.#stateRegion(this.exports.statePointer());
    this.#after = this.#stateRegion(this.exports.stateAfterPointer());
  }

  #stateRegion(pointer: number): StateRegion {
    const words = new Uint32Array(this.exports.memory.buffer, pointer, MAX_STATE_BYTES / 4);
    return { pointer, words };
  }

  #region(pointer: number): TextRegion {
    return { pointer, view: this.bytes.subarray(pointer, pointer + MAX_INPUT_BYTES) };
  }

  #statusView(): DataView {
    return new DataView(this.exports.memory.buffer, this.exports.statusPointer(), 4);
  }

  /** Address for a bundle of that many bytes, or 0. Growing detaches every view. */
  reserve(bytes: number): number {
    const pointer = this.exports.reserve(bytes) >>> 0;
    this.bytes = new Uint8Array(this.exports.memory.buffer);
    this.#action = this.#region(this.#action.pointer);
    this.#facts = this.#region(this.#facts.pointer);
    this.#status = this.#statusView();
    this.#before = this.#stateRegion(this.#before.pointer);
    this.#after = this.#stateRegion(this.#after.pointer);
    return pointer;
  }

  /** Index of the policy block of the last decision, NONE when there is none. */
  get agentIndex(): number {
    return this.#status.getUint32(0, true);
  }

  /** Bytes written, TOO_LARGE or LONE_SURROGATE. */
  writeAction(text: string | Uint8Array): number {
    return this.#write(this.#action, text);
  }

  /** Bytes written, 0 for none, TOO_LARGE or LONE_SURROGATE. To the core no bytes are no facts, so a text without any is written as a blank. */
  writeFacts(text: string | Uint8Array | undefined): number {
    if (text === undefined) return 0;
    return this.#write(this.#facts, text.length === 0 ? BLANK : text);
  }

  /**
   * Puts the blobs where the core reads them. Bytes written, 0 for no state, TOO_LARGE for what is no run of slots or does not fit:
   * the core refuses it.
   */
  writeState(state: StateBlobs | undefined): number {
    if (state === undefined) return 0;
    const { pointer, words } = this.#before;
    const count = state.length;
    let taken = FRAME_BYTES * (1 + count);
    if (taken > MAX_STATE_BYTES) return TOO_LARGE;
    words[0] = count;
    words[1] = 0;
    for (let index = 0; index < count; index++) {
      const blob = state[index];
      const bytes = blob?.byteLength ?? 0;
      if (bytes % SLOT_BYTES !== 0 || bytes > MAX_STATE_BYTES - taken) return TOO_LARGE;
      words[2 + 2 * index] = bytes / SLOT_BYTES;
      words[3 + 2 * index] = 0;
      if (blob !== null && blob !== undefined) this.bytes.set(blob, pointer + taken);
      taken += bytes;
    }
    return taken;
  }

  /** Copies of the blobs of the state after, in order; null when nothing is to be written. */
  readState(): Uint8Array<ArrayBuffer>[] | null {
    if (this.exports.stateAfterBytes() === 0) return null;
    const { pointer, words } = this.#after;
    const count = words[0]!;
    const blobs: Uint8Array<ArrayBuffer>[] = new Array(count);
    let start = pointer + FRAME_BYTES * (1 + count);
    for (let index = 0; index < count; index++) {
      const end = start + words[2 + 2 * index]! * SLOT_BYTES;
      blobs[index] = this.bytes.slice(start, end);
      start = end;
    }
    return blobs;
  }

  #write(region: TextRegion, text: string | Uint8Array): number {
    if (typeof text !== "string") {
      if (text.byteLength > MAX_INPUT_BYTES) return TOO_LARGE;
      // The view refuses what another thread has made longer since.
      region.view.set(text);
      return text.byteLength;
    }
    // A UTF-16 unit takes a byte or more.
    if (text.length > MAX_INPUT_BYTES) return TOO_LARGE;
    const { read, written } = encoder.encodeInto(text, region.view);
    if (read < text.length) return TOO_LARGE;
    // Encoding puts U+FFFD, three bytes, for half of a surrogate pair.
    return written === text.length || isWellFormed(text) ? written : LONE_SURROGATE;
  }

  /** Puts up to MAX_HASHED_BYTES where `digest` and `chain` read them. */
  writeHashed(bytes: Uint8Array): number {
    if (bytes.byteLength > MAX_HASHED_BYTES) {
      throw new RangeError(`bytes: at most ${MAX_HASHED_BYTES} can be hashed, not ${bytes.byteLength}`);
    }
    this.bytes.set(bytes, this.#action.pointer);
    return bytes.byteLength;
  }

  /** Writes 32 bytes. */
  writeDigest(pointer: number, digest: Uint8Array): void {
    this.bytes.set(digest, pointer);
  }

  /** A copy. */
  read(pointer: number, length: number): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(pointer, pointer + length);
  }

  /** Copies of the last record and of its hash. */
  readRecord(): { record: Uint8Array<ArrayBuffer>; hash: Uint8Array<ArrayBuffer> } {
    const start = this.#recordPointer;
    const end = start + this.exports.recordBytes();
    const record = this.#records.copy(this.bytes, start, end);
    if (this.#sha256 === null) {
      const at = start - HASH_BEFORE_RECORD;
      return { record, hash: this.#hashes.copy(this.bytes, at, at + DIGEST_BYTES) };
    }
    const hash = this.#hashes.take(DIGEST_BYTES);
    this.#sha256(this.bytes.subarray(start - HASHED_BEFORE_RECORD, end), hash);
    return { record, hash };
  }

  readHash(): Uint8Array<ArrayBuffer> {
    return this.read(this.exports.hashPointer(), DIGEST_BYTES);
  }
}
