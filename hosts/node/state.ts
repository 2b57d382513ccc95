/** The state file: the newest bundle of one policy that this host has used, so that a restart does not open the way back. */
import { readFile } from "node:fs/promises";
import type { HighestSequence } from "../../bundles/trust/index.ts";
import type { BundleMemory } from "../../control/policy/prepare.ts";
import { type PolicyRefusal, policyRefusal } from "../../control/policy/refusals.ts";
import { parseStateLine, stateLine } from "../../control/policy/state-line.ts";
import { errorCode, errorText, writeAtomic } from "./files.ts";

/** Null when the file is not there yet. Refused with `state_malformed` or `file_unreadable`. */
async function readState(
  path: string,
): Promise<{ ok: true; highest: HighestSequence | null } | PolicyRefusal> {
  try {
    return parseStateLine(await readFile(path, "utf8"), path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { ok: true, highest: null };
    return policyRefusal("file_unreadable", errorText(error));
  }
}

/** Durable when it returns null. Refused with `state_unwritable`; the old file stands then. */
async function writeState(path: string, highest: HighestSequence): Promise<PolicyRefusal | null> {
  try {
    await writeAtomic(path, new TextEncoder().encode(stateLine(highest)));
    return null;
  } catch (error) {
    return policyRefusal("state_unwritable", errorText(error));
  }
}

export function stateFile(path: string): BundleMemory {
  return { read: () => readState(path), write: (highest) => writeState(path, highest) };
}
