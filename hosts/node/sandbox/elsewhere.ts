/** Where there is no launcher: the policy proxy, which programs find by their variables and may ignore. No boundary, and that is said. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { serveEgress } from "../egress/index.ts";
import { findExecutable } from "./executable.ts";
import { judgeStart } from "./judge.ts";
import type { Started } from "./launcher.ts";
import { type SandboxRefusal, sandboxRefusal } from "./refusal.ts";
import type { PolicyLayer, SandboxSettings } from "./settings.ts";
import { LAYERS } from "./settings.ts";
import { cannotServe, notKept, type Sandboxed, type SandboxOptions, type StartRefusal } from "./start.ts";
import { proxyVariables } from "./variables.ts";

const NAMES: Readonly<Record<string, string>> = { darwin: "macOS", win32: "Windows" };
const ABSENT: readonly PolicyLayer[] = LAYERS.filter((layer) => layer !== "proxy");

export function systemName(platform: string): string {
  return NAMES[platform] ?? platform;
}

/** For standard error, at every start. */
export function whatIsMissing(platform: string): string {
  return `on ${systemName(platform)} there is no launcher: only the proxy is in force, and a program that ignores HTTP_PROXY goes around it. Not in force: ${ABSENT.join(", ")}, no limits, no closed paths`;
}

/** Null where the policy asks for no more than the proxy. */
export function refusedElsewhere(settings: SandboxSettings, platform: string): SandboxRefusal | null {
  const { written, layers, network, mode } = settings;
  const help = "run it on Linux; `enforcement { layers = [proxy] }` asks for the proxy alone";
  if (network === "none")
    return sandboxRefusal(`\`network = none\` cannot be kept on ${systemName(platform)}`, help);
  if (mode !== "auto")
    return sandboxRefusal(`\`mode = ${mode}\` cannot be had on ${systemName(platform)}`, help);
  const asked = layers ?? (written ? ABSENT : []);
  const missing = asked.filter((layer) => layer !== "proxy");
  if (missing.length === 0) return null;
  return sandboxRefusal(
    `the policy's \`enforcement\` asks for layers that ${systemName(platform)} does not have: ${missing.join(", ")}`,
    help,
  );
}

function waitFor(child: ReturnType<typeof spawn>): Promise<number> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(126));
    child.once("close", (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : (constants.signals[signal] ?? 0))),
    );
  });
}

function startedOn(platform: string): Started {
  return {
    launcher: "none",
    architecture: process.arch,
    mode: "proxy",
    layers: ["proxy"],
    absent: ABSENT.map((layer) => ({ layer, why: `not on ${systemName(platform)}` })),
    landlock: 0,
    pid: 0,
  };
}

/** The proxy on the loopback address, and what a command is told of it. */
async function serve({ control, agent, session, settings, onEgress }: SandboxOptions) {
  const server = await serveEgress({
    control,
    agent,
    session,
    listen: { port: 0 },
    privateAddresses: settings.privateAddresses,
    onEvent: onEgress,
  });
  return {
    variables: Object.fromEntries(proxyVariables(server.proxyUrl!)),
    close: () => server.close(),
  };
}

/** No profile: nothing is enforced by one. */
const NO_PROFILE = {
  ok: true,
  mode: "full",
  text: "",
  roots: [],
  home: null,
  unkept: [],
  required: [],
} as const;

/** As `startSandboxed`, without a launcher. `platform` as `process.platform` has it. */
export async function startElsewhere(
  options: SandboxOptions,
  platform: string,
): Promise<Sandboxed | StartRefusal> {
  const { command, place, environment, control, agent, session, observe } = options;
  const refused = refusedElsewhere(options.settings, platform) ?? notKept(options.settings);
  if (refused !== null) return { ...refused, exit: 125 };
  const executable = await findExecutable(command[0], place.directory, environment.PATH ?? "");
  if (executable === null)
    return {
      ...sandboxRefusal(`there is no command \`${command[0]}\``, "check its name and PATH"),
      exit: 127,
    };
  const started = startedOn(platform);
  const { digest } = executable;
  const starting = {
    agent,
    session,
    command,
    digest,
    launcher: null,
    started,
    profile: "",
    observe,
    added: [],
  };
  const judged = await judgeStart((request) => control.decide(request), starting);
  if (!judged.ok) return { ...judged, exit: 125 };
  const served = await serve(options).catch(cannotServe);
  if ("ok" in served) return { ...served, exit: 125 };
  const { variables, close } = served;
  const child = spawn(executable.path, command.slice(1), {
    cwd: place.directory,
    stdio: "inherit",
    env: { ...environment, ...variables },
  });
  return {
    ok: true,
    started,
    profile: { ...NO_PROFILE, observe },
    sequence: judged.sequence,
    exited: waitFor(child).finally(close),
    ended: Promise.resolve(null),
    signal: (name) => void child.kill(name),
  };
}
