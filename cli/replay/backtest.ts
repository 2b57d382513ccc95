/** What another policy would have said to the calls of a log, on the state that it would have had. */
import type { SealedRecord } from "../../control/ports.ts";
import type { Verdict } from "../core.ts";
import type { Opened } from "../policy.ts";
import { blobKeys, isStateful } from "../state/memory.ts";
import { Trial } from "../trial.ts";
import { ReadArguments } from "./reads.ts";
import { type Original, type Replayable, readReplayable, withSalt } from "./record.ts";
import { decideAgain } from "./replay.ts";

export interface JudgedVerdict {
  effect: string;
  code: string;
  rule: { file: string; line: number } | null;
  reason: string | null;
}

export interface ChangedVerdict {
  sequence: number;
  timeMs: number | null;
  type: string;
  agent: string | null;
  tool: string | null;
  session: string | null;
  old: JudgedVerdict;
  new: JudgedVerdict;
}

export interface BacktestCounts {
  records: number;
  judged: number;
  /** Not judged: values that the policy reads are not known, or the text was refused before it was judged. What is not judged moves nothing. */
  redacted: number;
  refused: number;
  changed: number;
  /** Of the changed: more is let through; less; the same effect for another cause. */
  widened: number;
  narrowed: number;
  cause: number;
}

/** The order of narrowing. */
const ORDER = ["deny", "defer", "permit"];
/** For records that must redact: what is written is not kept. */
const SALT = "0".repeat(32);

export class Backtest {
  readonly #opened: Opened;
  readonly #originalOf: (sequence: number, previous: Uint8Array) => Original | null;
  readonly #blobs = new Map<string, Uint8Array>();
  /** For calls that were decided without state, where the policy has some. */
  readonly #trial: Trial | null;
  readonly #redacts: boolean;
  readonly #reads: ReadArguments;
  #previous = new Uint8Array(32);
  readonly counts: BacktestCounts = {
    records: 0,
    judged: 0,
    redacted: 0,
    refused: 0,
    changed: 0,
    widened: 0,
    narrowed: 0,
    cause: 0,
  };

  constructor(opened: Opened, originalOf: (sequence: number, previous: Uint8Array) => Original | null) {
    this.#opened = opened;
    this.#originalOf = originalOf;
    this.#trial = isStateful(opened.ir) ? new Trial(opened) : null;
    this.#redacts = opened.ir.redacts.length > 0;
    this.#reads = new ReadArguments(opened.ir);
  }

  /** The verdict, if it changes. */
  push(sealed: SealedRecord): ChangedVerdict | null {
    const previous = this.#previous;
    this.#previous = new Uint8Array(sealed.hash);
    this.counts.records++;
    const one = readReplayable(
      sealed,
      previous,
      (sequence) => this.#originalOf(sequence, previous),
      // An approval is of the original's digest.
      (paths, code) => code !== "approved" && !this.#reads.any(paths),
    );
    if (typeof one === "string") {
      this.counts[one]++;
      return null;
    }
    this.counts.judged++;
    return this.#compare(one, this.#judge(one));
  }

  #judge(one: Replayable): Verdict {
    const { core } = this.#opened;
    const { text, facts, hasState, isEvent } = one;
    if (!hasState && !isEvent) {
      return this.#trial === null ? core.decide(text, facts) : this.#trial.decide({ action: text, facts });
    }
    const salted = this.#redacts ? saltedOnce(one) : one;
    const keys = blobKeys(one.parties);
    const made = decideAgain(
      core,
      salted,
      keys.map((key) => (key === null ? null : (this.#blobs.get(key) ?? null))),
    );
    made.state?.forEach((blob, index) => {
      const key = keys[index] ?? null;
      if (key !== null && blob.byteLength > 0) this.#blobs.set(key, blob);
    });
    return made.verdict;
  }

  #compare({ slices, sealed }: Replayable, verdict: Verdict): ChangedVerdict | null {
    const effect = slices.text("effect").slice(1, -1);
    const code = slices.text("code").slice(1, -1);
    if (effect === verdict.effect && code === verdict.code) return null;
    this.counts.changed++;
    const wider = ORDER.indexOf(verdict.effect) - ORDER.indexOf(effect);
    this.counts[wider > 0 ? "widened" : wider < 0 ? "narrowed" : "cause"]++;
    const action = slices.value("action") as { agent?: string; tool?: string; session?: string | null };
    return {
      sequence: sealed.sequence,
      timeMs: slices.value("time") as number | null,
      type: slices.value("type") as string,
      agent: action.agent ?? null,
      tool: action.tool ?? null,
      session: action.session ?? null,
      old: {
        effect,
        code,
        rule: slices.value("rule") as JudgedVerdict["rule"],
        reason: slices.value("reason") as string | null,
      },
      new: { effect: verdict.effect, code: verdict.code, rule: verdict.rule, reason: verdict.reason },
    };
  }
}

/** An original brings its own salt. */
function saltedOnce(one: Replayable): Replayable {
  const has = new TextDecoder().decode(one.facts.subarray(0, 9)) === '{"salt":"';
  return has ? one : { ...one, facts: withSalt(one.facts, SALT) };
}
