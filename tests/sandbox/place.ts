/** A folder for runs of the command, outside of /tmp, which a sandbox has for itself. */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { ROOT } from "../docs/pages.ts";

const COMMAND = join(ROOT, "cli/faramesh.mjs");
const LAUNCHER = join(ROOT, `sandbox-native/dist/${process.arch}/faramesh-sandbox`);
const TIME_LIMIT_MS = 30_000;

/** Null where runs can be tried; else why not. In continuous integration there is no why not. */
export function whyNot(): string | null {
  const found = statSync(LAUNCHER, { throwIfNoEntry: false });
  const why =
    process.platform !== "linux" ? "not Linux" : found === undefined ? "the launcher is not built" : null;
  if (why !== null && process.env.CI === "true") throw new Error(why);
  return why;
}

export interface Ran {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RecordedAction {
  readonly tool: string;
  readonly args: Record<string, unknown>;
  readonly effect: string;
}

export class RunPlace {
  readonly path = mkdtempSync("/var/tmp/faramesh-run-test-");
  /** Where `~` is. */
  readonly home = join(this.path, "home");
  /** Where commands start. */
  readonly work = join(this.path, "work");
  readonly plane = join(this.path, "plane");

  constructor() {
    for (const folder of [this.home, this.work]) mkdirSync(folder);
    onTestFinished(() => rmSync(this.path, { recursive: true, force: true }));
  }

  write(name: string, text: string): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  read(name: string): string {
    return readFileSync(join(this.path, name), "utf8");
  }

  policy(inside: string): string {
    return this.write("policy.fpl", `agent "x" {\n${inside}\n}\n`);
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, HOME: this.home, NO_COLOR: "1", FORCE_COLOR: "", SECRET_TOKEN: "s3cret" };
  }

  faramesh(words: readonly string[], input = ""): Ran {
    const result = spawnSync(process.execPath, [COMMAND, ...words], {
      cwd: this.work,
      encoding: "utf8",
      input,
      timeout: TIME_LIMIT_MS,
      env: this.#environment(),
    });
    return { status: result.status ?? -1, stdout: result.stdout, stderr: result.stderr };
  }

  /** `faramesh run` with the policy and the plane of this place. */
  run(options: readonly string[], command: readonly string[], input = ""): Ran {
    const policy = join(this.path, "policy.fpl");
    return this.faramesh(
      ["run", "--policy", policy, "--folder", this.plane, ...options, "--", ...command],
      input,
    );
  }

  /** The same without waiting for it. */
  start(command: readonly string[]) {
    const policy = join(this.path, "policy.fpl");
    const words = [COMMAND, "run", "--policy", policy, "--folder", this.plane, "--", ...command];
    return spawn(process.execPath, words, {
      cwd: this.work,
      env: this.#environment(),
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Decisions on record. */
  actions(): RecordedAction[] {
    const { stdout } = this.faramesh(["audit", "export", this.plane]);
    const records = stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { record: { action: RecordedAction; effect: string } }).record);
    return records
      .filter(({ action }) => action.tool !== undefined)
      .map(({ action, effect }) => ({ ...action, effect }));
  }

  /** Why sessions were closed. */
  endings(): string[] {
    const { stdout } = this.faramesh(["audit", "export", this.plane]);
    return [...stdout.matchAll(/"reason":"([^"]*)","session":"[^"]*","type":"session_close"/g)].map(
      ([, reason]) => reason!,
    );
  }
}
