/** The built core through its raw exports (engine/ABI.md "Exports"), with the packed verdict checked against the described one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pack, unpack } from "../reference/state/blobs.ts";
import { CODES } from "../vectors/vectors.ts";
import type { Implementation, Outcome, RecordContext } from "./implementation.ts";
import { type Compiled, digestOf } from "./policy.ts";
import { BlobSystem, type Engine } from "./system.ts";

export const CORE_FILE = join(fileURLToPath(new URL("../..", import.meta.url)), "engine/dist/core.wasm");

/** The part of the host's WebAssembly that is needed here; the compiler's libraries do not declare it. */
interface WasmModule {
  readonly module: unique symbol;
}
const { Instance, Module } = (
  globalThis as unknown as {
    WebAssembly: {
      Module: new (wasm: Uint8Array) => WasmModule;
      Instance: new (module: WasmModule, imports: object) => { exports: unknown };
    };
  }
).WebAssembly;

/** Events of a trace: { kind << 24 | low, payload }. */
export interface TraceEvent {
  kind: number;
  low: number;
  payload: number;
}

interface Exports {
  memory: { buffer: ArrayBuffer };
  reserve(bytes: number): number;
  load(bytes: number, signed: number): number;
  actionPointer(): number;
  factsPointer(): number;
  previousPointer(): number;
  enginePointer(): number;
  statePointer(): number;
  stateAfterPointer(): number;
  stateAfterBytes(): number;
  decide(actionBytes: number, factsBytes: number, stateBytes: number, trace: number): number;
  decideRecorded(
    actionBytes: number,
    factsBytes: number,
    stateBytes: number,
    sequenceLow: number,
    sequenceHigh: number,
  ): number;
  applyEvent(
    eventBytes: number,
    factsBytes: number,
    stateBytes: number,
    sequenceLow: number,
    sequenceHigh: number,
  ): number;
  describe(): number;
  outputPointer(): number;
  recordPointer(): number;
  recordBytes(): number;
  hashPointer(): number;
  tracePointer(): number;
  traceEvents(): number;
  canonicalize(bytes: number): number;
}

let built: WasmModule | null = null;
let digest: Uint8Array | null = null;

function coreModule(): WasmModule {
  if (built === null) {
    const bytes = readFileSync(CORE_FILE);
    digest = digestOf(bytes);
    built = new Module(bytes);
  }
  return built;
}

/** SHA-256 of the built core. */
export function coreDigest(): Uint8Array {
  coreModule();
  return digest!;
}

/** The limit of an input's region; a longer text is announced by its length alone. */
const MAX_INPUT_BYTES = 1048576;

const NO_STATE: Uint8Array = new Uint8Array();

let shared: { exports: Exports; holds: RawCore } | null = null;

/** One policy in the core. All share one instance, which takes up the policy of whoever asks, and is made anew after a trap. */
export class RawCore {
  private readonly policy: Compiled;
  private readonly context: RecordContext;

  constructor(policy: Compiled, context: RecordContext) {
    this.policy = policy;
    this.context = context;
    void this.exports;
  }

  private get exports(): Exports {
    if (shared?.holds === this) return shared.exports;
    const exports = shared?.exports ?? (new Instance(coreModule(), {}).exports as Exports);
    shared = { exports, holds: this };
    this.load(exports);
    return exports;
  }

  private load(exports: Exports): void {
    const { bundle } = this.policy;
    const pointer = exports.reserve(bundle.length);
    if (pointer === 0) throw new Error("the core cannot reserve memory for the bundle");
    this.write(pointer, bundle);
    const status = exports.load(bundle.length, this.context.signed ? 1 : 0);
    if (status !== 0) throw new Error(`the core refuses the bundle with status ${status}`);
    this.write(exports.previousPointer(), this.context.previous);
    this.write(exports.enginePointer(), this.context.engineDigest);
  }

