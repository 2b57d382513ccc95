import { Policy } from "../../control/policy/policy.ts";
import { PolicyRefused } from "../../control/policy/refusals.ts";
import { type Place, type PolicyOptions, prepareSource } from "./source.ts";

/** The policy of this host: bundles and trust files come as paths, `file:` URLs or bytes. */
export type DenoPolicy = Policy<Place | Uint8Array, PolicyOptions>;

/**
 * Opens a bundle file, by its place or its bytes, verified against a trust file unless `insecure` is asked for.
 * Rejects with PolicyRefused when anything of it is refused.
 */
export async function openPolicy(source: Place | Uint8Array, options: PolicyOptions): Promise<DenoPolicy> {
  const ready = await prepareSource(source, options, null);
  if (!ready.ok) throw new PolicyRefused(ready);
  return new Policy(ready, options, prepareSource);
}
