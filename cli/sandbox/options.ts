/** What `faramesh run` and `faramesh doctor` are told, and whom and what it is about. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { isDelegation } from "../../bundles/compile/listing-state.ts";
import type { Ir } from "../../bundles/format/ir.ts";
import {
  type Mode,
  type Observe,
  type Place,
  pathIn,
  placeAt,
  type User,
} from "../../hosts/node/sandbox/index.ts";
import type { Invocation } from "../command.ts";
import { misuse } from "../errors.ts";
import { cannotRead } from "../io.ts";

/** As said, or the only one of the policy. Throws CommandError. */
export function agentFor(invocation: Invocation, ir: Ir): string {
  const named = invocation.value("agent");
  if (named !== null) return named;
  const agents = ir.agents.filter((agent) => !isDelegation(agent)).map(({ name }) => ir.strings[name]!);
  const own = agents.length > 1 ? agents.filter((name) => name !== "default") : agents;
  if (own.length === 1) return own[0]!;
  throw misuse("`--agent` is missing", `which one of ${own.join(", ")}? Name it with \`--agent NAME\``);
}

/** Where the command starts. Throws CommandError. */
export function placeFor(invocation: Invocation): Place {
  const directory = resolve(invocation.value("directory") ?? ".");
  try {
    return placeAt(directory);
  } catch (error) {
    throw cannotRead(directory, error);
  }
}

export function modeFor(invocation: Invocation): Mode | null {
  const mode = invocation.value("mode");
  return mode === null || mode === "auto" ? null : (mode as Mode);
}

export function observeFor(invocation: Invocation): Observe | null {
  if (invocation.flag("learn") && invocation.flag("explain"))
    throw misuse(
      "`--learn` and `--explain` exclude each other",
      "`--learn` enforces nothing of the file system",
    );
  return invocation.flag("learn") ? "learn" : invocation.flag("explain") ? "explain" : null;
}

export function userOption(invocation: Invocation): User | null {
  const text = invocation.value("user");
  if (text === null) return null;
  const [, uid, gid] = /^([1-9][0-9]{0,9}):([1-9][0-9]{0,9})$/.exec(text) ?? [];
  if (uid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  throw misuse(
    `\`--user\` cannot be \`${text}\``,
    "the numbers of user and group, neither of them 0: `--user 1000:1000`",
  );
}

/** Beside the policy's own roots; recorded with the start. */
export function addedFor(invocation: Invocation, place: Place): { read: string[]; write: string[] } {
  const of = (name: string) => invocation.values(name).map((path) => pathIn(place, path));
  return { read: of("read"), write: of("write") };
}

/** The control plane's folder when none is named: private to the user, one for each agent. */
export function stateFolder(agent: string, environment: NodeJS.ProcessEnv): string {
  const { XDG_STATE_HOME: state } = environment;
  const base = state?.startsWith("/") === true ? state : join(homedir(), ".local", "state");
  return join(base, "faramesh", encodeURIComponent(agent).replace(/^\./, "%2E"));
}
