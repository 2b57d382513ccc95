/** Where a policy comes from: bundles and trust files by their paths or as bytes. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type HighestSequence, parseTrustFile, type TrustFile } from "../../bundles/trust/index.ts";
import { type Accept, type Machinery, prepare, type Ready } from "../../control/policy/prepare.ts";
import { type PolicyRefusal, policyRefusal } from "../../control/policy/refusals.ts";
import { newCore } from "./core.ts";
import { errorText } from "./files.ts";
import { stateFile } from "./state.ts";

/** Verified against a trust file, which is the rule; or explicitly not, for experiments. */
export type PolicyOptions =
  | {
      /** The trust file: its path, or as `parseTrustFile` gave it. */
      trust: TrustFile | string;
      /** Path of a state file, one per policy, that remembers the newest bundle used across restarts. */
      state?: string;
      /** The present in Unix milliseconds; `Date.now` when left out. */
      nowMs?: () => number;
      insecure?: never;
    }
  | { insecure: true; trust?: never; state?: never };

function sha256Hex(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

const MACHINERY: Machinery = { openCore: newCore, sha256Hex };

async function readBytes(
  source: string | Uint8Array,
): Promise<{ ok: true; bytes: Uint8Array } | PolicyRefusal> {
  // Copied, and not by `slice`, which for a Buffer gives a view of the same memory: what is verified must be what is loaded,
  // whatever the caller does to the buffer meanwhile.
  if (typeof source !== "string") return { ok: true, bytes: new Uint8Array(source) };
  try {
    return { ok: true, bytes: await readFile(source) };
  } catch (error) {
    return policyRefusal("file_unreadable", errorText(error));
  }
}

async function readTrust(trust: TrustFile | string): Promise<{ ok: true; trust: TrustFile } | PolicyRefusal> {
  if (typeof trust !== "string") return { ok: true, trust };
  const file = await readBytes(trust);
  return file.ok ? parseTrustFile(file.bytes) : file;
}

/** @param highest the newest bundle that this policy has used so far, as far as memory goes. */
export async function prepareSource(
  source: string | Uint8Array,
  options: PolicyOptions,
  highest: HighestSequence | null,
  accept?: Accept,
): Promise<({ ok: true } & Ready) | PolicyRefusal> {
  const file = await readBytes(source);
  if (!file.ok) return file;
  if (options.insecure === true) return prepare(file.bytes, options, highest, MACHINERY, accept);
  const trust = await readTrust(options.trust);
  if (!trust.ok) return trust;
  const nowMs = (options.nowMs ?? Date.now)();
  const memory = options.state === undefined ? undefined : stateFile(options.state);
  return prepare(file.bytes, { trust: trust.trust, nowMs, memory }, highest, MACHINERY, accept);
}
