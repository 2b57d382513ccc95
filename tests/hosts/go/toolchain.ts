/** The Go toolchain that is on the machine. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "../../docs/pages.ts";

export const GO_FOLDER = join(ROOT, "hosts/go");

/** As hosts/go/go.mod says. */
const LEAST = [1, 22] as const;
const TIME_LIMIT_MS = 600_000;

export interface Ran {
  status: number;
  stdout: string;
  /** Both outputs, for people. */
  text: string;
}

export function run(command: string, args: readonly string[], cwd = GO_FOLDER): Ran {
  const env = { ...process.env, GOTOOLCHAIN: "local", GOFLAGS: "-mod=readonly" };
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: "utf8",
    timeout: TIME_LIMIT_MS,
    maxBuffer: 1 << 26,
  });
  return { status: status ?? -1, stdout: stdout ?? "", text: `${stdout ?? ""}${stderr ?? ""}${error ?? ""}` };
}

/** Why Go cannot run here; null: it can. */
export function whyNot(): string | null {
  const { status, stdout } = run("go", ["env", "GOVERSION"], ROOT);
  if (status !== 0) return `the go command, ${LEAST.join(".")} or newer, is not on the path`;
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout) ?? [];
  const fits = Number(major) > LEAST[0] || (Number(major) === LEAST[0] && Number(minor) >= LEAST[1]);
  return fits ? null : `${stdout.trim()} is older than ${LEAST.join(".")}, which wazero needs`;
}

/** Copies the core that was built to where the Go packages embed it. */
export function embedCore(): Ran {
  return run("go", ["generate", "./internal/core"]);
}
