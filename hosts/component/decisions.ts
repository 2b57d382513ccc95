/** The interface `decisions` of engine/wit/faramesh.wit, as jco gives it to JavaScript. */
import type { CodeName, Effect } from "../../engine/binding/index.ts";

export interface WitVerdict {
  readonly effect: Effect;
  readonly code: string;
  readonly agent?: string | undefined;
  readonly rule?: WitRule | undefined;
  readonly reason?: string | undefined;
  readonly detail?: WitDetail | undefined;
  readonly obligations: {
    readonly credentials: readonly string[];
    readonly notify: readonly string[];
    readonly redact: readonly (readonly WitStep[])[];
  };
}

interface WitRule {
  readonly file: string;
  readonly line: bigint;
  readonly column: bigint;
  readonly id: string;
}

export type WitDetail =
  | { readonly tag: "offset"; readonly val: number }
  | { readonly tag: "argument" | "selector" | "field" | "meter" | "agent"; readonly val: string };

export type WitStep =
  | { readonly tag: "key"; readonly val: string }
  | { readonly tag: "index"; readonly val: number };

export interface WitPlace {
  readonly sequence: bigint;
  readonly previous: Uint8Array;
}

export interface WitRecorded {
  readonly verdict: WitVerdict;
  readonly record: Uint8Array;
  readonly hash: Uint8Array;
  readonly state?: readonly Uint8Array[] | undefined;
}

export type WitRecording = (
  text: Uint8Array,
  facts: Uint8Array | undefined,
  state: readonly Uint8Array[] | undefined,
  place: WitPlace,
) => WitRecorded;

/** The verdict codes that `refuse` takes, with hyphens. */
export type WitHostRefusal = "engine-trap" | "lone-surrogate" | "record-unwritable" | "state-unavailable";

/** Functions with a `result` in the WIT throw an error with the `payload` of its refusal; every other error is a trap. */
export interface Decisions {
  engineDigest(): Uint8Array;
  load(bundle: Uint8Array, signed: boolean): Uint8Array;
  decide(
    action: Uint8Array,
    facts: Uint8Array | undefined,
    state: readonly Uint8Array[] | undefined,
  ): WitVerdict;
  readonly decideRecorded: WitRecording;
  readonly applyEvent: WitRecording;
  refuse(
    reason: WitHostRefusal,
    subject: "action" | "event",
    text: Uint8Array | undefined,
    facts: Uint8Array | undefined,
    place: WitPlace,
  ): WitRecorded;
  canonicalize(text: Uint8Array): Uint8Array;
}

/** The core's names, which have no hyphens. */
export function codeOfWit(name: string): CodeName {
  return name.replaceAll("-", "_") as CodeName;
}
