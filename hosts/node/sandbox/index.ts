export { startElsewhere, systemName, whatIsMissing } from "./elsewhere.ts";
export { type Answer, answer } from "./explain.ts";
export { START_TOOL, type StartDenied } from "./judge.ts";
export {
  type Counts,
  type Ended,
  findLauncher,
  type Launcher,
  probeMachine,
  type Started,
} from "./launcher.ts";
export { type Contact, type Learned, learn, proposal, spelled } from "./learn.ts";
export { type Ability, type Machine, readProbe } from "./machine.ts";
export { chooseMode, missingFor, requiredLayers } from "./mode.ts";
export { type Access, Observations, type Observed } from "./observations.ts";
export { expanded, isWithin, type Place } from "./paths.ts";
export { kindOf, placeAt, userFor } from "./place.ts";
export { type Observe, type Profile, pathIn, profileOf, profileText, type User } from "./profile.ts";
export { PROTECTED_NAMES } from "./protected.ts";
export type { SandboxRefusal } from "./refusal.ts";
export {
  DEFAULT_SETTINGS,
  MODES,
  type Mode,
  type SandboxSettings,
  sandboxSettings,
  settingsIn,
} from "./settings.ts";
export { prepare, type Sandboxed, type SandboxOptions, type StartRefusal, startSandboxed } from "./start.ts";
