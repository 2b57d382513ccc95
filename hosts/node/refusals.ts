import type { TrustCode } from "../../bundles/trust/index.ts";
import type { LedgerRefusal } from "../../control/ledger/open.ts";
import { POLICY_REFUSALS } from "../../control/policy/refusals.ts";

/** What this host adds to the refusals of bundles/trust, as one closed table. */
export const HOST_REFUSALS = {
  ...POLICY_REFUSALS,
  identity_unusable: {
    message: "what identifies callers cannot be set up",
    help: "make the policy's `identity` blocks and the host's options fit; see docs/core/identity.md",
  },
  pins_malformed: {
    message: "the file of pinned measurements is malformed",
    help: "see docs/core/identity.md for its form, and sign it again",
  },
  salt_key_unusable: {
    message: "the key of the salts cannot be read or made",
    help: "restore it from its copy; without it nobody can open what was redacted",
  },
  log_locked: {
    message: "the record log is held by another process",
    help: "close it there; if no process has it open, remove the lock file",
  },
  log_bad_tail: {
    message: "the record log does not verify at its end",
    help: "run `faramesh audit verify` on it",
  },
  log_changed: {
    message: "the record log was changed or replaced by somebody else",
    help: "find out by whom, verify the log, then open it again",
  },
  log_unwritable: {
    message: "the record log cannot be written",
    help: "check its path, permissions and the disk's space",
  },
  log_damaged: {
    message: "the record log does not verify",
    help: "run `faramesh audit verify` on it",
  },
  log_pruned: {
    message: "the record is no longer kept",
    help: "older records were removed by retention; read from the first one kept, or from an archive",
  },
  checkpoint_refused: {
    message: "no checkpoint of the record log can be made",
    help: "run `faramesh audit verify` on it with the log's public key",
  },
  prune_refused: {
    message: "the record log cannot be pruned",
    help: "make a checkpoint first; only whole segments before it are removed",
  },
  log_closed: { message: "the record log is closed", help: "open it again" },
  record_refused: {
    message: "the record does not continue the log",
    help: "the core and the log disagree; verify the log and report this",
  },
  socket_unusable: {
    message: "the control socket cannot be made or used",
    help: "the folder must belong to the user that runs the host, and to nobody else; or open it without `operate`",
  },
  host_unreachable: {
    message: "no host can be reached by the control socket",
    help: "the process that has the folder open must open it with `operate: true`; or stop it first",
  },
  store_busy: {
    message: "the store is held by others for too long",
    help: "find out which process holds its transactions open",
  },
  store_closed: { message: "the store is closed", help: "open it again" },
  store_damaged: {
    message: "the store is damaged",
    help: "stop using it and keep a copy; restore a backup, or build the state again from the record log",
  },
  store_foreign: {
    message: "the database belongs to another application",
    help: "name a file or a schema of its own; nothing was changed",
  },
  store_unavailable: {
    message: "the store cannot be opened, read or written",
    help: "check its address, permissions and space, and that its server runs",
  },
  store_unmigrated: {
    message: "the database has no tables of this application",
    help: "run the migration once, as a user who may create them",
  },
  store_version: {
    message: "the store is of another version",
    help: "use the release that wrote it; nothing was changed",
  },
} as const satisfies Record<string, { message: string; help: string }>;

export type HostCode = keyof typeof HOST_REFUSALS;

/** Anything that this host refuses: by its own table, or by that of bundles/trust. */
export interface HostRefusal {
  ok: false;
  code: HostCode | TrustCode;
  message: string;
  help: string;
}

/** What `openControl` refuses besides: state that does not belong to its log. */
export type ControlRefusal = HostRefusal | LedgerRefusal;

export function refusal(
  code: HostCode,
  detail: string,
  help: string = HOST_REFUSALS[code].help,
): HostRefusal {
  return { ok: false, code, message: `${HOST_REFUSALS[code].message}: ${detail}`, help };
}
