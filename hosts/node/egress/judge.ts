/** Decisions about what wants to go out, and what is owed for them afterwards. */
import type { Decision } from "../../../control/plane.ts";
import type { Caller, EgressAction } from "../../../gateway/egress/action.ts";
import type { Refused } from "../../../gateway/egress/denial.ts";
import type { FaultCode } from "../../../gateway/egress/faults.ts";
import type { Decides, EgressEvent, EgressOptions } from "./options.ts";

/** One or two permits: of a host, and of the address that its name led to. */
export class Permit {
  readonly #decisions: Decision[];

  constructor(decision: Decision) {
    this.#decisions = [decision];
  }

  add(decision: Decision): void {
    this.#decisions.push(decision);
  }

  /** It ran. `bytes`: both ways; counted once. */
  async settle(bytes: number): Promise<void> {
    await this.#end((decision, at) => decision.settle({ bytes: at === 0 ? bytes : 0 }));
  }

  /** It did not run. */
  async refund(reason: string): Promise<void> {
    await this.#end((decision) => decision.refund(reason));
  }

  /** Once. What fails is in the control plane's hands: a reservation that nobody ends counts on. */
  async #end(how: (decision: Decision, at: number) => Promise<unknown>): Promise<void> {
    const ending = this.#decisions.splice(0);
    await Promise.allSettled(
      ending.map(async (decision, at) => (decision.reservation === null ? null : how(decision, at))),
    );
  }
}

export type Judged =
  | { readonly permitted: true; readonly decision: Decision }
  | ({ readonly permitted: false } & Refused);

/** Asks the control plane in the name of one agent, and tells the terminal. */
export class Judge {
  readonly caller: Caller;
  readonly #control: Decides;
  readonly #onEvent: (event: EgressEvent) => void;

  constructor({ control, agent, session, onEvent }: EgressOptions) {
    this.#control = control;
    this.caller = { agent, session: session ?? null };
    this.#onEvent = onEvent ?? (() => {});
  }

  /** Whatever is no recorded permit is a deny, a failure too. */
  async judge(action: EgressAction): Promise<Judged> {
    const { text, tool, host, port, method, path } = action;
    const about = { kind: "decision", tool, host, port, method, path } as const;
    try {
      const decision = await this.#control.decide({ ...this.caller, action: text });
      const { effect, code, reason } = decision.verdict;
      const { sequence, actionDigest } = decision;
      this.tell({ ...about, effect, code, reason, actionDigest, sequence });
      if (effect === "permit" && sequence !== null) return { permitted: true, decision };
      return { permitted: false, effect, code, reason, actionDigest };
    } catch (error) {
      this.fault("failed", host, error);
      return { permitted: false, effect: "deny", code: "failed", reason: null, actionDigest: null };
    }
  }

  fault(code: FaultCode, host: string | null, detail: unknown = null): void {
    const text = detail instanceof Error ? detail.message : detail === null ? null : String(detail);
    this.tell({ kind: "fault", code, host, detail: text });
  }

  tell(event: EgressEvent): void {
    try {
      this.#onEvent(event);
    } catch {
      // A terminal that fails changes nothing of what goes out.
    }
  }
}
