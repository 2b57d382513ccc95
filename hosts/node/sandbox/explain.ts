/** What a profile allows at a path, and why. */
import type { Access } from "./observations.ts";
import { isWithin } from "./paths.ts";
import type { Profile } from "./profile.ts";
import { PROTECTED_NAMES } from "./protected.ts";
import { BY_DEFAULT, governing, type Root, SYSTEM } from "./roots.ts";
import type { SandboxSettings } from "./settings.ts";

export interface Answer {
  readonly allowed: boolean;
  /** Lower case, one line. */
  readonly why: string;
  /** What to write into the policy; null where nothing is missing. */
  readonly add: string | null;
  /** The setting that decides; null where no setting does. */
  readonly setting: string | null;
}

/** Made anew for each command, and gone with it. */
const PRIVATE = ["/tmp", "/dev", "/proc"];
/** Of the system, shown empty: PROFILE.md `system`. */
const EMPTY = /^\/etc\/(?:g?shadow-?|sudoers(?:\.d)?(?:\/.*)?|ssl\/private(?:\/.*)?|ssh\/[^/]*_key)$/;

const yes = (why: string, setting: string | null = null): Answer => ({
  allowed: true,
  why,
  add: null,
  setting,
});
const no = (why: string, add: string | null, setting: string | null = null): Answer => ({
  allowed: false,
  why,
  add,
  setting,
});

const quoted = (path: string): string => JSON.stringify(path);

function byRoot({ kind, path, from }: Root, access: Access, asked: string): Answer {
  if (kind === "deny") return no(`\`${path}\` is closed (${from})`, null, from);
  if (access !== "write")
    return yes(`in the ${kind === "write" ? "writable" : "readable"} root \`${path}\` (${from})`, from);
  if (kind === "write") return yes(`in the writable root \`${path}\` (${from})`, from);
  if (kind === "read")
    return no(
      `in the root \`${path}\`, which is only readable (${from})`,
      `write = [${quoted(asked)}]`,
      from,
    );
  const name = from === BY_DEFAULT ? PROTECTED_NAMES.find((one) => path.endsWith(`/${one}`)) : undefined;
  if (name === undefined) return no(`\`${path}\` is read-only (${from})`, null, from);
  return no(`\`${path}\` is ${BY_DEFAULT}`, `unprotected = [${quoted(name)}]`, "unprotected");
}

function bySystem(path: string, access: Access): Answer | null {
  if (!SYSTEM.some((folder) => isWithin(path, folder))) return null;
  if (EMPTY.test(path)) return no("it is shown empty: it holds secrets of the machine", null);
  return access === "write" ? no("the system is read-only", null) : yes("the system is readable");
}

/** What `profile` says to an access at an absolute path. */
export function answer(profile: Profile, settings: SandboxSettings, path: string, access: Access): Answer {
  if (access === "socket") {
    const isNamed = profile.text.split("\n").includes(`socket ${path}`);
    return isNamed
      ? yes("it is named (unix_sockets)", "unix_sockets")
      : no("no Unix socket is reached that is not named", `unix_sockets = [${quoted(path)}]`, "unix_sockets");
  }
  const root = governing(profile.roots, path);
  const { home } = profile;
  // The longest of all that is around the path decides.
  const inHome = home !== null && isWithin(path, home) && (root === null || isWithin(home, root.path));
  if (inHome) {
    const add = `${access === "write" ? "write" : "read"} = [${quoted(path)}]`;
    return access === "write" && path !== home
      ? no(`it would be written into a private home, which is gone with the command`, add, access)
      : no(`the home is private, and \`${path}\` is not in it`, add, "read");
  }
  if (root !== null) return byRoot(root, access, path);
  const system = bySystem(path, access);
  if (system !== null) return system;
  if (profile.mode !== "restricted" && PRIVATE.some((folder) => isWithin(path, folder)))
    return yes(`\`/${path.split("/")[1]}\` is private: what is there outside is not seen`);
  if (path === "/" || profile.roots.some((one) => isWithin(one.path, path)))
    return access === "write"
      ? no("outside the writable roots", `write = [${quoted(path)}]`, "write")
      : yes("it is on the way to a root");
  const [setting, roots] = access === "write" ? ["write", "writable"] : ["read", "readable"];
  return no(
    `outside the ${roots} roots${settings.written ? "" : ", of which the policy has no `enforcement` block"}`,
    `${setting} = [${quoted(path)}]`,
    setting,
  );
}
