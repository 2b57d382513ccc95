/** The launcher's profile as text, by sandbox-native/PROFILE.md. A pure function: the same policy, machine and options give the same bytes. */
import { requiredLayers } from "./mode.ts";
import { expanded, joined, type Place } from "./paths.ts";
import type { SandboxRefusal } from "./refusal.ts";
import { type Root, type Roots, type RootsInput, rootsOf } from "./roots.ts";
import type { Mode, SandboxSettings } from "./settings.ts";
import { authorityVariables, PROXY_PORT, proxyVariables } from "./variables.ts";

export type Observe = "explain" | "learn";

export interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface ProfileInput extends RootsInput {
  readonly observe: Observe | null;
  /** Of mode `root`, and only there. */
  readonly user: User | null;
}

/** What differs from run to run, and is not part of the profile's digest. */
export interface RunPlace {
  /** Null with `network none`. */
  readonly bridge: { readonly path: string } | { readonly port: number; readonly token: string } | null;
  /** PEM, where TLS is opened. */
  readonly authorities: string | null;
  /** Private folders for mode `restricted`, which has no view: home and temporary files. */
  readonly scratch: string | null;
}

export interface Profile {
  readonly ok: true;
  readonly mode: Mode;
  readonly observe: Observe | null;
  /** All but what a run adds. */
  readonly text: string;
  readonly roots: readonly Root[];
  readonly home: string | null;
  /** Names that the mode cannot protect. */
  readonly unkept: readonly string[];
  readonly required: readonly string[];
}

/** Stand-ins for names, which the proxy's answers to queries give: gateway/egress/names.ts. */
const STAND_INS = "198.18.0.0/15";

/** Of the policy's hosts those that are addresses: the second layer knows no names. */
export function egressLines(allow: readonly string[]): string[] {
  const lines = allow.flatMap((entry) => {
    if (entry === "*") return ["0.0.0.0/0", "::/0"];
    const [, six, four, port] = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+))(?::([0-9]+))?$/i.exec(entry) ?? [];
    const address = six ?? (four !== undefined && /^\d+\.\d+\.\d+\.\d+$/.test(four) ? four : undefined);
    return address === undefined ? [] : [`${address}${port === undefined ? "" : ` ${port}`}`];
  });
  return [...new Set([STAND_INS, ...lines])];
}

function layerLines(input: ProfileInput, required: readonly string[]): string[] {
  const { settings, mode, user } = input;
  const usesHooks = mode === "root" && (settings.layers ?? []).includes("ebpf");
  return [
    ...required.map((layer) => `require ${layer}`),
    `network ${settings.network}`,
    ...(settings.network === "proxy" && mode !== "restricted" ? [`proxy-port ${PROXY_PORT}`] : []),
    ...(usesHooks && settings.network === "proxy"
      ? egressLines(settings.egress).map((line) => `egress ${line}`)
      : []),
    ...(mode === "root" && user !== null ? [`user ${user.uid} ${user.gid}`] : []),
  ];
}

function fileLines(input: ProfileInput, { roots, home }: Roots): string[] {
  const { settings, place, observe, mode } = input;
  const sockets = settings.unixSockets.map((path) => `socket ${expanded(path, place)}`);
  return [
    "system",
    // Learning opens all, and refuses roots that it would not use.
    ...(observe === "learn" ? [] : roots.map(({ kind, path }) => `${kind} ${path}`)),
    ...sockets,
    ...(settings.localSockets && mode !== "restricted" ? ["unix"] : []),
    ...(home === null ? [] : [`home ${home}`]),
    `directory ${place.directory}`,
  ];
}

function limitLines({ memoryBytes, processes, cpuSeconds }: SandboxSettings): string[] {
  return [
    ...(memoryBytes === null ? [] : [`memory ${memoryBytes}`]),
    ...(processes === null ? [] : [`processes ${processes}`]),
    ...(cpuSeconds === null ? [] : [`cpu-time ${cpuSeconds}`]),
  ];
}

function variableLines({ settings, mode, place }: ProfileInput, home: string | null): string[] {
  const proxy = settings.network === "proxy" ? proxyVariables(`http://127.0.0.1:${PROXY_PORT}`) : [];
  return [
    ...settings.environment.map((name) => `env ${name}`),
    ...(home === null && mode !== "restricted" ? [`set HOME=${place.home}`] : []),
    ...proxy.map(([name, value]) => `set ${name}=${value}`),
  ];
}

/** The profile of an agent, or why there can be none. */
export function profileOf(input: ProfileInput): Profile | SandboxRefusal {
  const found = rootsOf(input);
  if (!found.ok) return found;
  // What would be hidden is what is to be learnt.
  const roots = input.observe === "learn" ? { ...found, home: null } : found;
  const { settings, mode, observe } = input;
  const required = requiredLayers(settings, mode);
  const lines = [
    "faramesh-sandbox 1",
    `mode ${mode}`,
    ...layerLines(input, required),
    ...fileLines(input, roots),
    ...limitLines(settings),
    ...variableLines(input, roots.home),
    ...(observe === null ? [] : [`observe ${observe}`]),
  ];
  const { home, unkept } = roots;
  return {
    ok: true,
    mode,
    observe,
    text: `${lines.join("\n")}\n`,
    roots: roots.roots,
    home,
    unkept,
    required,
  };
}

/** Names below a run's folder. */
export const SCRATCH_NAMES = { home: "home", temporary: "tmp" } as const;

/** The same with what this run adds. */
export function profileText({ text, observe }: Profile, { bridge, authorities, scratch }: RunPlace): string {
  const lines = ["# of this run"];
  if (bridge !== null)
    lines.push("path" in bridge ? `bridge ${bridge.path}` : `bridge-tcp ${bridge.port} ${bridge.token}`);
  if (authorities !== null) {
    if (observe !== "learn") lines.push(`read ${authorities}`);
    lines.push(...authorityVariables(authorities).map(([name, value]) => `set ${name}=${value}`));
  }
  if (scratch !== null) {
    const [home, temporary] = [joined(scratch, SCRATCH_NAMES.home), joined(scratch, SCRATCH_NAMES.temporary)];
    if (observe !== "learn") lines.push(`write ${home}`, `write ${temporary}`);
    lines.push(`set HOME=${home}`, `set TMPDIR=${temporary}`);
  }
  return `${text}${lines.join("\n")}\n`;
}

/** Where a path of an option or of a question is. */
export function pathIn(place: Place, path: string): string {
  return path.startsWith("/") || path === "~" || path.startsWith("~/")
    ? expanded(path, place)
    : joined(place.directory, path);
}
