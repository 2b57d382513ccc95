import { Policy } from "../../control/policy/policy.ts";
import type { Accept } from "../../control/policy/prepare.ts";
import { PolicyRefused } from "../../control/policy/refusals.ts";
import { type PolicyOptions, prepareSource } from "./source.ts";

export { PolicyRefused } from "../../control/policy/refusals.ts";

/** The policy of this host: bundles and trust files come as paths or as bytes. */
export type NodePolicy = Policy<string | Uint8Array, PolicyOptions>;

/**
 * Opens a bundle file, by its path or its bytes, verified against a trust file unless `insecure` is asked for.
 * Rejects with PolicyRefused when anything of it is refused.
 */
export function openPolicy(source: string | Uint8Array, options: PolicyOptions): Promise<NodePolicy> {
  return openAccepted(source, options);
}

/** The same, where the host must be able to do what the bundle asks of it. For `openControl`. */
export async function openAccepted(
  source: string | Uint8Array,
  options: PolicyOptions,
  accept?: Accept,
): Promise<NodePolicy> {
  const ready = await prepareSource(source, options, null, accept);
  if (!ready.ok) throw new PolicyRefused(ready);
  return new Policy(ready, options, prepareSource, accept);
}
