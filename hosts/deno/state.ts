/** The state file: the newest bundle of one policy that this host has used, so that a restart does not open the way back. */
import type { HighestSequence } from "../../bundles/trust/index.ts";
import type { BundleMemory } from "../../control/policy/prepare.ts";
import { errorLine, type PolicyRefusal, policyRefusal } from "../../control/policy/refusals.ts";
import { parseStateLine, stateLine } from "../../control/policy/state-line.ts";
import { Deno } from "./runtime.ts";

/** Null when the file is not there yet. Refused with `state_malformed` or `file_unreadable`. */
async function readState(
  path: string,
): Promise<{ ok: true; highest: HighestSequence | null } | PolicyRefusal> {
  try {
    return parseStateLine(
      new TextDecoder("utf-8", { ignoreBOM: true }).decode(await Deno.readFile(path)),
      path,
    );
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { ok: true, highest: null };
    return policyRefusal("file_unreadable", errorLine(error));
  }
}

/** Durable when it returns null. Refused with `state_unwritable`; the old file stands then. */
async function writeState(path: string, highest: HighestSequence): Promise<PolicyRefusal | null> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await writeNew(temporary, new TextEncoder().encode(stateLine(highest)));
    try {
      await Deno.rename(temporary, path);
    } catch (error) {
      await Deno.remove(temporary);
      throw error;
    }
    await syncFolder(path);
    return null;
  } catch (error) {
    return policyRefusal("state_unwritable", errorLine(error));
  }
}

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const file = await Deno.open(path, { write: true, createNew: true });
  try {
    for (let at = 0; at < bytes.length; ) at += await file.write(bytes.subarray(at));
    await file.sync();
  } finally {
    file.close();
  }
}

/** Makes a new name durable. Windows cannot open a folder, and needs no such step. */
async function syncFolder(path: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const folder = await Deno.open(path.replace(/[^/]*$/, "") || ".", { read: true });
  try {
    await folder.sync();
  } finally {
    folder.close();
  }
}

export function stateFile(path: string): BundleMemory {
  return { read: () => readState(path), write: (highest) => writeState(path, highest) };
}
