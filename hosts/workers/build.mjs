/** Builds the library for Workers: one ES module with the core beside it, as Workers import it, in `hosts/workers/dist`. hosts/build.mjs makes the declarations. */
import { copyFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const out = join(root, "hosts/workers/dist");

/** The runtime compiles the core: it stays an import, of the copy beside the module. */
const coreBeside = {
  name: "core-beside",
  setup(builder) {
    builder.onResolve({ filter: /\/core\.wasm$/ }, () => ({ path: "./core.wasm", external: true }));
  },
};

/** By a temporary name, so that nobody reads half of it. */
function place(name, write) {
  const file = join(out, name);
  write(`${file}.${process.pid}.tmp`);
  renameSync(`${file}.${process.pid}.tmp`, file);
}

try {
  const { outputFiles } = await build({
    entryPoints: [join(root, "hosts/workers/index.ts")],
    absWorkingDir: root,
    bundle: true,
    write: false,
    packages: "external",
    platform: "neutral",
    format: "esm",
    target: "es2022",
    charset: "utf8",
    logLevel: "warning",
    plugins: [coreBeside],
  });
  mkdirSync(out, { recursive: true });
  place("core.wasm", (file) => copyFileSync(join(root, "engine/dist/core.wasm"), file));
  place("index.mjs", (file) => writeFileSync(file, outputFiles[0].contents));
} catch (error) {
  if (!Array.isArray(error.errors)) console.error(`hosts/workers/build.mjs: ${error.message}`);
  process.exitCode = 1;
}
