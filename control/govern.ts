/**
 * The spine: identify -> snapshot -> evaluate -> settle -> record -> release. Whatever fails on the way is a deny with its code; what is
 * released is durable. engine/ABI.md has the texts, control/ports.ts what each port promises.
 */
import type { Call } from "./call.ts";
import type { PartyKeysCache } from "./keys.ts";
import type { Ledger } from "./ports.ts";
import { type EvaluatePorts, evaluate } from "./stages/evaluate.ts";
import { frameFacts } from "./stages/facts.ts";
import { type IdentifyPorts, identify } from "./stages/identify.ts";
import { type Governed, release, unrecorded, unreleased } from "./stages/release.ts";
import { settle } from "./stages/settle.ts";
import { isRevoked, keysOf, snapshot } from "./stages/snapshot.ts";

export type { Governed } from "./stages/release.ts";

export interface ControlPorts extends EvaluatePorts, IdentifyPorts {
  readonly ledger: Ledger;
}

/** Never rejects. Calls that present neither credential nor delegation reach the ledger in their order. */
export async function govern(ports: ControlPorts, names: PartyKeysCache, call: Call): Promise<Governed> {
  try {
    const identified = identify(ports, call);
    const caller = identified instanceof Promise ? await identified : identified;
    const keys = keysOf(names, call, caller);
    if (keys === null)
      return unrecorded("state_unavailable", "the agent or the session has no name for a key");
    const frame = frameFacts(JSON.stringify(call.agent), call, caller);
    const governed = await ports.ledger.transact(keys.all, (view) => {
      const { tip } = view;
      const state = snapshot(view, keys);
      const subject = { call, caller, frame, tip, state, revoked: isRevoked(view, keys) };
      return settle(keys, subject, evaluate(ports, subject));
    });
    return release(governed, caller);
  } catch (error) {
    return unreleased(error);
  }
}
