/** Why a policy is not taken into use, the same in every host: beside the codes of bundles/trust, one closed table. */
import type { TrustCode } from "../../bundles/trust/index.ts";
import type { LoadRefusalCode } from "../../engine/binding/index.ts";

export const POLICY_REFUSALS = {
  file_unreadable: { message: "the file cannot be read", help: "check its path and permissions" },
  bundle_refused: {
    message: "the core refuses the bundle",
    help: "build it again with the compiler of this release",
  },
  core_unusable: {
    message: "the core cannot be loaded",
    help: "run `npm run build`, or install the package again",
  },
  core_failed: {
    message: "the core failed twice on one decision",
    help: "report it with the action; nothing was recorded and nothing may run",
  },
  state_malformed: {
    message: "the state file is malformed",
    help: "restore it from its copy; removing it forgets which bundles were already used",
  },
  state_unwritable: {
    message: "the state file cannot be written",
    help: "check its folder's permissions and space; the policy was not taken into use",
  },
  checkpoints_missing: {
    message: "the policy asks for checkpoints, and nothing makes them",
    help: 'give `checkpoints` with a key; or say `checkpoints: "elsewhere"` where another process makes them',
  },
  origin_unreachable: {
    message: "the origin of the bundle cannot be reached",
    help: "check its address and that its server runs; the policy in use stays",
  },
  origin_refused: {
    message: "the origin does not give the bundle",
    help: "check the address and the permissions there; the policy in use stays",
  },
  origin_slow: {
    message: "the origin takes too long",
    help: "check the network and the server; the policy in use stays",
  },
  origin_truncated: {
    message: "the bundle from the origin is cut short",
    help: "it is asked for again at the next poll; the policy in use stays",
  },
  origin_too_large: {
    message: "what the origin gives is larger than any bundle",
    help: "check that the address is that of a bundle file; the policy in use stays",
  },
} as const satisfies Record<string, { message: string; help: string }>;

export type PolicyCode = keyof typeof POLICY_REFUSALS;

export interface PolicyRefusal {
  ok: false;
  code: PolicyCode | TrustCode;
  message: string;
  help: string;
  /** The core's own code, where it is the core that refuses a bundle; beside `bundle_refused` only. */
  coreCode?: LoadRefusalCode;
}

export function policyRefusal(code: PolicyCode, detail: string): PolicyRefusal {
  const { message, help } = POLICY_REFUSALS[code];
  return { ok: false, code, message: `${message}: ${detail}`, help };
}

/** What the core says of a bundle that it does not load. */
export function bundleRefusal(code: LoadRefusalCode, message: string): PolicyRefusal {
  return { ...policyRefusal("bundle_refused", `${message} (${code})`), coreCode: code };
}

/** Rejection of `openPolicy`: a policy that was refused. `code` is from the tables in docs/operations/signing-and-keys.md and docs/core/node.md. */
export class PolicyRefused extends Error {
  readonly code: PolicyRefusal["code"];
  /** What to do about it. */
  readonly help: string;
  /** The core's own code (`bad_string`), where the core refuses the bundle; else null. */
  readonly coreCode: LoadRefusalCode | null;

  constructor({ code, message, help, coreCode }: PolicyRefusal) {
    super(message);
    this.name = "PolicyRefused";
    this.code = code;
    this.help = help;
    this.coreCode = coreCode ?? null;
  }
}

/** One line about an error, without a stack. */
export function errorLine(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
