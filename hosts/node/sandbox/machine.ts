/** What a machine can enforce, as the launcher's `--probe` says it: sandbox-native/PROFILE.md "Probe". */
import { MODES, type Mode } from "./settings.ts";

export interface Ability {
  readonly available: boolean;
  /** Null where it is available. */
  readonly why: string | null;
}

export interface Machine {
  readonly launcher: string;
  readonly architecture: string;
  readonly kernel: string;
  /** ABI; 0: there is none. */
  readonly landlock: number;
  readonly modes: Readonly<Record<Mode, Ability>>;
  /** By the launcher's names, in its order. */
  readonly layers: ReadonlyMap<string, Ability>;
}

/** What the launcher says nothing of is not there. */
export const UNSAID: Ability = { available: false, why: "the launcher does not say" };

function abilityOf(value: unknown): Ability {
  if (typeof value === "boolean") return { available: value, why: value ? null : "not on this machine" };
  if (typeof value !== "object" || value === null) return UNSAID;
  const { available, why } = value as { available?: unknown; why?: unknown };
  if (available === true) return { available: true, why: null };
  return { available: false, why: typeof why === "string" && why !== "" ? why : UNSAID.why };
}

function layersOf(value: unknown): Map<string, Ability> {
  const layers = new Map<string, Ability>();
  for (const one of Array.isArray(value) ? value : []) {
    const { layer } = one as { layer?: unknown };
    if (typeof layer === "string") layers.set(layer, abilityOf(one));
  }
  return layers;
}

/** @param line JSON. Null for anything that is no probe's report. */
export function readProbe(line: string): Machine | null {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (value?.report !== "probe") return null;
  const { launcher, architecture, kernel, landlock, modes, layers } = value;
  const said = (modes ?? {}) as Record<string, unknown>;
  return {
    launcher: String(launcher ?? "unknown"),
    architecture: String(architecture ?? "unknown"),
    kernel: String(kernel ?? "unknown"),
    landlock: typeof landlock === "number" ? landlock : 0,
    modes: Object.fromEntries(MODES.map((mode) => [mode, abilityOf(said[mode])])) as Record<Mode, Ability>,
    layers: layersOf(layers),
  };
}
