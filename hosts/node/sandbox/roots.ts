/** What of the file system a profile shows, and how: the roots, one per path, and which one governs a path. */
import { between, expanded, isWithin, joined, type Place } from "./paths.ts";
import { PROTECTED_NAMES } from "./protected.ts";
import { type SandboxRefusal, sandboxRefusal } from "./refusal.ts";
import type { Mode, SandboxSettings } from "./settings.ts";

export type RootKind = "read" | "write" | "deny" | "protect";
export type PathKind = "folder" | "file" | "link" | "other" | "missing";

export interface Root {
  readonly kind: RootKind;
  readonly path: string;
  /** Whence it is: a setting's name, `--read`, `--write`, `protected by default`, or `kept from the command`. */
  readonly from: string;
}

export interface RootsInput {
  readonly settings: SandboxSettings;
  readonly mode: Mode;
  readonly place: Place;
  /** Of the operator's options; absolute. */
  readonly added: { readonly read: readonly string[]; readonly write: readonly string[] };
  /** Never within reach: the control plane's folder. */
  readonly hidden: readonly string[];
  /** Never writable: the policy, the trust file, this program. */
  readonly kept: readonly string[];
  /** What stands there, without following a link. */
  readonly kindOf: (path: string) => PathKind;
}

export const BY_DEFAULT = "protected by default";
const START = "the folder where it starts";

/** The view has it always, read-only. */
export const SYSTEM = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/etc"];

/** The root that a path is in: the longest, itself included. Null: none. */
export function governing(roots: readonly Root[], path: string): Root | null {
  const around = roots.filter((root) => isWithin(path, root.path));
  return around.sort((left, right) => right.path.length - left.path.length)[0] ?? null;
}

const ORDER: readonly RootKind[] = ["deny", "protect", "write", "read"];

/** One per path: of several what gives least, but that a writable root is readable too. */
function oncePerPath(roots: readonly Root[]): Root[] {
  const byPath = new Map<string, Root>();
  for (const root of roots) {
    const known = byPath.get(root.path);
    if (known === undefined || ORDER.indexOf(root.kind) < ORDER.indexOf(known.kind))
      byPath.set(root.path, root);
  }
  return [...byPath.values()].sort((left, right) => (left.path < right.path ? -1 : 1));
}

function opened({ settings, place, added }: RootsInput): Root[] {
  const of = (kind: RootKind, paths: readonly string[], from: string): Root[] =>
    paths.map((path) => ({ kind, path: expanded(path, place), from }));
  const { directory, home } = place;
  const said = oncePerPath([
    ...of("read", settings.read, "read"),
    ...of("write", settings.write, settings.written ? "write" : START),
    ...of("read", added.read, "--read"),
    ...of("write", added.write, "--write"),
  ]);
  // A command is somewhere. Nobody starts it in the whole machine, or shows it a home, by that alone.
  const around = governing(said, directory);
  const isHidden =
    around !== null && around.path !== home && isWithin(home, around.path) && isWithin(directory, home);
  const isShown = directory === "/" || directory === home || (around !== null && !isHidden);
  return isShown ? said : oncePerPath([...said, { kind: "read", path: directory, from: START }]);
}

/** What the mode `restricted` cannot keep: it has no view of its own, and Landlock only adds. */
export function lacksView(mode: Mode): boolean {
  return mode === "restricted";
}

/** The nearest to `path` that can be covered: where a part of the way is a file, as `.git` of a worktree, that file. Refused for a link. */
function covered(
  root: Root,
  path: string,
  from: string,
  kindOf: RootsInput["kindOf"],
): Root | SandboxRefusal {
  for (const step of between(root.path, path)) {
    const kind = kindOf(step);
    if (kind === "link")
      return sandboxRefusal(
        `\`${step}\` is a symbolic link, and cannot be kept from being written (${from})`,
        "put the file itself there, or name it in `unprotected`",
      );
    if (kind !== "folder") return { kind: "protect", path: kind === "missing" ? path : step, from };
  }
  return { kind: "protect", path, from };
}

