/** The contract of a host that runs the corpus: one file each in `hosts/`, its default export a `Host`. */
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Header } from "./corpus/lines.ts";
import type { HostReport } from "./corpus/report.ts";

/** Why a host does not run here: what it needs is not installed. */
export interface Skipped {
  skipped: string;
}

export interface Host {
  name: string;
  /** Rejects when the host breaks down. */
  run(): Promise<HostReport | Skipped>;
}

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const CORPUS_FILE = join(ROOT, "tests/conformance/corpus/corpus.jsonl");
export const CORE_FILE = join(ROOT, "engine/dist/core.wasm");

const TIME_LIMIT_MS = 600_000;
const SHOWN_CHARACTERS = 2_000;

/** The first line of the corpus. */
export const headerOf = (corpus: string): Header =>
  JSON.parse(corpus.slice(0, corpus.indexOf("\n"))) as Header;

/** What of a report is not as the corpus says; null: nothing. */
export function disagreement(report: HostReport, header: Header): string | null {
  const { difference } = report;
  if (difference !== null && difference !== undefined) {
    const { line, title, what, expected, found } = difference;
    return `line ${line} (${title}): ${what}: expected ${expected}, got ${found}`;
  }
  for (const what of ["core", "result", "decisions", "refusals"] as const) {
    if (report[what] !== header[what]) return `${what}: expected ${header[what]}, got ${report[what]}`;
  }
  return null;
}

/**
 * Runs a command that prints its report as a line of JSON, the last one that it prints. Its exit code may be 1 with a report: a difference.
 * Rejects when there is no report, with what the command wrote to standard error.
 */
export function reportOf(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<HostReport> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...process.env, ...options.env },
      stdio: ["ignore", "pipe", "pipe"],
      timeout: TIME_LIMIT_MS,
    });
    let output = "";
    let errors = "";
    child.stdout.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const line = output.trimEnd().split("\n").at(-1) ?? "";
      const report = line.startsWith("{") && (code === 0 || code === 1) ? parseReport(line) : null;
      if (report !== null) resolve(report);
      else
        reject(
          new Error(`no report (exit ${code ?? signal}): ${(errors || output).slice(-SHOWN_CHARACTERS)}`),
        );
    });
  });
}

function parseReport(line: string): HostReport | null {
  try {
    const report = JSON.parse(line) as HostReport;
    return typeof report.host === "string" && typeof report.result === "string" ? report : null;
  } catch {
    return null;
  }
}

/** Bundles a TypeScript entry for a runtime with web standards and nothing of Node; the file's path. */
export async function bundleNeutral(entry: string, name: string): Promise<string> {
  const outfile = join(ROOT, "node_modules/.cache/faramesh", `conformance-${name}.mjs`);
  await build({
    entryPoints: [join(ROOT, entry)],
    outfile,
    absWorkingDir: ROOT,
    bundle: true,
    platform: "neutral",
    mainFields: ["module", "main"],
    format: "esm",
    target: "es2022",
    charset: "utf8",
    logLevel: "warning",
  });
  return outfile;
}

/**
 * The program in that one of a package's optional dependencies which is installed for this platform: no install script needs to have
 * run; one that has may have moved the program into the package itself. Null when the package is not installed, or none of it fits.
 */
export function programOf(packageName: string, places: readonly string[]): string | null {
  const require = createRequire(join(ROOT, "package.json"));
  try {
    const manifest = require.resolve(`${packageName}/package.json`);
    const { optionalDependencies = {} } = JSON.parse(readFileSync(manifest, "utf8")) as {
      optionalDependencies?: Record<string, string>;
    };
    const own = dirname(manifest);
    const fitting = Object.keys(optionalDependencies)
      .map((name) => join(own, "..", ...name.split("/")))
      .filter((folder) => existsSync(folder));
    const candidates = fitting.length === 0 ? [] : [...fitting, own];
    const paths = candidates.flatMap((folder) => places.map((place) => join(folder, place)));
    return paths.find((path) => existsSync(path)) ?? null;
  } catch {
    return null;
  }
}
