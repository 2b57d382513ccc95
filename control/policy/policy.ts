import type { HighestSequence } from "../../bundles/trust/index.ts";
import type { Core, Text, Traced, Verdict } from "../../engine/binding/index.ts";
import { refusal as denial } from "../../engine/binding/verdict.ts";
import { type Input, toText } from "../call.ts";
import type { ChainTip } from "../ports.ts";
import type { Accept, Identity, Ready } from "./prepare.ts";
import { errorLine, type PolicyRefusal, policyRefusal } from "./refusals.ts";

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
  failure: PolicyRefusal | null;
}

export type ReloadResult = { ok: true; identity: Identity } | PolicyRefusal;

/** How a host reads and verifies what its callers name as a bundle. */
export type Prepare<Source, Options> = (
  source: Source,
  options: Options,
  highest: HighestSequence | null,
  accept?: Accept,
  current?: Ready | null,
) => Promise<({ ok: true } & Ready) | PolicyRefusal>;

/** Bytes are read before the call is over, so they need no copy. */
function asText(input: Input): Text {
  return input instanceof Uint8Array && input.length > 0 ? input : toText(input);
}

/** A verified policy that decides. Every outcome of a decision is a verdict, and every failure a deny. */
export class Policy<Source = Uint8Array, Options = unknown> {
  readonly #prepare: Prepare<Source, Options>;
  #ready: Ready;
  #options: Options;
  readonly #accept: Accept | undefined;
  #tip: ChainTip = { sequence: 0, previous: new Uint8Array(32) };
  #reloading: Promise<unknown> = Promise.resolve();

  /** For a host's `openPolicy`. */
  constructor(ready: Ready, options: Options, prepare: Prepare<Source, Options>, accept?: Accept) {
    this.#ready = ready;
    this.#options = options;
    this.#prepare = prepare;
    this.#accept = accept;
  }

  get identity(): Identity {
    return this.#ready.identity;
  }

  /** The bundle in use; not to be changed. */
  get bundle(): Uint8Array {
    return this.#ready.bundle;
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
      // The entry is the caller's, who may change it.
      this.#tip = { sequence: entry.sequence + 1, previous: new Uint8Array(entry.hash) };
      return { verdict: entry.verdict, entry, failure: null };
    } catch (error) {
      return unrecorded(policyRefusal("core_failed", errorLine(error)));
    }
  }

  /**
   * Takes a newer bundle, or new keys, into use between two decisions. Refused, the policy that was in use stays. Without
   * options those of before hold; a trust file given by its path is read again. Reloads at once run one after the other.
   */
  reload(source: Source, options: Options = this.#options): Promise<ReloadResult> {
    const reloaded = this.#reloading.then(async (): Promise<ReloadResult> => {
      const ready = await this.#prepare(source, options, this.#ready.highest, this.#accept);
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

function unrecorded(failure: PolicyRefusal): RecordedDecision {
  return { verdict: denial("record_unwritable"), entry: null, failure };
}
