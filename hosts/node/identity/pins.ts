/**
 * Pinned measurements in a file, signed beside it in FILE.sig:
 *
 *   { "version": 1, "agents": { "clerk": { "code": "<64 hex digits>", "configuration": "<64 hex digits>" } } }
 */
import { readFile } from "node:fs/promises";
import { type TrustFile, verify } from "../../../bundles/trust/index.ts";
import { parseJson } from "../../../bundles/trust/json.ts";
import type { Measurement } from "../../../control/identity/index.ts";
import { checkPins } from "../../../control/identity/measurement.ts";
import { errorText } from "../files.ts";
import { type HostRefusal, refusal } from "../refusals.ts";

const MAX_PINS_BYTES = 1_048_576;

export type Pins = Readonly<Record<string, Measurement>>;

/** Null for anything but the closed form above. */
function readPins(bytes: Uint8Array): Pins | null {
  try {
    const value = parseJson(bytes, MAX_PINS_BYTES, "trust_malformed");
    if (!(value instanceof Map) || value.get("version") !== 1 || value.size !== 2) return null;
    const agents = value.get("agents");
    if (!(agents instanceof Map)) return null;
    const entries = [...agents].map(([agent, pin]) => [
      agent,
      pin instanceof Map ? Object.fromEntries(pin) : null,
    ]);
    if (entries.some(([, pin]) => pin === null)) return null;
    const pins = Object.fromEntries(entries) as Pins;
    checkPins(pins);
    return pins;
  } catch {
    return null;
  }
}

/** Reads pins that keys of the trust file have signed, as `faramesh sign` does. */
export async function openPins(
  path: string,
  options: { readonly trust: TrustFile; readonly nowMs: number },
): Promise<{ ok: true; pins: Pins } | HostRefusal> {
  let bytes: Uint8Array;
  let envelope: Uint8Array;
  try {
    [bytes, envelope] = await Promise.all([readFile(path), readFile(`${path}.sig`)]);
  } catch (error) {
    return refusal("file_unreadable", errorText(error));
  }
  const verified = verify(bytes, envelope, { ...options, highest: null, kind: "source" });
  if (!verified.ok) return verified;
  const pins = readPins(bytes);
  return pins === null ? refusal("pins_malformed", path) : { ok: true, pins };
}
