/** Plays the lines of the corpus one after another on one core. For any runtime. */
import type { LoadOptions, LoadResult } from "../../../bundles/load.ts";
import { parseTrustFile } from "../../../bundles/trust/index.ts";
import type { Core, Verdict } from "../../../engine/binding/index.ts";
import { bytesOf, bytesOfBase64, type CallLine, type Line, type OpenLine } from "./lines.ts";

export type Load = (file: Uint8Array, options: LoadOptions) => LoadResult;

/** What opening a file comes to. */
export interface Opened {
  /** `ok`, or the code of the host's refusal. */
  readonly code: string;
  /** The core's own code, beside `bundle_refused`; else null. */
  readonly coreCode: string | null;
}

/** What a line gives: nothing, the outcome of opening, or a verdict and perhaps a record. */
export type Played =
  | { readonly kind: "nothing" }
  | ({ readonly kind: "opened" } & Opened)
  | {
      readonly kind: "decided";
      readonly code: string;
      /** Canonical JSON. */
      readonly verdict: Uint8Array;
      /** Null of `plain`. */
      readonly recorded: { readonly record: Uint8Array; readonly hash: Uint8Array } | null;
    };

const encoder = new TextEncoder();
const NOTHING: Played = { kind: "nothing" };
const HASH_BYTES = 32;
const OPENED: Opened = { code: "ok", coreCode: null };

/** The verdict's fields stand in canonical order, and hold only what is the same in any JSON. */
const canonical = (verdict: Verdict): Uint8Array => encoder.encode(JSON.stringify(verdict));

/** A file as a line has it opened. */
export interface Opening {
  readonly file: Uint8Array;
  /** Text of the trust file; null: without signatures. */
  readonly trust: string | null;
  /** Unix milliseconds. */
  readonly nowMs: number;
  readonly highest: OpenLine["highest"];
}

/** What the corpus asks of a core; the component has it too. */
export type PlayedCore = Pick<Core, "engineDigest" | "load" | "decide" | "decideRecorded" | "applyEvent">;

export class Player {
  readonly #core: PlayedCore;
  readonly #load: Load;
  readonly #trust = new Map<string, string>();
  readonly #bundles = new Map<string, Uint8Array>();
  readonly #state = new Map<string, Uint8Array>();
  #loaded: { bundle: Uint8Array; signed: boolean } | null = null;
  #sequence = 0;
  #previous: Uint8Array = new Uint8Array(HASH_BYTES);

  /** @param core without a bundle. */
  constructor(core: PlayedCore, load: Load) {
    this.#core = core;
    this.#load = load;
  }

  /** Throws Error for a line that is not understood, or names what is not there. */
  play(line: Line): Played {
    switch (line.kind) {
      case "header":
        return NOTHING;
      case "trust":
        this.#trust.set(line.id, line.file);
        return NOTHING;
      case "bundle":
        this.#bundles.set(line.id, bytesOfBase64(line.bytes));
        return NOTHING;
      case "open":
      case "load":
        return { kind: "opened", ...this.#open(line) };
      case "decide":
      case "event":
      case "plain":
        return this.#call(line);
      default:
        throw new Error(`\`${(line as { kind: unknown }).kind}\` is no kind of line`);
    }
  }

  /** The file of a line, also of one that was played. */
  opening({ bundle, trust, now, highest }: OpenLine): Opening {
    const text = trust === null ? null : named(this.#trust, trust);
    return { file: named(this.#bundles, bundle), trust: text, nowMs: now, highest };
  }

  #open(line: OpenLine): Opened {
    const opening = this.opening(line);
    const options = optionsOf(opening);
    if (typeof options === "string") return { code: options, coreCode: null };
    const opened = this.#load(opening.file, options);
    if (!opened.ok) return { code: opened.code, coreCode: null };
    const { bundle, signed } = opened;
    const result = this.#core.load(bundle, { signed });
    if (!result.ok) {
      // The core holds nothing after a refusal; what was in use stays in use.
      if (this.#loaded !== null) this.#core.load(this.#loaded.bundle, this.#loaded);
      return { code: "bundle_refused", coreCode: result.code };
    }
    this.#loaded = { bundle, signed };
    if (line.kind === "open") {
      this.#sequence = line.sequence ?? 0;
      this.#previous = new Uint8Array(HASH_BYTES);
      this.#state.clear();
    }
    return OPENED;
  }

  #call(line: CallLine): Played {
    const text = bytesOf(line.text, line.bytes);
    if (text === undefined) throw new Error("a call without a text");
    const facts = bytesOf(line.facts, line.factsBytes);
    const state = line.state?.map((key) => (key === null ? null : (this.#state.get(key) ?? null)));
    if (line.kind === "plain") {
      const verdict = this.#core.decide(text, facts, state);
      return { kind: "decided", code: verdict.code, verdict: canonical(verdict), recorded: null };
    }
    const place = { sequence: this.#sequence, previous: this.#previous };
    const call = line.kind === "decide" ? "decideRecorded" : "applyEvent";
    const { verdict, record, hash, state: after } = this.#core[call](text, facts, place, state);
    this.#sequence++;
    this.#previous = hash;
    this.#keep(line.state ?? [], after ?? []);
    return { kind: "decided", code: verdict.code, verdict: canonical(verdict), recorded: { record, hash } };
  }

  #keep(keys: readonly (string | null)[], blobs: readonly Uint8Array[]): void {
    for (const [index, blob] of blobs.entries()) {
      if (blob.length === 0) continue;
      const key = keys[index] ?? null;
      if (key === null) throw new Error("state after where there is no key");
      this.#state.set(key, blob);
    }
  }
}

/** A text is the code of the trust file's refusal. */
function optionsOf({ trust, nowMs, highest }: Opening): LoadOptions | string {
  if (trust === null) return { insecure: true };
  const parsed = parseTrustFile(encoder.encode(trust));
  return parsed.ok ? { trust: parsed.trust, nowMs, highest } : parsed.code;
}

function named<Value>(values: ReadonlyMap<string, Value>, id: string): Value {
  const value = values.get(id);
  if (value === undefined) throw new Error(`no earlier line has the id \`${id}\``);
  return value;
}
