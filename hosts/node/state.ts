/**
 * The state file: the newest bundle of one policy that this host has used, so that a restart does not open the way back.
 * One line in one encoding: {"digest":"<64 hex digits>","sequence":7,"version":1}
 */
import { readFile } from "node:fs/promises";
import type { HighestSequence } from "../../bundles/trust/index.ts";
import type { BundleMemory } from "../../control/policy/prepare.ts";
import { type PolicyRefusal, policyRefusal } from "../../control/policy/refusals.ts";
import { errorCode, errorText, writeAtomic } from "./files.ts";

const LINE = /^\{"digest":"([0-9a-f]{64})","sequence":(0|[1-9][0-9]{0,15}),"version":1\}\n$/;

/** Null when the file is not there yet. Refused with `state_malformed` or `file_unreadable`. */
async function readState(
  path: string,
): Promise<{ ok: true; highest: HighestSequence | null } | PolicyRefusal> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return { ok: true, highest: null };
    return policyRefusal("file_unreadable", errorText(error));
  }
  const fields = LINE.exec(text);
  const sequence = Number(fields?.[2]);
  if (fields === null || !Number.isSafeInteger(sequence)) return policyRefusal("state_malformed", path);
  return { ok: true, highest: { sequence, digest: fields[1]! } };
}

/** Durable when it returns null. Refused with `state_unwritable`; the old file stands then. */
async function writeState(
  path: string,
  { sequence, digest }: HighestSequence,
): Promise<PolicyRefusal | null> {
  const line = `{"digest":"${digest}","sequence":${sequence},"version":1}\n`;
  try {
    await writeAtomic(path, new TextEncoder().encode(line));
    return null;
  } catch (error) {
    return policyRefusal("state_unwritable", errorText(error));
  }
}

export function stateFile(path: string): BundleMemory {
  return { read: () => readState(path), write: (highest) => writeState(path, highest) };
}
