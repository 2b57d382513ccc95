/** The launcher as the tests start it: built, or a reason why not; its users; a folder that they may use. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const BUILT = new URL(`../../../sandbox-native/dist/${process.arch}/faramesh-sandbox`, import.meta.url)
  .pathname;

/** Why there is nothing to test here; empty: there is. In continuous integration a skip is a failure. */
export const ABSENT =
  process.platform !== "linux"
    ? "the launcher is for Linux"
    : existsSync(BUILT)
      ? ""
      : "no C compiler built the launcher";
if (ABSENT !== "" && process.env.CI === "true" && process.platform === "linux") throw new Error(ABSENT);

export const IS_ROOT = process.getuid?.() === 0;
export const NOBODY = 65534;

export type Mode = "full" | "restricted" | "root";

/** Every mode with every user that can be had here: root only as root. */
export const RUNS: { mode: Mode; user: number | null; name: string }[] = (
  IS_ROOT
    ? [
        { mode: "full", user: null },
        { mode: "root", user: null },
        { mode: "restricted", user: null },
        { mode: "full", user: NOBODY },
        { mode: "restricted", user: NOBODY },
      ]
    : [
        { mode: "full", user: null },
        { mode: "restricted", user: null },
      ]
).map((run) => ({ ...run, name: `${run.mode}${run.user === null ? "" : `, as uid ${run.user}`}` })) as never;

/** A folder for all users, with a copy of the launcher where an ordinary user reaches it, and a writable `w`. */
export function makeFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "launcher-")));
  chmodSync(folder, 0o777);
  copyFileSync(BUILT, join(folder, "launcher"));
  chmodSync(join(folder, "launcher"), 0o755);
  mkdirSync(join(folder, "w"));
  chmodSync(join(folder, "w"), 0o777);
  return folder;
}

let profiles = 0;
/** Writes a profile of these lines; its path. */
export function writeProfile(folder: string, lines: string[]): string {
  const path = join(folder, `profile-${++profiles}`);
  writeFileSync(path, `faramesh-sandbox 1\n${lines.join("\n")}\n`, { mode: 0o644 });
  return path;
}

/** A profile that shows the system and one writable folder, with what a mode needs. */
export function usual(folder: string, mode: Mode, more: string[] = []): string {
  const user = mode === "root" ? [`user ${NOBODY} ${NOBODY}`] : [];
  return writeProfile(folder, [
    `mode ${mode}`,
    "network none",
    "system",
    `write ${folder}/w`,
    ...user,
    ...more,
  ]);
}

/** Program and arguments that run the launcher as `user`. */
export function asUser(folder: string, user: number | null, args: string[]): [string, string[]] {
  const launcher = join(folder, "launcher");
  if (user === null) return [launcher, args];
  return ["setpriv", [`--reuid=${user}`, `--regid=${user}`, "--clear-groups", launcher, ...args]];
}

export function run(
  folder: string,
  user: number | null,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; stdio?: ("pipe" | "ignore" | number)[] } = {},
): SpawnSyncReturns<string> {
  const [program, given] = asUser(folder, user, args);
  return spawnSync(program, given, { encoding: "utf8", timeout: 30_000, cwd: folder, ...options });
}

/** What a shell inside says. */
export function shell(folder: string, user: number | null, profile: string, script: string) {
  return run(folder, user, ["--profile", profile, "--", "/bin/sh", "-c", script]);
}
