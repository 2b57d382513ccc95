/** The start of a command as an action, judged and recorded before the command runs. */
import { createHash } from "node:crypto";
import type { Decision } from "../../../control/plane.ts";
import type { DecisionRequest } from "../../../control/requests.ts";
import type { Started } from "./launcher.ts";
import { type SandboxRefusal, sandboxRefusal } from "./refusal.ts";

export const START_TOOL = "sandbox/start";

export interface Starting {
  readonly agent: string;
  readonly session: string;
  readonly command: readonly string[];
  /** Of the executable, SHA-256. */
  readonly digest: string;
  /** Null where there is no launcher. */
  readonly launcher: string | null;
  readonly started: Pick<Started, "mode" | "layers" | "absent" | "landlock">;
  /** The profile's text without what a run adds; empty where there is none. */
  readonly profile: string;
  readonly observe: string | null;
  /** What the operator's options opened beside the policy: `read /a`, `write /b`. */
  readonly added: readonly string[];
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** docs/operations/sandbox.md "The start is an action". The same start gives the same action, so that an approval is for it. */
export function startAction(starting: Starting): string {
  const { agent, session, command, digest, launcher, started, profile, observe, added } = starting;
  const { mode, layers, absent, landlock } = started;
  return JSON.stringify({
    agent,
    session,
    tool: START_TOOL,
    args: {
      command,
      digest,
      mode,
      layers,
      absent: absent.map(({ layer }) => layer),
      landlock,
      profile: sha256(profile),
      // Always there: of what is missing a rule knows nothing.
      launcher: launcher ?? "none",
      observe: observe ?? "none",
      added,
    },
  });
}

export interface Judged {
  readonly ok: true;
  readonly sequence: number;
}

/** Not permitted, or not recorded: nothing may run. */
export interface StartDenied extends SandboxRefusal {
  readonly denied: true;
  readonly effect: string;
  readonly code: string;
  readonly actionDigest: string | null;
}

const HELP: Readonly<Record<string, string>> = {
  default_deny: `the policy needs a rule that lets commands start: \`permit ${START_TOOL}\``,
  defer: "approve it, then run it again in the same session",
};

export async function judgeStart(
  decide: (request: DecisionRequest) => Promise<Decision>,
  starting: Starting,
): Promise<Judged | StartDenied> {
  const { agent, session } = starting;
  const decision = await decide({ agent, session, action: startAction(starting) });
  const { verdict, sequence, failure, actionDigest } = decision;
  if (verdict.effect === "permit" && sequence !== null) return { ok: true, sequence };
  const reason = verdict.reason === null ? "" : `: ${verdict.reason}`;
  const why = failure === null ? `${verdict.code}${reason}` : `${verdict.code}: ${failure}`;
  const help = HELP[verdict.effect] ?? HELP[verdict.code] ?? "`faramesh audit tail` shows the record";
  return {
    ...sandboxRefusal(
      `${START_TOOL} is ${verdict.effect === "defer" ? "deferred" : "denied"} (${why})`,
      help,
    ),
    denied: true,
    effect: verdict.effect,
    code: verdict.code,
    actionDigest,
  };
}
