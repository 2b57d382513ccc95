/** What an agent runs, against what was pinned: a changed program, model or configuration is not the agent any more. */
import { fault, type IdentityFault } from "./faults.ts";
import { type Verifier, verifiedPrincipal } from "./verifier.ts";

export const MEASURED = ["code", "model", "configuration"] as const;

/** SHA-256, 64 hexadecimal digits each; what is left out was not measured, or is not pinned. */
export type Measurement = Partial<Readonly<Record<(typeof MEASURED)[number], string>>>;

/** Measures what an agent runs. */
export interface Measure {
  /** Rejects when it cannot be measured wholly. Ends in bounded time. */
  measure(agent: string): Promise<Measurement>;
}

export interface PinnedMeasurements {
  /** By agent. */
  readonly pins: Readonly<Record<string, Measurement>>;
  readonly measure: Measure;
}

const DIGEST = /^[0-9a-f]{64}$/;

/** @throws RangeError for a pin of nothing, or of what is no digest. */
export function checkPins(pins: Readonly<Record<string, Measurement>>): void {
  for (const [agent, pin] of Object.entries(pins)) {
    const digests = Object.entries(pin);
    const isPin = ([name, digest]: [string, unknown]) =>
      MEASURED.some((one) => one === name) && typeof digest === "string" && DIGEST.test(digest);
    if (digests.length === 0 || !digests.every(isPin)) {
      throw new RangeError(
        `pins: \`${agent}\` must have digests of ${MEASURED.join(", ")}: 64 hexadecimal digits each`,
      );
    }
  }
}

/** Null: what is pinned of the agent is what it runs. An agent without a pin has no measurement. */
export async function refuseMeasured(
  agent: string,
  { pins, measure }: PinnedMeasurements,
): Promise<IdentityFault | null> {
  const pin = Object.hasOwn(pins, agent) ? pins[agent]! : null;
  if (pin === null) return fault("measurement_missing");
  let measured: Measurement;
  try {
    measured = await measure.measure(agent);
  } catch {
    return fault("measurement_missing");
  }
  for (const name of MEASURED) {
    const expected = pin[name];
    if (expected !== undefined && measured[name] !== expected)
      return fault("measurement_wrong", `\`${name}\``);
  }
  return null;
}

/** Credentials `{ scheme: "measurement" }`: what the agent runs is who it is. */
export function measurementVerifier(measurements: PinnedMeasurements): Verifier {
  checkPins(measurements.pins);
  return {
    scheme: "measurement",
    async verify(_, { agent }) {
      return (await refuseMeasured(agent, measurements)) ?? verifiedPrincipal(agent, "measurement");
    },
  };
}
