import { type ChainTip, genesis } from "../../control/audit/line.ts";
import { type Input, toText } from "../../control/call.ts";
import type { Core, Text, Traced, Verdict } from "../../engine/binding/index.ts";
import { refusal as denial } from "../../engine/binding/verdict.ts";
import { errorText } from "./files.ts";
import { type HostRefusal, refusal } from "./refusals.ts";
import { type Accept, type Identity, type PolicyOptions, prepare, type Ready } from "./source.ts";

/** A record and its place in the chain. */
export interface Entry {
  sequence: number;
  /** Canonical JSON. */
  record: Uint8Array;
  /** 32 bytes. */
  hash: Uint8Array;
}

export interface RecordedDecision {
  verdict: Verdict;
  /** Null only beside a deny with `record_unwritable`. */
  entry: Entry | null;
  /** Why there is no entry. */
  failure: HostRefusal | null;
}

export type { Input } from "../../control/call.ts";

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

/** Bytes are read before the call is over, so they need no copy. */
function asText(input: Input): Text {
  return input instanceof Uint8Array && input.length > 0 ? input : toText(input);
}

/** A verified policy that decides. Every outcome of a decision is a verdict, and every failure a deny. */
export class Policy {
  #ready: Ready;
  #options: PolicyOptions;
  readonly #accept: Accept | undefined;
  #tip: ChainTip = genesis();
  #reloading: Promise<unknown> = Promise.resolve();

  /** For `openPolicy`. */
  constructor(ready: Ready, options: PolicyOptions, accept?: Accept) {
    this.#ready = ready;
    this.#options = options;
    this.#accept = accept;
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
    return this.#ready.core.decide(asText(action), facts === undefined ? undefined : asText(facts));
  }

  /** The same, with the steps that led to the verdict (engine/constants.ts, TRACE_*). */
  trace(action: Input, facts?: Input): Traced {
    return this.#ready.core.trace(asText(action), facts === undefined ? undefined : asText(facts));
  }

  /**
   * Decides and gives the record, chained to the one before from this policy. The caller makes it durable before acting on
   * the verdict; a control plane (`openControl`) does both, and remembers.
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

  /**
   * Takes a newer bundle, or new keys, into use between two decisions. Refused, the policy that was in use stays. Without
   * options those of before hold; a trust file given by its path is read again. Reloads at once run one after the other.
   */
  reload(source: string | Uint8Array, options: PolicyOptions = this.#options): Promise<ReloadResult> {
    const reloaded = this.#reloading.then(async (): Promise<ReloadResult> => {
      const ready = await prepare(source, options, this.#ready.highest, this.#accept);
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
  const factsText = facts === undefined ? undefined : asText(facts);
  const { verdict, record, hash } = core.decideRecorded(asText(action), factsText, tip);
  return { sequence: tip.sequence, verdict, record, hash };
}

function unrecorded(failure: HostRefusal): RecordedDecision {
  return { verdict: denial("record_unwritable"), entry: null, failure };
}

/**
 * Opens a bundle file, by its path or its bytes, verified against a trust file unless `insecure` is asked for.
 * Rejects with PolicyRefused when anything of it is refused.
 */
export function openPolicy(source: string | Uint8Array, options: PolicyOptions): Promise<Policy> {
  return openAccepted(source, options);
}

/** The same, where the host must be able to do what the bundle asks of it. For `openControl`. */
export async function openAccepted(
  source: string | Uint8Array,
  options: PolicyOptions,
  accept?: Accept,
): Promise<Policy> {
  const ready = await prepare(source, options, null, accept);
  if (!ready.ok) throw new PolicyRefused(ready);
  return new Policy(ready, options, accept);
}
