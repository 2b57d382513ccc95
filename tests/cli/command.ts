/** Runs the built command as a program, in a folder of its own. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMAND = join(ROOT, "cli/faramesh.mjs");
const TIME_LIMIT_MS = 30_000;

export interface Ran {
  status: number;
  stdout: string;
  stderr: string;
}

export class Folder {
  readonly path = mkdtempSync(join(tmpdir(), "faramesh-cli-"));

  constructor() {
    if (!existsSync(join(ROOT, "cli/dist/faramesh.mjs")))
      throw new Error("the command is not built: npm run build");
  }

  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  bytes(name: string): Buffer {
    return readFileSync(join(this.path, name));
  }

  text(name: string): string {
    return readFileSync(join(this.path, name), "utf8");
  }

  /** All files below, for "nothing half-written" and "nothing written at all". */
  files(): string[] {
    return (readdirSync(this.path, { recursive: true, withFileTypes: true }) as import("node:fs").Dirent[])
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.path.length + 1))
      .sort();
  }

  run(words: string[], input: string | Uint8Array = "", environment: Record<string, string> = {}): Ran {
    const { NO_COLOR: _, FORCE_COLOR: __, ...inherited } = process.env;
    const result = spawnSync(process.execPath, [COMMAND, ...words], {
      cwd: this.path,
      input,
      timeout: TIME_LIMIT_MS,
      maxBuffer: 1 << 28,
      env: { ...inherited, ...environment },
    });
    const ran = {
      status: result.status ?? -1,
      stdout: result.stdout.toString(),
      stderr: result.stderr.toString(),
    };
    for (const text of [ran.stdout, ran.stderr]) {
      if (/^\s+at .+:\d+:\d+\)?$/m.test(text) || text.includes("internal error")) {
        throw new Error(`a stack trace or an internal error for \`${words.join(" ")}\`:\n${text}`);
      }
    }
    return ran;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
