/** Keys and chains of grants for the tests: everything from fixed seeds. */

import { keyIdOf, publicKeyOf } from "../../bundles/trust/ed25519.ts";
import { compileScope } from "../../cli/commands/delegate-scope.ts";
import type { Ceiling } from "../../control/delegation/index.ts";
import { type IssueOptions, issueGrant } from "../../control/delegation/issue.ts";

export const NOW = 1_767_225_600_000;
const MINUTE = 60_000;

export interface Signer {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly id: string;
}

export function signer(byte: number): Signer {
  const seed = new Uint8Array(32).fill(byte);
  const publicKey = publicKeyOf(seed);
  return { seed, publicKey, id: keyIdOf(publicKey) };
}

export const ROOT = signer(1);
/** The key of the agent that stands i-th in a chain. */
export const holderOf = (i: number): Signer => signer(10 + i);

export interface Step {
  readonly from: string;
  readonly to: string;
  readonly scope?: readonly string[];
  readonly ceiling?: Ceiling;
  readonly granted?: number;
  readonly expires?: number;
}

export function bundleOf(step: Step): Uint8Array {
  const { from, to, scope = ["*"], ceiling = "inherited" } = step;
  const compiled = compileScope({ from, to, scope, ceiling });
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.bundle;
}

/** Issues a chain, each grant by the holder of the one before; `change` alters the options of one before it is issued. */
export function chainOf(
  steps: readonly Step[],
  change: (options: IssueOptions, index: number) => IssueOptions = (options) => options,
): string[] {
  const tokens: string[] = [];
  for (const [index, step] of steps.entries()) {
    const depth = steps.length - 1 - index;
    const issued = issueGrant(
      change(
        {
          seed: index === 0 ? ROOT.seed : holderOf(index - 1).seed,
          parents: [...tokens],
          id: `${index}`.padStart(32, "0"),
          from: step.from,
          to: step.to,
          scope: step.scope ?? ["*"],
          bundle: bundleOf(step),
          granted: step.granted ?? NOW,
          expires: step.expires ?? NOW + 15 * MINUTE,
          ceiling: step.ceiling ?? "inherited",
          depth,
          holder: depth === 0 ? null : holderOf(index).publicKey,
        },
        index,
      ),
    );
    if (!issued.ok) throw new Error(`${issued.fault}: ${issued.message}`);
    tokens.push(issued.token);
  }
  return tokens;
}

export const TWO: readonly Step[] = [
  { from: "lead", to: "clerk", scope: ["orders/*", "payments/refund:amount <= 100"] },
  { from: "clerk", to: "trainee", scope: ["orders/read"], ceiling: "defer" },
];
