import { Policy } from "../../control/policy/policy.ts";
import { PolicyRefused } from "../../control/policy/refusals.ts";
import { type PolicyOptions, prepareSource } from "./source.ts";

export { PolicyRefused } from "../../control/policy/refusals.ts";

/** The policy of this host: bundles and trust files come as paths or as bytes. */
export type NodePolicy = Policy<string | Uint8Array, PolicyOptions>;

/**
 * Opens a bundle file, by its path or its bytes, verified against a trust file unless `insecure` is asked for.
 * Rejects with PolicyRefused when anything of it is refused.
 */
export async function openPolicy(source: string | Uint8Array, options: PolicyOptions): Promise<NodePolicy> {
  const ready = await prepareSource(source, options, null);
  if (!ready.ok) throw new PolicyRefused(ready);
  return new Policy(ready, options, prepareSource);
}
