/** Running a page's shown commands in a temporary folder, and comparing what they print with what the page shows. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "./pages.ts";

const TIME_LIMIT_MS = 60_000;

/** Commands that are run: the tool itself, and what prints or pipes text. */
const RUN = /^(npx )?faramesh( |$)|^(echo|cat|printf|cp|mkdir|sed|head|tail|wc) /;
/** Commands that are only checked to exist: they build, test or need the network. Those of other runtimes are run by tests/hosts. */
const NAMED = /^(npm|npx|node|git|cd|go|deno|bun) |^cp node_modules\//;

export interface Session {
  command: string;
  /** Lines shown after the command. */
  shown: string[];
}

/** The commands of a `console` snippet, each with its output. Throws when it does not begin with one. */
export function sessions(text: string): Session[] {
  const found: Session[] = [];
  for (const line of text.replace(/\n$/, "").split("\n")) {
    if (line.startsWith("$ ")) found.push({ command: line.slice(2), shown: [] });
    else if (line.startsWith("> ") && found.at(-1)?.shown.length === 0)
      found.at(-1)!.command += `\n${line.slice(2)}`;
    else if (found.length === 0) throw new Error("a console snippet begins with a command after `$ `");
    else found.at(-1)!.shown.push(line);
  }
  return found;
}

/** Whether output is as shown. A shown line `…` stands for any lines, `…` inside a line for any text. */
export function matchesShown(actual: string[], shown: string[]): boolean {
  if (shown.length === 0) return actual.length === 0;
  const [first, ...rest] = shown;
  if (first === "…") {
    for (let skipped = 0; skipped <= actual.length; skipped++) {
      if (matchesShown(actual.slice(skipped), rest)) return true;
    }
    return false;
  }
  if (actual.length === 0) return false;
  const pattern = first!.split("…").map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".*")}$`).test(actual[0]!) && matchesShown(actual.slice(1), rest);
}

/** A folder in which the commands of one page run, in their order. */
export class Workplace {
  readonly #folder = mkdtempSync(join(tmpdir(), "faramesh-docs-"));
  readonly #tools = mkdtempSync(join(tmpdir(), "faramesh-tools-"));

  constructor() {
    const command = join(ROOT, "cli", "faramesh.mjs");
    this.#tool("faramesh", `exec "${process.execPath}" "${command}" "$@"`);
    this.#tool(
      "npx",
      `test "$1" = faramesh || exit 127; shift; exec "${process.execPath}" "${command}" "$@"`,
    );
  }

  #tool(name: string, script: string): void {
    writeFileSync(join(this.#tools, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(this.#tools, name), 0o755);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(join(this.#folder, name)), { recursive: true });
    writeFileSync(join(this.#folder, name), text);
  }

  /** Runs one command. Null when it is of the kind that is only checked to exist. Throws for any other. */
  run(command: string): { status: number; lines: string[] } | null {
    if (NAMED.test(command) && !/^npx faramesh/.test(command)) {
      checkNamed(command);
      return null;
    }
    if (!RUN.test(command)) throw new Error(`the documentation may not show \`${command}\`: it is not run`);
    const { status, stdout } = spawnSync("sh", ["-c", `exec 2>&1; ${command}`], {
      cwd: this.#folder,
      encoding: "utf8",
      timeout: TIME_LIMIT_MS,
      env: { ...process.env, PATH: `${this.#tools}:${process.env.PATH}`, NO_COLOR: "1", FORCE_COLOR: "" },
    });
    return { status: status ?? -1, lines: stdout === "" ? [] : stdout.replace(/\n$/, "").split("\n") };
  }

  remove(): void {
    for (const folder of [this.#folder, this.#tools]) rmSync(folder, { recursive: true, force: true });
  }
}

/** Scripts of `npm run`, `npm start` and `npm test` must be in package.json; files of `node` must be there. */
function checkNamed(command: string): void {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  for (const part of command.split("&&").map((one) => one.trim())) {
    const [tool, ...words] = part.split(/\s+/);
    if (tool === "npm") {
      const script = words[0] === "run" ? words[1]! : words[0]!;
      if (!["ci", "install", "exec"].includes(script) && scripts[script] === undefined) {
        throw new Error(`\`${part}\`: package.json has no script \`${script}\``);
      }
    }
    const file = words.find((word) => /\.(mjs|ts)$/.test(word));
    if (tool === "node" && (file === undefined || !existsSync(join(ROOT, file)))) {
      throw new Error(`\`${part}\`: there is no such file`);
    }
  }
}
