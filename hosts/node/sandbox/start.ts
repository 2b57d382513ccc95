/** From settings to a command that runs: probe, choose, write the profile, serve the proxy, launch, judge, let go. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { ControlPlane } from "../../../control/plane.ts";
import { type EgressEvent, type EgressServer, serveEgress } from "../egress/index.ts";
import { type Executable, findExecutable } from "./executable.ts";
import { judgeStart, type StartDenied } from "./judge.ts";
import {
  type Ended,
  EXIT_LAUNCHER,
  findLauncher,
  type Launched,
  type Launcher,
  launch,
  probeMachine,
  type Started,
} from "./launcher.ts";
import { chooseMode } from "./mode.ts";
import { isWithin, type Place } from "./paths.ts";
import { kindOf, makeRunFolder, type RunFolder, userFor } from "./place.ts";
import { type Observe, type Profile, profileOf, profileText, type User } from "./profile.ts";
import { type SandboxRefusal, sandboxRefusal } from "./refusal.ts";
import { governing, lacksView, SYSTEM } from "./roots.ts";
import type { Mode, SandboxSettings } from "./settings.ts";
import { PROXY_PORT } from "./variables.ts";

export interface SandboxOptions {
  readonly control: Pick<ControlPlane, "decide">;
  readonly agent: string;
  /** Open. */
  readonly session: string;
  readonly settings: SandboxSettings;
  readonly command: readonly [string, ...string[]];
  readonly place: Place;
  readonly mode: Mode | null;
  readonly observe: Observe | null;
  /** Absolute; they are recorded. */
  readonly added: { readonly read: readonly string[]; readonly write: readonly string[] };
  readonly hidden: readonly string[];
  readonly kept: readonly string[];
  readonly user: User | null;
  /** Of the command, before the launcher has looked at it. */
  readonly environment: NodeJS.ProcessEnv;
  readonly onEgress: (event: EgressEvent) => void;
  readonly onObservation: (line: string) => void;
}

/** A command that runs. */
export interface Sandboxed {
  readonly ok: true;
  readonly started: Started;
  readonly profile: Profile;
  /** Of the record of its start. */
  readonly sequence: number;
  /** Its exit status, when all of it has ended and the proxy is closed. */
  readonly exited: Promise<number>;
  readonly ended: Promise<Ended | null>;
  signal(name: NodeJS.Signals): void;
}

/** With the status to exit with. */
export type StartRefusal = (SandboxRefusal | StartDenied) & { readonly exit: number };

const refuse = (refusal: SandboxRefusal, exit = EXIT_LAUNCHER): StartRefusal => ({ ...refusal, exit });

export interface Prepared {
  readonly ok: true;
  readonly launcher: Launcher;
  readonly profile: Profile;
}

/** Null where this release keeps all of it. */
export function notKept({ intercept }: SandboxSettings): SandboxRefusal | null {
  return intercept.length === 0 ? null : cannotServe("`intercept`: TLS is not opened yet");
}

/** All that is known before anything is opened: the launcher, and the profile that this machine can keep. */
export async function prepare(
  options: Pick<
    SandboxOptions,
    "settings" | "mode" | "place" | "added" | "hidden" | "kept" | "observe" | "user"
  >,
): Promise<Prepared | SandboxRefusal> {
  const { settings, place } = options;
  const unkept = notKept(settings);
  if (unkept !== null) return unkept;
  const launcher = await findLauncher(process.platform, process.arch);
  if (!launcher.ok) return launcher;
  const probed = await probeMachine(launcher);
  if (!probed.ok) return probed;
  const { machine } = probed;
  const user = await userFor(options.user, place);
  const chosen = chooseMode({ settings, machine, asked: options.mode, hasUser: user !== null });
  if (!chosen.ok) return chosen;
  const profile = profileOf({ ...options, mode: chosen.mode, user, kindOf });
  return profile.ok ? { ok: true, launcher, profile } : profile;
}

/** What the command cannot be started for, found before anything is. */
function outOfReach({ file }: Executable, { roots, observe }: Profile): SandboxRefusal | null {
  if (observe === "learn" || SYSTEM.some((path) => file.startsWith(`${path}/`))) return null;
  const root = governing(roots, file);
  if (root !== null && root.kind !== "deny") return null;
  return sandboxRefusal(
    `${file} lies in no readable root`,
    `let it be read: \`enforcement { read = ["…"] }\` in the policy, or \`--read\` with its folder`,
  );
}

interface Proxy {
  readonly server: EgressServer | null;
  readonly bridge: { path: string } | { port: number; token: string } | null;
}

/** The policy proxy where the launcher's bridge leads to. */
async function serveProxy(options: SandboxOptions, mode: Mode, folder: RunFolder): Promise<Proxy> {
  const { settings, control, agent, session, onEgress } = options;
  if (settings.network === "none") return { server: null, bridge: null };
  const token = randomBytes(32).toString("hex");
  const path = join(folder.path, "bridge.sock");
  const server = await serveEgress({
    control,
    agent,
    session,
    listen: lacksView(mode) ? { port: 0, token } : { path },
    proxyPort: PROXY_PORT,
    privateAddresses: settings.privateAddresses,
    onEvent: onEgress,
  });
  return { server, bridge: lacksView(mode) ? { port: server.port!, token } : { path } };
}

