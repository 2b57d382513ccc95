/** The sandboxes that are compared: each is a name, the users it is tried as, and a way to wrap a command. */
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT as root } from "../docs/pages.ts";
import { buildLauncher } from "./launcher.ts";
import { ORDINARY, type Targets } from "./targets.ts";

export type User = "root" | "ordinary";

export interface Sandbox {
  name: string;
  /** One line for the report: what was asked of it. */
  recipe: string;
  version(): string;
  users: User[];
  /** Uid that the command has, and so owner of the files: where it is not the caller's. */
  commandUser?: number;
  /** Null: present. Else why it cannot be tried here. */
  missing(): string | null;
  wrap(targets: Targets, command: string[]): string[];
}

export const LIMITS = {
  memory: 256 * 1024 * 1024,
  processes: 128,
  cpuSeconds: 1,
  tmp: 32 * 1024 * 1024,
};

export const CONTROL: Sandbox = {
  name: "none",
  recipe: "the same attempt without a sandbox",
  version: () => "",
  users: ["root", "ordinary"],
  missing: () => null,
  wrap: (_targets, command) => command,
};

export type Mode = "full" | "restricted" | "root";

/** The lines of a profile for the targets; `limits`: those that the bombs are stopped by. Mode `restricted` refuses `deny`, `protect` and `tmp`, which need a mount namespace. */
export function profileOf(mode: Mode, targets: Targets, limits: boolean): string {
  return [
    "faramesh-sandbox 1",
    `mode ${mode}`,
    "network none",
    "system",
    `read ${targets.tools}`,
    `write ${targets.inside}`,
    ...(mode === "restricted"
      ? []
      : [`deny ${targets.denied}`, `protect ${targets.protected}`, `protect ${targets.absent}`]),
    `directory ${targets.inside}`,
    ...(limits
      ? [
          `memory ${LIMITS.memory}`,
          `processes ${LIMITS.processes}`,
          `cpu-time ${LIMITS.cpuSeconds}`,
          ...(mode === "restricted" ? [] : [`tmp ${LIMITS.tmp}`]),
        ]
      : []),
    ...(mode === "root" ? [`user ${ORDINARY} ${ORDINARY}`] : []),
    "",
  ].join("\n");
}

export function launcher(mode: Mode, limits = true): Sandbox {
  return {
    name: `faramesh ${mode}`,
    recipe: `mode ${mode}, system read-only, one writable root`,
    version: () => execFileSync(buildLauncher()!, ["--version"], { encoding: "utf8" }).trim(),
    users: mode === "root" ? ["root"] : ["root", "ordinary"],
    ...(mode === "root" ? { commandUser: ORDINARY } : {}),
    missing: () => (buildLauncher() === null ? "the launcher does not build here" : null),
    wrap(targets, command) {
      const profile = join(targets.base, `profile-${mode}`);
      writeFileSync(profile, profileOf(mode, targets, limits));
      chmodSync(profile, 0o644);
      return [buildLauncher()!, "--profile", profile, "--", ...command];
    },
  };
}

function present(program: string): boolean {
  return (process.env.PATH ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}

/** The recipe that most pages give: all namespaces, a read-only system, no filter. */
export const BUBBLEWRAP: Sandbox = {
  name: "bubblewrap",
  recipe:
    "--unshare-all --new-session --die-with-parent, system read-only, one writable root, no seccomp filter",
  version: () => execFileSync("bwrap", ["--version"], { encoding: "utf8" }).trim().replace(/^\w+ /, ""),
  users: ["root", "ordinary"],
  missing: () => (present("bwrap") ? null : "bubblewrap is not installed"),
  wrap(targets, command) {
    const links = ["bin", "sbin", "lib", "lib64"].flatMap((name) => ["--symlink", `usr/${name}`, `/${name}`]);
    return [
      "bwrap",
      ...["--unshare-all", "--new-session", "--die-with-parent"],
      ...["--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc", ...links],
      ...["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"],
      ...["--ro-bind", targets.tools, targets.tools],
      ...["--bind", targets.inside, targets.inside],
      ...["--ro-bind", targets.protected, targets.protected],
      ...["--ro-bind", "/dev/null", targets.denied],
      ...["--chdir", targets.inside],
      ...command,
    ];
  },
};

const PEER = join(root, "tests/sandbox/peers/node_modules/@anthropic-ai/sandbox-runtime");

export const SANDBOX_RUNTIME: Sandbox = {
  name: "sandbox-runtime",
  recipe: "no domain allowed, one writable root, the outside and one path denied for reading",
  version: () => JSON.parse(readFileSync(join(PEER, "package.json"), "utf8")).version,
  users: ["root", "ordinary"],
  missing() {
    if (!existsSync(PEER)) return "not installed: `npm ci` in tests/sandbox/peers";
    const without = ["bwrap", "socat", "rg"].filter((program) => !present(program));
    return without.length === 0 ? null : `not installed: ${without.join(", ")}`;
  },
  wrap(targets, command) {
    const settings = join(targets.base, "settings.json");
    writeFileSync(settings, JSON.stringify(runtimeSettings(targets)));
    chmodSync(settings, 0o644);
    const quoted = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
    return [process.execPath, join(PEER, "dist/cli.js"), "--settings", settings, "-c", quoted];
  },
};

export function runtimeSettings(targets: Targets): object {
  mkdirSync(join(targets.base, "home"), { recursive: true });
  return {
    network: { allowedDomains: [], deniedDomains: [] },
    filesystem: {
      denyRead: [targets.outside, targets.denied],
      allowWrite: [targets.inside],
      denyWrite: [targets.protected, targets.absent],
    },
  };
}

export const SANDBOXES: Sandbox[] = [
  launcher("full"),
  launcher("restricted"),
  launcher("root"),
  BUBBLEWRAP,
  SANDBOX_RUNTIME,
];
