/** The port `Identify`: the verifier of a credential's scheme, and then what its agent runs. */
import type { Identify, IdentityResult } from "../ports.ts";
import { fault, type IdentityFault } from "./faults.ts";
import { checkPins, type PinnedMeasurements, refuseMeasured } from "./measurement.ts";
import type { Verifier } from "./verifier.ts";

export interface IdentifyOptions {
  /** One for each scheme. */
  readonly verifiers: readonly Verifier[];
  /** Asked of every agent that has a pin, whatever credential it presents. */
  readonly measurements?: PinnedMeasurements;
}

function refused({ fault: code, message }: IdentityFault): IdentityResult {
  return { ok: false, code: "identity_invalid", reason: `${code}: ${message}` };
}

/** @throws RangeError for two verifiers of one scheme, or pins that are none. */
export function createIdentify({ verifiers, measurements }: IdentifyOptions): Identify {
  const byScheme = new Map(verifiers.map((verifier) => [verifier.scheme, verifier]));
  if (byScheme.size !== verifiers.length) throw new RangeError("verifiers: a scheme stands twice");
  if (measurements !== undefined) checkPins(measurements.pins);
  return {
    async identify(credential, subject) {
      const verifier = byScheme.get(credential?.scheme);
      if (verifier === undefined) return refused(fault("scheme_unknown"));
      const verified = await verifier.verify(credential, subject);
      if (!verified.ok) return refused(verified);
      if (measurements !== undefined && Object.hasOwn(measurements.pins, subject.agent)) {
        const changed = await refuseMeasured(subject.agent, measurements);
        if (changed !== null) return refused(changed);
      }
      return verified;
    },
  };
}
