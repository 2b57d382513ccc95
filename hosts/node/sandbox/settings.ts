/** An agent's `enforcement` block, as a bundle's manifest carries it. */
import { manifestOf } from "../../../bundles/load.ts";
import { PROTECTED_NAMES } from "./protected.ts";

export const MODES = ["full", "restricted", "root"] as const;
export type Mode = (typeof MODES)[number];

export const LAYERS = ["landlock", "seccomp", "namespaces", "cgroup", "proxy", "capture", "ebpf"] as const;
/** As policies call them. */
export type PolicyLayer = (typeof LAYERS)[number];

export interface SandboxSettings {
  /** False: the policy has no such block for the agent; what follows are the defaults. */
  readonly written: boolean;
  /** `policy.fpl:12`; null where there is no block. */
  readonly at: string | null;
  /** The agent's `egress { allow }`, as written. */
  readonly egress: readonly string[];
  readonly mode: Mode | "auto";
  /** Null: not said, and so whatever the mode always has. */
  readonly layers: readonly PolicyLayer[] | null;
  readonly network: "none" | "proxy";
  /** `HOST-GLOB[:PORT]` whose TLS the proxy opens. */
  readonly intercept: readonly string[];
  /** Addresses and prefixes to which a permitted name may lead although they are not public. */
  readonly privateAddresses: readonly string[];
  /** Paths as written: `/a`, `~/a` or `./a`. */
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly deny: readonly string[];
  readonly protect: readonly string[];
  /** Of PROTECTED_NAMES, those that stay writable. */
  readonly unprotected: readonly string[];
  readonly unixSockets: readonly string[];
  readonly localSockets: boolean;
  readonly environment: readonly string[];
  readonly memoryBytes: number | null;
  readonly processes: number | null;
  readonly cpuSeconds: number | null;
}

/** The folder that the command starts in is there to be worked in; nothing else is. */
export const DEFAULT_SETTINGS: SandboxSettings = {
  written: false,
  at: null,
  egress: [],
  mode: "auto",
  layers: null,
  network: "proxy",
  intercept: [],
  privateAddresses: [],
  read: [],
  write: ["."],
  deny: [],
  protect: [],
  unprotected: [],
  unixSockets: [],
  localSockets: false,
  environment: [],
  memoryBytes: null,
  processes: null,
  cpuSeconds: null,
};

type Written = Readonly<Record<string, unknown>>;

interface Deployment {
  readonly kind: string;
  readonly agent: string | null;
  readonly settings: Written;
  readonly egress?: unknown;
  readonly place?: { readonly file: string; readonly line: number };
}

/** As messages name a setting's place, where the source is not at hand. */
const title = (name: string): string => `enforcement: \`${name}\``;

function textsOf(written: Written, name: string): readonly string[] {
  const value = written[name];
  if (value === undefined) return [];
  if (Array.isArray(value) && value.every((one) => typeof one === "string")) return value;
  throw new RangeError(`${title(name)} is a list of texts`);
}

function choiceOf<Choice extends string>(written: Written, name: string, choices: readonly Choice[]): Choice {
  const found = choices.find((one) => one === (written[name] ?? choices[0]));
  if (found !== undefined) return found;
  throw new RangeError(`${title(name)} is one of ${choices.join(", ")}, not ${String(written[name])}`);
}

function listOf<Choice extends string>(written: Written, name: string, choices: readonly Choice[]): Choice[] {
  return textsOf(written, name).map((text) => {
    const known = choices.find((one) => one === text);
    if (known !== undefined) return known;
    throw new RangeError(`${title(name)} has \`${text}\`; known are ${choices.join(", ")}`);
  });
}

function numberOf(written: Written, name: string): number | null {
  const value = written[name];
  if (value === undefined) return null;
  if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
  throw new RangeError(`${title(name)} is a whole number over 0, not ${String(value)}`);
}

function settingsOf({ settings: written, egress, place }: Deployment): SandboxSettings {
  const cpuMs = numberOf(written, "max_cpu_time");
  return {
    written: true,
    at: place === undefined ? null : `${place.file}:${place.line}`,
    egress: textsOf({ egress }, "egress"),
    mode: choiceOf(written, "mode", ["auto", ...MODES]),
    layers: written.layers === undefined ? null : listOf(written, "layers", LAYERS),
    network: choiceOf(written, "network", ["proxy", "none"]),
    intercept: textsOf(written, "intercept"),
    privateAddresses: textsOf(written, "private_addresses"),
    read: textsOf(written, "read"),
    write: textsOf(written, "write"),
    deny: textsOf(written, "deny"),
    protect: textsOf(written, "protect"),
    unprotected: listOf(written, "unprotected", PROTECTED_NAMES),
    unixSockets: textsOf(written, "unix_sockets"),
    localSockets: written.local_sockets === true,
    environment: textsOf(written, "environment"),
    memoryBytes: numberOf(written, "max_memory"),
    processes: numberOf(written, "max_processes"),
    // RLIMIT_CPU counts whole seconds.
    cpuSeconds: cpuMs === null ? null : Math.ceil(cpuMs / 1000),
  };
}

/** @param manifest of a bundle. @throws RangeError for a setting that this release does not know how to keep. */
export function settingsIn(manifest: string, agent: string): SandboxSettings {
  const { deployment } = JSON.parse(manifest) as { deployment: readonly Deployment[] };
  const block = deployment.find((one) => one.kind === "enforcement" && one.agent === agent);
  return block === undefined ? DEFAULT_SETTINGS : settingsOf(block);
}

/** The same of a bundle. */
export function sandboxSettings(bundle: Uint8Array, agent: string): SandboxSettings {
  return settingsIn(manifestOf({ bundle }), agent);
}
