/** Verdicts as the core describes them, read once and frozen. */
import type { Effect } from "./code.ts";
import { type CodeName, rowNamed } from "./code-table.ts";

/** Where the rule that decided stands. `id` is stable while the rule's text, effect and agent are. */
export interface RuleIdentity {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in code points. */
  readonly column: number;
  readonly id: string;
}

/** What a refusal is about. `offset`: bytes from the start of the text. */
export type Detail =
  | { readonly offset: number }
  | { readonly argument: string }
  | { readonly selector: string }
  | { readonly field: string }
  /** A budget, a rate limit or an ambient limit. */
  | { readonly meter: string }
  /** A grantor. */
  | { readonly agent: string };

/** A credential that the host may hand to the tool; never its value. */
export interface CredentialObligation {
  readonly name: string;
  readonly backend: string | null;
  readonly path: string | null;
  readonly ttl_ms: number | null;
  readonly max_scope: string | null;
}

/** What the host owes when it acts on the verdict. */
export interface Obligations {
  readonly credentials: readonly CredentialObligation[];
  /** Targets to notify. */
  readonly notify: readonly string[];
  /** Argument paths, as keys and list indexes, whose values must not be stored or shown. */
  readonly redact: readonly (readonly (string | number)[])[];
}

/** Frozen, and the same object for the same outcome where it holds no obligations or detail. */
export interface Verdict {
  readonly effect: Effect;
  readonly code: CodeName;
  /** The policy block that served the agent, or null. */
  readonly agent: string | null;
  readonly rule: RuleIdentity | null;
  readonly reason: string | null;
  readonly detail: Detail | null;
  readonly obligations: Obligations;
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}

/** Reads the core's JSON, which is trusted to be of this shape. Throws on what is no JSON. */
export function readVerdict(json: Uint8Array): Verdict {
  return freeze(JSON.parse(decoder.decode(json)) as Verdict);
}

/** A deny that the binding came to. */
export function refusal(code: CodeName): Verdict {
  const { effect, name } = rowNamed(code);
  const obligations = { credentials: [], notify: [], redact: [] };
  return freeze({ agent: null, code: name, detail: null, effect, obligations, reason: null, rule: null });
}
