/** Which mode and which layers a policy asks of a machine. */
import { type Machine, UNSAID } from "./machine.ts";
import { type SandboxRefusal, sandboxRefusal } from "./refusal.ts";
import type { Mode, PolicyLayer, SandboxSettings } from "./settings.ts";

/** What each layer of a policy is to the launcher. */
const MEANS: Readonly<Record<PolicyLayer, readonly string[]>> = {
  landlock: ["landlock"],
  seccomp: ["seccomp"],
  namespaces: ["mount", "pid", "ipc", "uts", "cgroup-namespace", "network"],
  cgroup: ["cgroup"],
  proxy: ["bridge"],
  capture: ["capture"],
  ebpf: ["bpf"],
};
const BASE = ["no_new_privs", "capabilities", "descriptors", "environment", "rlimits", "seccomp", "tree"];
const VIEW = ["mount", "pid", "ipc", "uts", "cgroup-namespace"];
/** Tried in this order; `root` needs root, and says who the command is then. */
const AUTOMATIC: readonly Mode[] = ["full", "root", "restricted"];

/** The layers that must be in force, by the launcher's names. */
export function requiredLayers(settings: SandboxSettings, mode: Mode): string[] {
  const { layers, network, memoryBytes } = settings;
  const wanted = new Set<string>(BASE);
  // Where nothing else keeps the file system, and where the policy leaves the choice.
  if (layers === null || mode === "restricted") wanted.add("landlock");
  if (mode !== "restricted") for (const layer of [...VIEW, "network"]) wanted.add(layer);
  else if (network === "none") wanted.add("network");
  if (mode === "full") wanted.add("user");
  if (network === "proxy") wanted.add("bridge");
  if (mode === "root" && memoryBytes !== null) wanted.add("cgroup");
  for (const layer of layers ?? []) for (const name of MEANS[layer]) wanted.add(name);
  return [...wanted];
}

/** What the machine lacks for it: one line each, empty when nothing. */
export function missingFor(settings: SandboxSettings, mode: Mode, machine: Machine): string[] {
  const ability = machine.modes[mode];
  if (!ability.available) return [`mode ${mode}: ${ability.why}`];
  const { layers } = settings;
  const impossible = (layers ?? []).filter(
    (layer) =>
      (mode === "restricted" && (layer === "namespaces" || layer === "capture")) ||
      (mode !== "root" && layer === "ebpf"),
  );
  return [
    ...impossible.map((layer) => `layer ${layer}: mode ${mode} has none`),
    ...requiredLayers(settings, mode).flatMap((name) => {
      const { available, why } = machine.layers.get(name) ?? UNSAID;
      return available ? [] : [`layer ${name}: ${why}`];
    }),
  ];
}

export interface ModeChoice {
  readonly settings: SandboxSettings;
  readonly machine: Machine;
  /** Of the operator; only where the policy leaves it open. */
  readonly asked: Mode | null;
  /** Whether it is known who the command would be in mode `root`. */
  readonly hasUser: boolean;
}

/** The first mode that has all that the policy asks for. */
export function chooseMode({
  settings,
  machine,
  asked,
  hasUser,
}: ModeChoice): { ok: true; mode: Mode } | SandboxRefusal {
  if (asked !== null && settings.mode !== "auto" && settings.mode !== asked)
    return sandboxRefusal(
      `the policy says mode ${settings.mode}, and \`--mode\` ${asked}`,
      "leave `--mode` out, or `mode = auto` in the policy",
    );
  const only = asked ?? (settings.mode === "auto" ? null : settings.mode);
  const lacks: string[] = [];
  for (const mode of only === null ? AUTOMATIC : [only]) {
    const missing = missingFor(settings, mode, machine);
    if (missing.length === 0 && mode === "root" && !hasUser)
      missing.push("mode root: who the command is, is not said");
    if (missing.length === 0) return { ok: true, mode };
    lacks.push(...missing.filter((line) => !lacks.includes(line)));
  }
  return sandboxRefusal(
    `this machine cannot enforce what the policy asks for\n${lacks.map((line) => `  ${line}`).join("\n")}`,
    lacks.some((line) => line.startsWith("mode root: who"))
      ? "name the user for mode root: `--user UID:GID`; `faramesh doctor` says what this machine lacks and what to do"
      : "`faramesh doctor` says what this machine lacks and what to do",
  );
}
