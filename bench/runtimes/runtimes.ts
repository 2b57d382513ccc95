/** The runtimes: how each is started on the folder with what all are given, or why it cannot be here. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { build, type Platform } from "esbuild";
import { CHROMIUM } from "../../tests/conformance/chromium.ts";
import { programOf, ROOT, type Skipped } from "../../tests/conformance/host.ts";
import { COMPONENT_FILE, NO_COMPONENT } from "../../tests/conformance/hosts/component-jco.ts";
import { embedCore, run, whyNot } from "../../tests/hosts/go/toolchain.ts";
import { openPython, PYTHON_SOURCES } from "../../tests/hosts/python-environment.ts";

export interface Command {
  command: string;
  args: string[];
  env?: Record<string, string>;
}

export interface Runtime {
  /** As its figures name it. */
  name: string;
  /** In a sentence, how it runs. */
  note: string;
  /** Builds what is needed, into the folder as well. */
  prepare(folder: string): Promise<Command | Skipped>;
}

const ENTRIES = join(ROOT, "bench/runtimes/entries");
const TRANSPILED = join(ROOT, "engine/dist/component");
const CONFORMANCE = join(ROOT, "tests/conformance/entries");
const MODULES = ["core.wasm", "policy.fplb", "trust.json", "actions.jsonl"];

/** The entry as one module; its path. */
async function bundle(folder: string, entry: string, platform: Platform = "node"): Promise<string> {
  const outfile = join(folder, `${entry}.mjs`);
  await build({
    entryPoints: [join(ENTRIES, `${entry}.ts`)],
    outfile,
    absWorkingDir: ROOT,
    bundle: true,
    platform,
    mainFields: ["module", "main"],
    external: ["miniflare", "playwright-core", ...MODULES],
    format: "esm",
    target: "es2022",
    charset: "utf8",
    logLevel: "warning",
  });
  return outfile;
}

async function inNode(folder: string, entry: string, ...args: string[]): Promise<Command> {
  return { command: process.execPath, args: [await bundle(folder, entry), folder, ...args] };
}

function npmRuntime(name: "deno" | "bun", places: string[], flags: string[]): Runtime {
  return {
    name,
    note: "the binding alone, from npm's package",
    async prepare(folder) {
      const command = programOf(name, places);
      if (command === null) return { skipped: `the package \`${name}\` is not installed for this platform` };
      return { command, args: [...flags, await bundle(folder, "binding"), folder, name] };
    },
  };
}

async function inPython(folder: string, script: string, ...args: string[]): Promise<Command | Skipped> {
  const opened = await openPython();
  if ("skipped" in opened) return opened;
  const env = { PYTHONPATH: `${PYTHON_SOURCES}:${CONFORMANCE}` };
  return { command: opened.python, args: [join(ENTRIES, script), folder, ...args], env };
}

export const RUNTIMES: readonly Runtime[] = [
  { name: "node", note: "the library's core, SHA-256 by Node", prepare: (folder) => inNode(folder, "node") },
  npmRuntime("deno", ["deno", "deno.exe"], ["run", "--no-config", "--allow-read"]),
  npmRuntime("bun", ["bin/bun", "bin/bun.exe"], []),
  {
    name: "browser",
    note: "the binding alone, in a page",
    async prepare(folder) {
      if (CHROMIUM === null) return { skipped: "there is no Chromium: CHROMIUM names one" };
      return inNode(folder, "browser", await bundle(folder, "page", "browser"));
    },
  },
  {
    name: "workerd",
    note: "the binding alone, in Miniflare, timed from outside",
    prepare: async (folder) => inNode(folder, "workerd", await bundle(folder, "worker", "neutral")),
  },
  {
    name: "component, jco",
    note: "the component as JavaScript, in Node",
    async prepare(folder) {
      return existsSync(TRANSPILED) ? inNode(folder, "component", TRANSPILED) : { skipped: NO_COMPONENT };
    },
  },
  {
    name: "component, Wasmtime",
    note: "the component, called from Python",
    async prepare(folder) {
      if (!existsSync(COMPONENT_FILE)) return { skipped: NO_COMPONENT };
      return inPython(folder, "component.py", COMPONENT_FILE);
    },
  },
  {
    name: "python",
    note: "the package, on Wasmtime",
    prepare: (folder) => inPython(folder, "python.py"),
  },
  {
    name: "go",
    note: "the library, on wazero",
    async prepare(folder) {
      const reason = whyNot();
      if (reason !== null) return { skipped: reason };
      const command = join(folder, "go-runtime");
      for (const { status, text } of [embedCore(), run("go", ["build", "-o", command, "./cmd/runtimes"])])
        if (status !== 0) throw new Error(text);
      return { command, args: [folder] };
    },
  },
];
