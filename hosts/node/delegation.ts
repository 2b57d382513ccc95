import { readFile } from "node:fs/promises";
import { parsePublicKey } from "../../bundles/trust/index.ts";
import { createDelegations, type DelegationRoot } from "../../control/delegation/index.ts";
import type { Delegations } from "../../control/ports.ts";
import { openCore } from "./core.ts";
import { errorText } from "./files.ts";
import { type HostRefusal, refusal } from "./refusals.ts";

/** A key that signs first grants. */
export interface PinnedRoot {
  /** Path of its `.pub` file of `faramesh keygen`, or the 32 bytes of the key. */
  readonly key: string | Uint8Array;
  /** In whose name it may grant; left out: of any agent. */
  readonly agents?: readonly string[];
}

async function openRoot({
  key,
  agents,
}: PinnedRoot): Promise<{ ok: true; root: DelegationRoot } | HostRefusal> {
  if (typeof key !== "string") return { ok: true, root: { publicKey: key, agents: agents ?? null } };
  let file: Uint8Array;
  try {
    file = await readFile(key);
  } catch (error) {
    return refusal("file_unreadable", errorText(error));
  }
  const parsed = parsePublicKey(file);
  if (!parsed.ok) return parsed;
  return { ok: true, root: { publicKey: parsed.key.publicKey, agents: agents ?? null } };
}

/**
 * The port `delegations` of `openControl`: takes chains of grants that begin with one of these keys.
 * Rejects with RangeError for bytes that are no key, or a key that is pinned twice.
 */
export async function openDelegations(
  roots: readonly PinnedRoot[],
): Promise<{ ok: true; delegations: Delegations } | HostRefusal> {
  const pinned: DelegationRoot[] = [];
  for (const one of roots) {
    const opened = await openRoot(one);
    if (!opened.ok) return opened;
    pinned.push(opened.root);
  }
  const delegations = createDelegations({
    roots: pinned,
    openCore: async () => {
      const opened = await openCore();
      if (!opened.ok) throw new Error(opened.message);
      return opened.core;
    },
  });
  return { ok: true, delegations };
}
