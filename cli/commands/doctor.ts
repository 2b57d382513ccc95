import {
  chooseMode,
  findLauncher,
  type Machine,
  MODES,
  placeAt,
  prepare,
  probeMachine,
  requiredLayers,
  sandboxSettings,
  systemName,
  userFor,
} from "../../hosts/node/sandbox/index.ts";
import { type Command, type Invocation, JSON_OUTPUT } from "../command.ts";
import { EXIT_FINDINGS, EXIT_OK } from "../errors.ts";
import { print, printJson } from "../io.ts";
import { AGENT, INSECURE, TRUST } from "../options.ts";
import { openPolicy } from "../policy.ts";
import { adviceFor } from "../sandbox/advice.ts";
import { agentFor } from "../sandbox/options.ts";
import { printable, styleFor, table } from "../style.ts";
import { POLICY_OPTION } from "./run.ts";

/** Of one policy on this machine. */
interface PolicyHealth {
  readonly agent: string;
  readonly mode: string | null;
  readonly layers: readonly string[];
  readonly problem: string | null;
  readonly help: string | null;
}

interface Health {
  readonly launcher: string | null;
  readonly machine: Machine | null;
  /** Why there is no launcher. */
  readonly problem: string | null;
  readonly advice: readonly string[];
  readonly policy: PolicyHealth | null;
}

async function policyHealth(path: string, machine: Machine, invocation: Invocation): Promise<PolicyHealth> {
  const opened = await openPolicy(path, {
    trust: invocation.value("trust"),
    insecure: invocation.flag("insecure"),
  });
  const agent = agentFor(invocation, opened.ir);
  const settings = sandboxSettings(opened.bundle, agent);
  const place = placeAt(".");
  const hasUser = (await userFor(null, place)) !== null;
  const chosen = chooseMode({ settings, machine, asked: null, hasUser });
  if (!chosen.ok) return { agent, mode: null, layers: [], problem: chosen.message, help: chosen.help };
  const { mode } = chosen;
  const layers = requiredLayers(settings, mode);
  const added = { read: [], write: [] };
  const prepared = await prepare({
    settings,
    place,
    mode,
    observe: null,
    added,
    hidden: [],
    kept: [],
    user: null,
  });
  const [problem, help] = prepared.ok ? [null, null] : [prepared.message, prepared.help];
  return { agent, mode, layers, problem, help };
}

async function examine(invocation: Invocation): Promise<Health> {
  const none = { launcher: null, machine: null, policy: null };
  const launcher = await findLauncher(process.platform, process.arch);
  if (!launcher.ok) {
    const elsewhere = process.platform !== "linux";
    const advice = elsewhere
      ? [`on ${systemName(process.platform)} only the proxy is to be had`]
      : [launcher.help];
    return { ...none, problem: launcher.message, advice };
  }
  const probed = await probeMachine(launcher);
  if (!probed.ok) return { ...none, launcher: launcher.path, problem: probed.message, advice: [probed.help] };
  const { machine } = probed;
  const path = invocation.value("policy");
  const policy = path === null ? null : await policyHealth(path, machine, invocation);
  return {
    launcher: launcher.path,
    machine,
    problem: null,
    advice: adviceFor(machine, launcher.path),
    policy,
  };
}

function healthJson({ launcher, machine, problem, advice, policy }: Health): unknown {
  const layers =
    machine === null ? [] : [...machine.layers].map(([layer, ability]) => ({ layer, ...ability }));
  const { kernel = null, landlock = null, architecture = null, modes = null } = machine ?? {};
  return { launcher, problem, architecture, kernel, landlock, modes, layers, advice, policy };
}

function healthText({ launcher, machine, problem, advice, policy }: Health): string {
  const style = styleFor(process.stdout);
  const mark = (available: boolean) => (available ? "✓" : "✗");
  const paint = (rows: string[][]) =>
    table(rows, (text, _, column) =>
      column === 0 ? (text.trim() === "✓" ? style.green(text) : style.red(text)) : text,
    );
  const parts: string[] = [];
  if (problem !== null) parts.push(`${style.red("✗")} ${printable(problem)}\n`);
  if (machine !== null) {
    const { kernel, landlock, modes, layers } = machine;
    parts.push(
      `launcher ${printable(launcher ?? "")}, kernel ${printable(kernel)}, Landlock ABI ${landlock}\n`,
    );
    const modeRows = MODES.map((mode) => [
      mark(modes[mode].available),
      `mode ${mode}`,
      printable(modes[mode].why ?? ""),
    ]);
    const layerRows = [...layers].map(([layer, { available, why }]) => [
      mark(available),
      printable(layer),
      printable(why ?? ""),
    ]);
    parts.push(paint([...modeRows, ...layerRows]));
  }
  if (policy !== null) {
    const { agent, mode, layers, problem: wrong, help } = policy;
    parts.push(
      wrong === null
        ? `${style.green("✓")} the policy of ${printable(agent)} can be enforced here: mode ${mode}, layers ${layers.join(", ")}\n`
        : `${style.red("✗")} the policy of ${printable(agent)} cannot be enforced here: ${wrong}\n  ${help}\n`,
    );
  }
  if (advice.length > 0)
    parts.push(
      `${style.bold("What to do")}\n${advice.map((one) => `- ${one.replaceAll("\n", "\n  ")}\n`).join("")}`,
    );
  return parts.join("\n");
}

export const doctor: Command = {
  name: "doctor",
  summary: "say what sandbox this machine can enforce",
  description: `Asks the launcher what the kernel gives to this user, layer by layer, and says what to do about the rest. Nothing is changed.
With --policy: whether \`faramesh run\` can enforce that policy here.`,
  operands: [],
  options: [
    { ...POLICY_OPTION, help: "say whether this policy can be enforced here" },
    { ...AGENT, help: "of which agent (the only one that it can be)" },
    TRUST,
    INSECURE,
    JSON_OUTPUT,
  ],
  examples: [
    { command: "faramesh doctor", text: "what is to be had here?" },
    { command: "faramesh doctor --policy policy.fpl", text: "is it enough for this policy?" },
  ],
  exits: {
    ok: "there is a mode, and the policy can be enforced in it",
    findings: "there is no launcher or no mode, or not the one that the policy asks for",
  },
  async run(invocation) {
    const health = await examine(invocation);
    if (invocation.flag("json")) await printJson(healthJson(health));
    else await print(healthText(health));
    const { machine, policy } = health;
    const hasMode = machine !== null && MODES.some((mode) => machine.modes[mode].available);
    return hasMode && (policy === null || policy.problem === null) ? EXIT_OK : EXIT_FINDINGS;
  },
};
