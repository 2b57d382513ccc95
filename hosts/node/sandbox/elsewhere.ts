/** Where there is no launcher: the policy proxy, which programs find by their variables and may ignore. No boundary, and that is said. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { serveEgress } from "../egress/index.ts";
import { findExecutable } from "./executable.ts";
import { judgeStart } from "./judge.ts";
import { makeRunFolder } from "./place.ts";
import { type SandboxRefusal, sandboxRefusal } from "./refusal.ts";
import type { PolicyLayer, SandboxSettings } from "./settings.ts";
import { LAYERS } from "./settings.ts";
import type { Sandboxed, SandboxOptions, StartRefusal } from "./start.ts";
import { authorityVariables, proxyVariables } from "./variables.ts";

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

/** As `startSandboxed`, without a launcher. `platform` as `process.platform` has it. */
export async function startElsewhere(
  options: SandboxOptions,
  platform: string,
): Promise<Sandboxed | StartRefusal> {
  const { settings, command, place, environment, control, agent, session, observe, onEgress } = options;
  const refused = refusedElsewhere(settings, platform);
  if (refused !== null) return { ...refused, exit: 125 };
  const executable = await findExecutable(command[0], place.directory, environment.PATH ?? "");
  if (executable === null)
    return {
      ...sandboxRefusal(`there is no command \`${command[0]}\``, "check its name and PATH"),
      exit: 127,
    };
  const started = {
    launcher: "none",
    architecture: process.arch,
    mode: "proxy",
    layers: ["proxy"],
    absent: ABSENT.map((layer) => ({ layer, why: `not on ${systemName(platform)}` })),
    landlock: 0,
    pid: 0,
  };
  const judged = await judgeStart((request) => control.decide(request), {
    agent,
    session,
    command,
    digest: executable.digest,
    launcher: null,
    started,
    profile: "",
    observe,
    added: [],
  });
  if (!judged.ok) return { ...judged, exit: 125 };
  const folder = await makeRunFolder(false);
  const opensTls = settings.intercept.length > 0;
  const server = await serveEgress({
    control,
    agent,
    session,
    listen: { port: 0 },
    privateAddresses: settings.privateAddresses,
    interception: opensTls ? { hosts: settings.intercept, folder: folder.path } : undefined,
    onEvent: onEgress,
  }).catch(async (error: unknown) => {
    await folder.remove();
    throw error;
  });
  const variables = [
    ...proxyVariables(server.proxyUrl!),
    ...(opensTls ? authorityVariables(join(folder.path, "ca.pem")) : []),
  ];
  const child = spawn(executable.path, command.slice(1), {
    cwd: place.directory,
    stdio: "inherit",
    env: { ...environment, ...Object.fromEntries(variables) },
  });
  const exited = waitFor(child).finally(async () => {
    await server.close();
    await folder.remove();
  });
  const profile = {
    ok: true,
    mode: "full",
    observe,
    text: "",
    roots: [],
    home: null,
    unkept: [],
    required: [],
  } as const;
  return {
    ok: true,
    started,
    profile,
    sequence: judged.sequence,
    exited,
    ended: Promise.resolve(null),
    signal: (name) => void child.kill(name),
  };
}
