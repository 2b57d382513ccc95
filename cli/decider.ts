/** How `decide` decides: alone, into a log, on a state that is tried out, or durably through a control plane. */
import type { Credential, IdentityResult, PrincipalFacts, SealedRecord } from "../control/ports.ts";
import { LogFailure, type SegmentedLog } from "../hosts/node/log/index.ts";
import { type Call, withoutMembers } from "./calls.ts";
import { decideRecorded, decideTraced, type Verdict } from "./core.ts";
import { CommandError, EXIT_MISUSE, refused } from "./errors.ts";
import { type DecidingPlane, hashText, mustBeRecorded } from "./plane.ts";
import type { Opened } from "./policy.ts";
import { explanationJson } from "./report/explanation.ts";
import { objectOf } from "./state/memory.ts";
import type { Trial } from "./trial.ts";

export interface Decided {
  verdict: Verdict;
  /** Fields of the line besides the verdict's. */
  extra: Record<string, unknown>;
}

/** `first`: number of the first call's line. */
export interface Decider {
  /** Whether calls need a salt from the command. */
  readonly needsSalt: boolean;
  /** In the order of the calls. */
  decide(calls: readonly Call[], lines: readonly number[]): Promise<Decided[]>;
}

/** Without state; with a log every record is durable before its verdict is given. One write to the log for all calls. */
export class StatelessDecider implements Decider {
  readonly #opened: Opened;
  readonly #log: SegmentedLog | null;
  readonly #trace: boolean;

  constructor(opened: Opened, log: SegmentedLog | null, trace: boolean) {
    this.#opened = opened;
    this.#log = log;
    this.#trace = trace;
  }

  /** Records that redact something. */
  get needsSalt(): boolean {
    return this.#log !== null && this.#opened.ir.redacts.length > 0;
  }

  async decide(calls: readonly Call[]): Promise<Decided[]> {
    const { core } = this.#opened;
    const log = this.#log;
    if (log === null) {
      return calls.map((call) => {
        return { verdict: core.decide(call.action, call.facts ?? undefined), extra: this.#extra(call) };
      });
    }
    const start = await log.tip();
    let tip = start;
    const records: SealedRecord[] = [];
    const decided = calls.map((call) => {
      const { verdict, record, hash } = decideRecorded(core, call, tip);
      records.push({ sequence: tip.sequence, record, hash });
      tip = { sequence: tip.sequence + 1, previous: hash };
      return { verdict, extra: this.#extra(call) };
    });
    try {
      const appended = await log.append(start, records);
      if (!appended.ok) throw new LogFailure("log_changed", log.folder);
    } catch (error) {
      if (!(error instanceof LogFailure)) throw error;
      throw new CommandError(EXIT_MISUSE, error.message, { place: log.folder, help: error.help });
    }
    return decided;
  }

  #extra(call: Call): Record<string, unknown> {
    if (!this.#trace) return {};
    const { core, ir } = this.#opened;
    const { limits: _, steps } = explanationJson(decideTraced(core, ir, call));
    return { trace: steps };
  }
}

/** On a state that begins empty with the command and is gone with it. */
export class TrialDecider implements Decider {
  readonly needsSalt = false;
  readonly #trial: Trial;
  readonly #trace: boolean;

  constructor(trial: Trial, trace: boolean) {
    this.#trial = trial;
    this.#trace = trace;
  }

  async decide(calls: readonly Call[]): Promise<Decided[]> {
    const decided: Decided[] = [];
    for (const call of calls) {
      if (this.#trace) {
        const explanation = await this.#trial.explain(call);
        const { limits, steps } = explanationJson(explanation);
        decided.push({ verdict: explanation.verdict, extra: { trace: steps, limits } });
      } else decided.push({ verdict: this.#trial.decide(call), extra: {} });
    }
    return decided;
  }
}

/** What an envelope says of the caller is the host's word: the command takes it as verified by the host, or not, as it says. */
interface EnvelopeCredential extends Credential {
  principal: PrincipalFacts;
}

/** The port `identify` of a control plane that takes envelopes. */
export const ENVELOPES = {
  identify: async (credential: Credential): Promise<IdentityResult> => {
    return { ok: true, principal: (credential as EnvelopeCredential).principal };
  },
};

/** Facts that the control plane gives itself. */
const OWN_FACTS = {
  time: "the control plane has its own clock",
  salt: "the folder has a key of its own",
} as const;

/** Durably, in a folder: each verdict is in the log, and what it moves in the state, before it is given. */
export class PlaneDecider implements Decider {
  readonly needsSalt = false;
  readonly #plane: DecidingPlane;
  /** The agent that the host takes the caller for. */
  readonly #agent: string | null;

  constructor(plane: DecidingPlane, agent: string | null) {
    this.#plane = plane;
    this.#agent = agent;
  }

  async decide(calls: readonly Call[], lines: readonly number[]): Promise<Decided[]> {
    const requests = calls.map((call, index) => this.#request(call, lines[index]!));
    const { control } = this.#plane;
    const credentials = requests.filter(({ credential }) => credential !== undefined).length;
    // Calls of one kind keep their order; others would overtake those whose caller is identified first.
    if (credentials === 0 || credentials === requests.length) {
      return this.#shown(await Promise.all(requests.map((request) => control.decide(request))));
    }
    const governed = [];
    for (const request of requests) governed.push(await control.decide(request));
    return this.#shown(governed);
  }

  #request({ action, facts }: Call, line: number) {
    const subject = objectOf(action);
    const stated = objectOf(facts);
    for (const [name, why] of Object.entries(OWN_FACTS)) {
      if (stated?.[name] == null) continue;
      throw refused(`line ${line}`, `\`${name}\` cannot be given with \`--folder\``, `${why}: leave it out`);
    }
    const named = this.#agent ?? stated?.agent ?? subject?.agent;
    const principal = stated?.principal ?? null;
    const credential: EnvelopeCredential | undefined =
      principal === null ? undefined : { scheme: "envelope", principal: principal as PrincipalFacts };
    const rest = withoutMembers(facts, ["agent", "principal", "time", "salt"]);
    return {
      // Without a name there is no call: the core says so.
      agent: typeof named === "string" && named !== "" ? named : "default",
      action,
      session: typeof subject?.session === "string" ? subject.session : null,
      facts: rest === null ? undefined : new TextDecoder().decode(rest),
      credential,
    };
  }

  #shown(governed: readonly Awaited<ReturnType<DecidingPlane["control"]["decide"]>>[]): Decided[] {
    return governed.map((one) => {
      // A name that cannot be a key is the call's fault, and no store's.
      if (one.verdict.code !== "state_unavailable") mustBeRecorded(one, this.#plane.place);
      const { verdict, sequence, hash, reservation, failure } = one;
      const reason = failure === null ? {} : { failure };
      return { verdict, extra: { sequence, hash: hashText(hash), reservation, ...reason } };
    });
  }
}
