/** The Python in which the tests of hosts/python run: made once from its pinned requirements, beside what npm installed. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const PYTHON_HOST: string = join(ROOT, "hosts", "python");
export const PYTHON_SOURCES: string = join(PYTHON_HOST, "src");

const OLDEST = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
const SHOWN_CHARACTERS = 3_000;

export interface Finished {
  status: number;
  /** What it printed, errors included. */
  output: string;
}

/** Runs a command to its end; status -1 when it cannot be started. */
export function finish(command: string, args: string[], env: Record<string, string> = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: PYTHON_HOST,
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        output += text;
      });
    child.on("error", (error) => resolve({ status: -1, output: error.message }));
    child.on("close", (status) => resolve({ status: status ?? -1, output }));
  });
}

/** The program of the environment, made when it is not there; or why there is none. */
export async function openPython(): Promise<{ python: string } | { skipped: string }> {
  const requirements = readFileSync(join(PYTHON_HOST, "requirements.txt"));
  const name = `python-${createHash("sha256").update(requirements).digest("hex").slice(0, 16)}`;
  const folder = join(ROOT, "node_modules/.cache/faramesh", name);
  const python = join(folder, "bin", "python");
  if (existsSync(python)) return { python };
  const system = process.env.PYTHON ?? "python3";
  if ((await finish(system, ["-c", OLDEST])).status !== 0)
    return { skipped: "there is no Python 3.10 or newer with venv" };
  // Made under another name, so that what is there is whole; its programs are called as modules, which a renamed folder allows.
  const making = `${folder}-${process.pid}`;
  try {
    mkdirSync(making, { recursive: true });
    for (const [program, args] of [
      [system, ["-m", "venv", making]],
      [join(making, "bin", "python"), ["-m", "pip", "install", "-q", "-r", "requirements.txt"]],
    ] as const) {
      const { status, output } = await finish(program, [...args]);
      if (status !== 0)
        return { skipped: `the environment cannot be made: ${output.slice(-SHOWN_CHARACTERS)}` };
    }
    if (!existsSync(folder)) renameSync(making, folder);
    return { python };
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