/** For what the proxy does not take, and for sockets that the system refuses. */
export function cannotServe(error: unknown): SandboxRefusal {
  const message = error instanceof Error ? error.message : String(error);
  return sandboxRefusal(
    `the policy proxy cannot be opened: ${message}`,
    "change what it names in the policy's `enforcement`; nothing runs without the proxy",
  );
}

/** Undone in the reverse order of its making. */
class Opened {
  readonly #undo: (() => Promise<void>)[] = [];

  add(undo: () => Promise<void>): void {
    this.#undo.push(undo);
  }

  async close(): Promise<void> {
    for (const undo of this.#undo.reverse()) await undo().catch(() => {});
  }
}

/** Waits for the launcher, asks for the verdict, and lets the command go when it is a permit on record. */
async function letGo(
  options: SandboxOptions,
  { launcher, profile }: Prepared,
  executable: Executable,
  launched: Launched,
): Promise<{ ok: true; started: Started; sequence: number } | StartRefusal> {
  const started = await launched.started;
  if (started === null) {
    const exit = await launched.exited;
    return refuse(
      sandboxRefusal("the launcher has started nothing", "what it said stands above"),
      exit || EXIT_LAUNCHER,
    );
  }
  const { agent, session, command, observe, added } = options;
  const unkept = profile.unkept.length === 0 ? [] : [{ layer: "protect", why: "mode restricted" }];
  const judged = await judgeStart((request) => options.control.decide(request), {
    agent,
    session,
    command,
    digest: executable.digest,
    launcher: launcher.digest,
    started: { ...started, absent: [...started.absent, ...unkept] },
    profile: profile.text,
    observe,
    added: [...added.read.map((path) => `read ${path}`), ...added.write.map((path) => `write ${path}`)],
  });
  if (!judged.ok) {
    launched.cancel();
    await launched.exited;
    return { ...judged, exit: EXIT_LAUNCHER };
  }
  launched.go();
  return { ok: true, started, sequence: judged.sequence };
}

async function launchIn(
  options: SandboxOptions,
  prepared: Prepared,
  executable: Executable,
  opened: Opened,
): Promise<Sandboxed | StartRefusal> {
  const { launcher, profile } = prepared;
  const folder = await makeRunFolder(lacksView(profile.mode));
  opened.add(() => folder.remove());
  const proxy = await serveProxy(options, profile.mode, folder).catch(cannotServe);
  if ("ok" in proxy) return refuse(proxy);
  const { server, bridge } = proxy;
  if (server !== null) opened.add(() => server.close());
  const launched = launch(launcher, {
    profile: profileText(profile, {
      bridge,
      authorities: null,
      scratch: lacksView(profile.mode) ? folder.path : null,
    }),
    command: [executable.path, ...options.command.slice(1)],
    environment: options.environment,
    onObservation: options.observe === null ? null : options.onObservation,
  });
  opened.add(async () => {
    launched.cancel();
    await launched.exited;
  });
  const gone = await letGo(options, prepared, executable, launched);
  if (!gone.ok) return gone;
  const exited = launched.exited.finally(() => opened.close());
  return { ...gone, profile, exited, ended: launched.ended, signal: launched.signal };
}

function cannotObserve({ observe, settings, place }: SandboxOptions, mode: Mode): SandboxRefusal | null {
  if (observe !== null && mode === "restricted" && settings.network === "proxy")
    return sandboxRefusal(
      "mode `restricted` cannot observe while it has the proxy",
      "observe with `network = none`, or in mode full or root",
    );
  if (observe === "learn" && mode !== "restricted" && isWithin(place.directory, "/tmp"))
    return sandboxRefusal(
      "`/tmp` is private while learning too, and the command would start in it",
      "start it elsewhere: `--directory DIR`",
    );
  return null;
}

/** Starts the command, or nothing. Rejects only where the system refuses what every run needs, a folder or a socket. */
export async function startSandboxed(options: SandboxOptions): Promise<Sandboxed | StartRefusal> {
  const [word] = options.command;
  const { place, environment } = options;
  const prepared = await prepare(options);
  if (!prepared.ok) return refuse(prepared);
  const { mode } = prepared.profile;
  const blind = cannotObserve(options, mode);
  if (blind !== null) return refuse(blind);
  const executable = await findExecutable(word, place.directory, environment.PATH ?? "");
  if (executable === null)
    return refuse(sandboxRefusal(`there is no command \`${word}\``, "check its name and PATH"), 127);
  const hidden = outOfReach(executable, prepared.profile);
  if (hidden !== null) return refuse(hidden, 126);
  const opened = new Opened();
  let result: Sandboxed | StartRefusal | null = null;
  try {
    result = await launchIn(options, prepared, executable, opened);
    return result;
  } finally {
    if (result?.ok !== true) await opened.close();
  }
}
