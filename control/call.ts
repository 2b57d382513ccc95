/** What is asked of the control plane, as its stages hand it on. */
import type { Credential, DelegationFacts, PrincipalFacts } from "./ports.ts";

/** JSON text, as a string or as UTF-8. */
export type Text = string | Uint8Array;

/** JSON text, or a plain object, which is judged as `JSON.stringify` prints it. */
export type Input = Text | Readonly<Record<string, unknown>>;

/**
 * What the host knows of a call, by the names of engine/ABI.md "The facts". `agent`, `time`, `salt`, `principal` and `delegation`
 * come from the control plane: facts that give one of them are refused with `facts_invalid`.
 */
export type Facts = string | Readonly<Record<string, unknown>>;

/** A decision or an event, on its way to the core. */
export interface Call {
  readonly kind: "decision" | "event";
  /** The action or the event. */
  readonly text: Text;
  /** Whom the host takes the caller for. Decides which state is read; the core denies when the text says otherwise. */
  readonly agent: string;
  /** Null: the call has none. */
  readonly session: string | null;
  readonly facts: Facts | undefined;
  readonly credential: Credential | undefined;
  /** Delegation tokens, root first. Only of decisions. */
  readonly delegation: readonly string[] | undefined;
  /** Grantors, root first, that an event names. Decisions have them from their tokens. */
  readonly chain: readonly string[];
  /** The grant that the event revokes, or null. */
  readonly revokes: string | null;
}

/** Refused before the core was asked. `reason` is for the operator. */
export interface StageRefusal {
  readonly code: "identity_invalid" | "delegation_invalid";
  readonly reason: string;
}

/** Who calls, by whose leave. */
export interface Caller {
  readonly principal: PrincipalFacts | null;
  readonly delegation: DelegationFacts | null;
  readonly refusal: StageRefusal | null;
}

/** No JSON: the core refuses it, so that what cannot be serialised is a deny like any other malformed input. */
const NO_JSON = " ";

/** As text that nobody else can change. */
export function toText(input: Input): Text {
  // An empty text would stand for absent facts.
  if (typeof input === "string") return input.length === 0 ? NO_JSON : input;
  // Not by `slice`, which for a Buffer gives a view of the same memory.
  if (input instanceof Uint8Array) return input.length === 0 ? NO_JSON : new Uint8Array(input);
  return printed(input) ?? NO_JSON;
}

/** Null for what has no JSON, or prints as less than it holds: a Map or an ArrayBuffer would print as `{}`. */
export function printed(value: unknown): string | null {
  try {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) return null;
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}