function closed(input: RootsInput, open: readonly Root[]): Root[] | SandboxRefusal {
  const { settings, place, kindOf, hidden, kept } = input;
  const closing: Root[] = [
    ...settings.deny.map((path): Root => ({ kind: "deny", path: expanded(path, place), from: "deny" })),
    ...hidden.map((path): Root => ({ kind: "deny", path, from: "kept from the command" })),
  ];
  const names = PROTECTED_NAMES.filter((name) => !settings.unprotected.includes(name));
  const wanted: [string, string][] = [
    ...settings.protect.map((path): [string, string] => [expanded(path, place), "protect"]),
    ...kept.map((path): [string, string] => [path, "kept from the command"]),
    ...open
      .filter(({ kind, path }) => kind === "write" && kindOf(path) === "folder")
      .flatMap(({ path }) => names.map((name): [string, string] => [joined(path, name), BY_DEFAULT])),
  ];
  for (const [path, from] of wanted) {
    const root = governing(open, path);
    if (root === null || root.kind !== "write") continue;
    const one = covered(root, path, from, kindOf);
    if ("ok" in one) return one;
    closing.push(one);
  }
  return closing;
}

/** What is closed already by another root is left out; so is what lies in no root. */
function needed(open: readonly Root[], closing: readonly Root[], home: string | null): Root[] {
  const all = oncePerPath([...open, ...closing]);
  return all.filter((root) => {
    if (root.kind !== "deny" && root.kind !== "protect") return true;
    const around = governing(
      all.filter((one) => one !== root),
      root.path,
    );
    if (around === null) return root.kind === "deny" && SYSTEM.some((path) => isWithin(root.path, path));
    // A private home hides what is there already.
    if (home !== null && isWithin(root.path, home) && isWithin(home, around.path)) return false;
    if (around.kind === "deny") return false;
    return root.kind === "deny" || around.kind === "write";
  });
}

export interface Roots {
  readonly ok: true;
  readonly roots: readonly Root[];
  /** Where an empty directory is put in the place of the operator's home; null where that is a root itself, or where there is no view. */
  readonly home: string | null;
  /** What the policy protects by default and the mode cannot keep. */
  readonly unkept: readonly string[];
}

/** The roots of a profile, or why there can be none. */
export function rootsOf(input: RootsInput): Roots | SandboxRefusal {
  const { mode, place, settings } = input;
  const open = opened(input);
  const isRoot = open.some(({ path }) => path === place.home);
  const home = lacksView(mode) || isRoot || place.home === "/" ? null : place.home;
  const closing = closed(input, open);
  if (!Array.isArray(closing)) return closing as SandboxRefusal;
  const roots = needed(open, closing, home);
  if (!lacksView(mode)) return { ok: true, roots, home, unkept: [] };
  const closingRoots = roots.filter(({ kind }) => kind === "deny" || kind === "protect");
  const asked = closingRoots.find(({ from }) => from !== BY_DEFAULT);
  if (asked !== undefined)
    return sandboxRefusal(
      `mode \`restricted\` cannot keep \`${asked.path}\` closed inside an open root (${asked.from})`,
      "use a mode with a view of its own, full or root; or open less, so that it lies in no root",
    );
  if (closingRoots.length > 0 && settings.mode !== "restricted")
    return sandboxRefusal(
      `mode \`restricted\` cannot protect ${closingRoots.length} names in writable roots, such as \`${closingRoots[0]!.path}\``,
      "`enforcement { mode = restricted }` goes without; `faramesh doctor` says why the other modes are not to be had",
    );
  return {
    ok: true,
    roots: roots.filter((root) => !closingRoots.includes(root)),
    home,
    unkept: closingRoots.map(({ path }) => path),
  };
}
