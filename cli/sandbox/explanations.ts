/** Of what was observed, what the profile stops: each once, with its setting and what to add. */
import {
  type Answer,
  answer,
  kindOf,
  type Observed,
  type Place,
  type Profile,
  type SandboxSettings,
  spelled,
} from "../../hosts/node/sandbox/index.ts";
import { printable } from "../style.ts";

const SHOWN = 100;
const VERBS: Readonly<Record<Observed["access"], string>> = {
  read: "read",
  write: "write to",
  start: "start of",
  socket: "connection to",
};

export interface Explained extends Observed {
  readonly answer: Answer;
}

/** What programs only look for, and is not there outside either, was not stopped. */
function matters({ access, path }: Observed): boolean {
  return access === "write" || kindOf(path) !== "missing";
}

export function stoppedOf(
  observed: readonly Observed[],
  profile: Profile,
  settings: SandboxSettings,
): Explained[] {
  const found = new Map<string, Explained>();
  for (const one of observed) {
    const said = answer(profile, settings, one.path, one.access);
    if (said.allowed || !matters(one)) continue;
    const key = `${one.access === "start" ? "read" : one.access} ${one.path}`;
    if (!found.has(key)) found.set(key, { ...one, answer: said });
  }
  return [...found.values()];
}

/** `enforcement of agent "x", policy.fpl:12` */
export function whereFrom(agent: string, { at, written }: SandboxSettings): string {
  if (!written) return `agent ${JSON.stringify(agent)} has no \`enforcement\` block`;
  return `enforcement of agent ${JSON.stringify(agent)}${at === null ? "" : `, ${at}`}`;
}

export function explanationsText(
  agent: string,
  explained: readonly Explained[],
  settings: SandboxSettings,
  place: Place,
): string {
  if (explained.length === 0) return "faramesh: the sandbox stopped nothing that was seen\n";
  const lines = explained
    .slice(0, SHOWN)
    .flatMap(({ access, path, answer: { why, add } }) => [
      `  ${VERBS[access]} ${spelled(path, place)}: ${why}; ${whereFrom(agent, settings)}`,
      ...(add === null ? [] : [`    to allow it: ${add}`]),
    ]);
  const more = explained.length > SHOWN ? [`  and ${explained.length - SHOWN} more`] : [];
  return `faramesh: the sandbox stopped, or did not keep\n${[...lines, ...more].map((line) => `${printable(line)}\n`).join("")}`;
}
