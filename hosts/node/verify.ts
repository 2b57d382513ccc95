import { signBytes, verifyBytes } from "../../bundles/trust/ed25519.ts";
import type { KnownHead } from "../../control/audit/verify.ts";
import { type FolderReport, verifyFolder } from "./log/verify.ts";

/**
 * Verifies the records that a log folder keeps, from the first to the last, and that its checkpoints fit them; `faramesh audit verify` checks
 * their signatures too. What is wrong is in the report.
 * @param options.head a record that is known to be in the log.
 * @throws the file system's error.
 */
export function verifyLog(
  folder: string,
  options: { readonly head?: KnownHead | null } = {},
): Promise<FolderReport> {
  const ed25519 = { sign: signBytes, verify: verifyBytes };
  return verifyFolder(folder, { head: options.head ?? null, pinned: null, ed25519 });
}