  /** A call that ends in a trap leaves a memory that is not to be trusted. */
  private guarded<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      shared = null;
      throw error;
    }
  }

  private write(pointer: number, bytes: Uint8Array): void {
    new Uint8Array(this.exports.memory.buffer).set(bytes, pointer);
  }

  private read(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.exports.memory.buffer).slice(pointer >>> 0, (pointer >>> 0) + length);
  }

  private writeInputs(action: Uint8Array, facts: Uint8Array): void {
    this.write(this.exports.actionPointer(), action.subarray(0, MAX_INPUT_BYTES));
    this.write(this.exports.factsPointer(), facts.subarray(0, MAX_INPUT_BYTES));
  }

  /** Canonical JSON of the verdict just reached. */
  private describe(packed: number): Uint8Array {
    const length = this.exports.describe();
    const text = this.read(this.exports.outputPointer(), length);
    this.checkPacked(packed >>> 0, text);
    return text;
  }

  /** `packed` must say what the described verdict says. */
  private checkPacked(packed: number, text: Uint8Array): void {
    const verdict = JSON.parse(new TextDecoder().decode(text));
    const { credentials, notify, redact } = verdict.obligations;
    const more = verdict.detail !== null || credentials.length + notify.length + redact.length > 0;
    const effects = ["", "deny", "defer", "permit"];
    const rule = (packed >>> 11) - 1;
    const agrees =
      CODES.get(verdict.code) === (packed & 0xff) &&
      effects.indexOf(verdict.effect) === ((packed >>> 8) & 3) &&
      more === ((packed & 0x400) !== 0) &&
      (verdict.rule === null) === rule < 0 &&
      rule < this.policy.ir.rules.length;
    if (!agrees) throw new Error(`packed ${packed.toString(16)} does not say ${JSON.stringify(verdict)}`);
  }

  /** `state`: as at `statePointer`; empty without. */
  decide(action: Uint8Array, facts: Uint8Array, state = NO_STATE): Uint8Array {
    return this.guarded(() => {
      this.writeInputs(action, facts);
      this.write(this.exports.statePointer(), state);
      return this.describe(this.exports.decide(action.length, facts.length, state.length, 0));
    });
  }

  /** `after`: null when nothing is to be written. */
  record(
    call: "decideRecorded" | "applyEvent",
    text: Uint8Array,
    facts: Uint8Array,
    { sequence, previous }: Pick<RecordContext, "sequence" | "previous">,
    state = NO_STATE,
  ): Omit<Outcome, "verdict"> & { after: Uint8Array | null } {
    return this.guarded(() => {
      this.writeInputs(text, facts);
      this.write(this.exports.statePointer(), state);
      this.write(this.exports.previousPointer(), previous);
      const low = Number(sequence & 0xffffffffn);
      const high = Number(sequence >> 32n);
      const packed = this.exports[call](text.length, facts.length, state.length, low, high);
      const record = this.read(this.exports.recordPointer(), this.exports.recordBytes());
      const hash = this.read(this.exports.hashPointer(), 32);
      const afterBytes = this.exports.stateAfterBytes();
      const after = afterBytes === 0 ? null : this.read(this.exports.stateAfterPointer(), afterBytes);
      return { recordedVerdict: this.describe(packed), record, hash, after };
    });
  }

  trace(action: Uint8Array, facts: Uint8Array, state = NO_STATE): TraceEvent[] {
    this.writeInputs(action, facts);
    this.write(this.exports.statePointer(), state);
    this.exports.decide(action.length, facts.length, state.length, 1);
    const bytes = this.read(this.exports.tracePointer(), this.exports.traceEvents() * 8);
    const words = new Uint32Array(bytes.buffer);
    return Array.from({ length: words.length / 2 }, (_, index) => {
      const word = words[2 * index]!;
      return { kind: word >>> 24, low: word & 0xffffff, payload: words[2 * index + 1]! };
    });
  }

  /** The canonical form of any JSON text, or the number of the code that refuses it. */
  canonicalize(text: Uint8Array): Uint8Array | number {
    this.write(this.exports.actionPointer(), text.subarray(0, MAX_INPUT_BYTES));
    const length = this.exports.canonicalize(text.length);
    return length < 0 ? -length : this.read(this.exports.outputPointer(), length);
  }
}

export const CORE: Implementation = {
  name: "core",
  load(policy, context) {
    const core = new RawCore(policy, context);
    return {
      decide(action, facts) {
        const verdict = core.decide(action, facts);
        const { recordedVerdict, record, hash } = core.record("decideRecorded", action, facts, context);
        return { verdict, recordedVerdict, record, hash };
      },
    };
  },
  open(policy, context) {
    return new BlobSystem(policy, context, (loaded) => engineOf(new RawCore(loaded, context)));
  },
};

/** Steps on that core. `trace`: called for every action before it is recorded, with its state. */
export function engineOf(
  core: RawCore,
  trace: (text: Uint8Array, facts: Uint8Array, state: Uint8Array) => void = () => {},
): Engine {
  return ({ kind, text, facts }, blobs, place) => {
    const state = blobs === null ? NO_STATE : pack(blobs);
    if (kind === "action") trace(text, facts, state);
    const call = kind === "action" ? "decideRecorded" : "applyEvent";
    const verdict = kind === "action" ? core.decide(text, facts, state) : null;
    const { after, ...recorded } = core.record(call, text, facts, place, state);
    return { verdict: verdict ?? recorded.recordedVerdict, ...recorded, after: after && unpack(after) };
  };
}
