/** From what a command did to the policy under which it can do it again: a proposal, for a person to read and cut down. */
import type { Observed } from "./observations.ts";
import { between, isWithin, type Place } from "./paths.ts";
import { PROTECTED_NAMES } from "./protected.ts";
import { SYSTEM } from "./roots.ts";

export interface Contact {
  readonly tool: string;
  readonly host: string;
  readonly port: number;
}

export interface Learned {
  readonly read: readonly string[];
  readonly write: readonly string[];
  readonly sockets: readonly string[];
  /** `HOST:PORT` */
  readonly hosts: readonly string[];
  readonly tools: readonly string[];
  /** What was used and is not proposed, as it holds secrets. */
  readonly secrets: readonly string[];
  /** Of the protected names, those that were written. */
  readonly unprotected: readonly string[];
}

const PRIVATE = ["/proc", "/dev", "/sys", "/tmp"];
/** Below the home. */
const SECRET_NAMES = [
  ".ssh",
  ".gnupg",
  ".aws",
  ".azure",
  ".kube",
  ".docker",
  ".netrc",
  ".npmrc",
  ".pypirc",
  ".git-credentials",
  ".password-store",
  ".mozilla",
  ".config/gcloud",
  ".config/gh",
  ".config/google-chrome",
  ".local/share/keyrings",
];
/** Folders of many programs' folders: one of them is named, never all. */
const SHARED = [".config", ".cache", ".local", ".local/share", ".local/state"];
/** So deep a root stands, at least, outside of home and start. */
const LEAST_DEPTH = 2;
/** So many neighbours make their folder the root. */
const NEIGHBOURS = 4;

const sorted = (items: Iterable<string>): string[] => [...new Set(items)].sort();

function secretOf(path: string, { home }: Place): string | null {
  const name = SECRET_NAMES.find((one) => isWithin(path, `${home}/${one}`));
  return name === undefined ? null : `${home}/${name}`;
}

/** The root that is proposed for a path: the start, a program's own folder in the home, or a folder of some depth. */
function rootFor(path: string, place: Place): string {
  const { home, directory } = place;
  if (isWithin(path, directory)) return directory;
  if (isWithin(path, home)) {
    const steps = between(home, path);
    return steps.find((step) => !SHARED.some((name) => step === `${home}/${name}`)) ?? path;
  }
  const steps = between("/", path);
  return steps[Math.min(LEAST_DEPTH, steps.length) - 1] ?? path;
}

/** In the start itself: the folder below it when all is in that, or all of it. */
function inStart(paths: readonly string[], { directory }: Place): string[] {
  const first = sorted(paths.map((path) => between(directory, path)[0] ?? directory));
  const isFew = first.length < NEIGHBOURS && paths.every((path) => between(directory, path).length > 1);
  return isFew ? first : [directory];
}

function outermost(paths: readonly string[]): string[] {
  return sorted(paths).filter((path, _, all) => !all.some((one) => one !== path && isWithin(path, one)));
}

function rootsFor(paths: readonly string[], place: Place): string[] {
  const within = paths.filter((path) => isWithin(path, place.directory));
  const outside = paths
    .filter((path) => !isWithin(path, place.directory))
    .map((path) => rootFor(path, place));
  return outermost([...(within.length === 0 ? [] : inStart(within, place)), ...outside]);
}

/** `~/…` and `./…` where they fit, so that the proposal is of every machine. */
export function spelled(path: string, { home, directory }: Place): string {
  if (path === directory) return ".";
  if (isWithin(path, directory)) return `./${path.slice(directory.length + 1)}`;
  if (home !== "/" && path === home) return "~";
  return home !== "/" && isWithin(path, home) ? `~/${path.slice(home.length + 1)}` : path;
}

/** @param exists whether there is such a path, when the command has ended. */
export function learn(
  observed: readonly Observed[],
  contacts: readonly Contact[],
  place: Place,
  exists: (path: string) => boolean,
): Learned {
  const foreign = observed.filter(
    ({ path }) =>
      isWithin(path, place.directory) || ![...SYSTEM, ...PRIVATE].some((folder) => isWithin(path, folder)),
  );
  const secrets: string[] = [];
  const usable = foreign.filter(({ path }) => {
    const secret = secretOf(path, place);
    if (secret !== null) secrets.push(secret);
    return secret === null;
  });
  const written = usable.filter(({ access }) => access === "write").map(({ path }) => path);
  const write = rootsFor(written, place).filter((path) => exists(path));
  const readers = usable.filter(
    ({ access, path }) => (access === "read" || access === "start") && path !== "/",
  );
  const read = rootsFor(readers.map(({ path }) => path).filter(exists), place).filter(
    (path) => path !== place.home && !write.some((root) => isWithin(path, root)),
  );
  const names = PROTECTED_NAMES.filter((name) =>
    write.some((root) => written.some((path) => isWithin(path, `${root}/${name}`))),
  );
  return {
    read: sorted(read.map((path) => spelled(path, place))),
    write: sorted(write.map((path) => spelled(path, place))),
    sockets: sorted(
      usable.filter(({ access }) => access === "socket").map(({ path }) => spelled(path, place)),
    ),
    hosts: sorted(contacts.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`)),
    tools: sorted(contacts.map(({ tool }) => tool)),
    secrets: sorted(secrets.map((path) => spelled(path, place))),
    unprotected: names,
  };
}

const list = (items: readonly string[]): string =>
  `[${items.map((item) => JSON.stringify(item)).join(", ")}]`;

/** FPL, as `faramesh check` accepts it. */
export function proposal(agent: string, learned: Learned): string {
  const { read, write, sockets, hosts, tools, secrets, unprotected } = learned;
  const settings = [
    `network = ${hosts.length === 0 ? "none" : "proxy"}`,
    ...(read.length === 0 ? [] : [`read = ${list(read)}`]),
    `write = ${list(write)}`,
    ...(unprotected.length === 0
      ? []
      : [
          `# Others run what stands there: say so only when the command must write it.`,
          `# unprotected = ${list(unprotected)}`,
        ]),
    ...(sockets.length === 0 ? [] : [`unix_sockets = ${list(sockets)}`]),
    ...secrets.map((path) => `# It used ${JSON.stringify(path)}, which holds secrets: left out.`),
  ];
  const lines = [
    `agent ${JSON.stringify(agent)} {`,
    "  enforcement {",
    ...settings.map((line) => `    ${line}`),
    "  }",
    "",
    ...(hosts.length === 0 ? [] : ["  egress {", `    allow = ${list(hosts)}`, "  }", ""]),
    "  rules {",
    "    permit sandbox/start",
    ...tools.map((tool) => `    permit ${tool}`),
    "  }",
    "}",
  ];
  return `${lines.join("\n")}\n`;
}
