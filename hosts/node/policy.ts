import { type ChainTip, genesis } from "../../control/audit/line.ts";
import {
  type CodeName,
  type Core,
  codeNamed,
  type Text,
  type Traced,
  type Verdict,
} from "../../engine/binding/index.ts";
import { errorText } from "./files.ts";
import type { Recorded, RecordLog } from "./log.ts";
import { type HostRefusal, refusal } from "./refusals.ts";
import { type Identity, type PolicyOptions, prepare, type Ready } from "./source.ts";

/**
 * JSON text, as a string or as UTF-8; or a plain object, which costs a `JSON.stringify` (about 1.3 µs for 300 bytes, more
 * than the decision) and is judged as that prints it. Prefer the text that will be executed.
 */
export type Input = Text | Readonly<Record<string, unknown>>;

/** A record and its place in the chain. */
export interface Entry extends Recorded {
  sequence: number;
}

export interface RecordedDecision {
  verdict: Verdict;
  /** Null only beside a deny with `record_unwritable`. */
  entry: Entry | null;
  /** Why there is no entry. */
  failure: HostRefusal | null;
}

export type ReloadResult = { ok: true; identity: Identity } | HostRefusal;

/** Rejection of `openPolicy`: a policy that was refused. `code` is from the tables in docs/operations/signing-and-keys.md and docs/core/node.md. */
export class PolicyRefused extends Error {
  readonly code: HostRefusal["code"];
  /** What to do about it. */
  readonly help: string;

  constructor({ code, message, help }: HostRefusal) {
    super(message);
    this.name = "PolicyRefused";
    this.code = code;
    this.help = help;
  }
}

/** No JSON: the core refuses it, so what cannot be serialised is a deny like any other malformed input. */
const NO_JSON = " ";

function toText(input: Input): Text {
  // An empty text would stand for absent facts; to have none, leave the argument out.
  if (typeof input === "string" || input instanceof Uint8Array) return input.length === 0 ? NO_JSON : input;
  try {
    const prototype: unknown = Object.getPrototypeOf(input);
    // A Map or an ArrayBuffer would print as `{}`, and what it holds would not be judged.
    if (prototype !== Object.prototype && prototype !== null) return NO_JSON;
    return JSON.stringify(input) ?? NO_JSON;
  } catch {
    return NO_JSON;
  }
}

/** Not by `slice`, which for a Buffer gives a view of the same memory. */
function copyOf(text: Text): Text {
  return typeof text === "string" ? text : new Uint8Array(text);
}

function denial(code: CodeName): Verdict {
  const { name } = codeNamed(code);
  const obligations = { credentials: [], notify: [], redact: [] };
  return { effect: "deny", code: name, agent: null, rule: null, reason: null, detail: null, obligations };
}

/** A verified policy that decides. Every outcome of a decision is a verdict, and every failure a deny. */
export class Policy {
  #ready: Ready;
  #options: PolicyOptions;
  #tip: ChainTip = genesis();
  #reloading: Promise<unknown> = Promise.resolve();

  /** For `openPolicy`. */
  constructor(ready: Ready, options: PolicyOptions) {
    this.#ready = ready;
    this.#options = options;
  }

  get identity(): Identity {
    return this.#ready.identity;
  }

  /** What decides at this moment. For `openControl`. */
  get core(): Core {
    return this.#ready.core;
  }

  /** Decides and leaves no trace. */
  decide(action: Input, facts?: Input): Verdict {
    return this.#ready.core.decide(toText(action), facts === undefined ? undefined : toText(facts));
  }

  /** The same, with the steps that led to the verdict (engine/constants.ts, TRACE_*). */
  trace(action: Input, facts?: Input): Traced {
    return this.#ready.core.trace(toText(action), facts === undefined ? undefined : toText(facts));
  }

  /**
   * Decides and gives the record, chained to the one before from this policy. The caller makes it durable before acting on
   * the verdict; `decideLogged` does both.
   */
  decideRecorded(action: Input, facts?: Input): RecordedDecision {
    try {
      const entry = record(this.#ready.core, action, facts, this.#tip);
      this.#tip = { sequence: entry.sequence + 1, previous: entry.hash };
      return { verdict: entry.verdict, entry, failure: null };
    } catch (error) {
      return unrecorded(refusal("core_failed", errorText(error)));
    }
  }

  /** Decides and answers when the record is durable in the log; without a durable record the verdict is a deny. */
  async decideLogged(action: Input, facts: Input | undefined, log: RecordLog): Promise<RecordedDecision> {
    // Copied: what was handed in is judged, also when the caller's buffer changes before its turn comes.
    const actionText = copyOf(toText(action));
    const factsText = facts === undefined ? undefined : copyOf(toText(facts));
    try {
      const appended = await log.append((tip) => record(this.#ready.core, actionText, factsText, tip));
      if (!appended.ok) return unrecorded(appended);
      return { verdict: appended.made.verdict, entry: appended.made, failure: null };
    } catch (error) {
      return unrecorded(refusal("core_failed", errorText(error)));
    }
  }

  /**
   * Takes a newer bundle, or new keys, into use between two decisions. Refused, the policy that was in use stays. Without
   * options those of before hold; a trust file given by its path is read again. Reloads at once run one after the other.
   */
  reload(source: string | Uint8Array, options: PolicyOptions = this.#options): Promise<ReloadResult> {
    const reloaded = this.#reloading.then(async (): Promise<ReloadResult> => {
      const ready = await prepare(source, options, this.#ready.highest);
      if (!ready.ok) return ready;
      this.#ready = ready;
      this.#options = options;
      return { ok: true, identity: ready.identity };
    });
    this.#reloading = reloaded.catch(() => {});
    return reloaded;
  }
}

function record(
  core: Core,
  action: Input,
  facts: Input | undefined,
  tip: ChainTip,
): Entry & { verdict: Verdict } {
  const factsText = facts === undefined ? undefined : toText(facts);
  return { sequence: tip.sequence, ...core.decideRecorded(toText(action), factsText, tip) };
}

function unrecorded(failure: HostRefusal): RecordedDecision {
  return { verdict: denial("record_unwritable"), entry: null, failure };
}

/**
 * Opens a bundle file, by its path or its bytes, verified against a trust file unless `insecure` is asked for.
 * Rejects with PolicyRefused when anything of it is refused.
 */
export async function openPolicy(source: string | Uint8Array, options: PolicyOptions): Promise<Policy> {
  const ready = await prepare(source, options, null);
  if (!ready.ok) throw new PolicyRefused(ready);
  return new Policy(ready, options);
}
