/** TypeScript entries as workerd loads them. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const coreBeside: Plugin = {
  name: "core-beside",
  setup(builder) {
    builder.onResolve({ filter: /core\.wasm$/ }, () => ({ path: "./core.wasm", external: true }));
  },
};

/** An entry as workerd runs it, but for the core, which stays an import. */
export async function scriptOf(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, entry)],
    absWorkingDir: ROOT,
    bundle: true,
    write: false,
    platform: "browser",
    format: "esm",
    target: "es2022",
    plugins: [coreBeside],
  });
  return outputFiles[0]!.text;
}

/** What workerd loads: the script and the core. */
export const modulesOf = (script: string) => [
  { type: "ESModule" as const, path: "main.mjs", contents: script },
  {
    type: "CompiledWasm" as const,
    path: "core.wasm",
    contents: new Uint8Array(readFileSync(join(ROOT, "engine/dist/core.wasm"))),
  },
];
