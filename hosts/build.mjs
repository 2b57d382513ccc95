/** Builds the libraries: one ES module for each host in its `dist`, and the declarations of all in `hosts/dist/types`. */
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bundle, root, writeWhole } from "./bundle.mjs";

/** Each an entry and a module, and what esbuild is told. */
const MODULES = [
  { entry: "hosts/node/index.ts", module: "hosts/node/dist/index.mjs", options: { packages: "external" } },
  {
    entry: "hosts/node/checkpoints/worker.ts",
    module: "hosts/node/dist/checkpoints.mjs",
    options: { packages: "external" },
  },
  { entry: "hosts/deno/index.ts", module: "hosts/deno/dist/index.mjs", options: { platform: "neutral" } },
  {
    entry: "hosts/browser/index.ts",
    module: "hosts/browser/dist/index.mjs",
    options: {
      platform: "browser",
      minify: true,
      alias: { "@assemblyscript/loader": join(root, "hosts/browser/loader.ts") },
    },
  },
  { entry: "engine/binding/codes.ts", module: "engine/dist/codes.mjs", options: { platform: "browser" } },
];

/** Where the core stands beside a module; the others find it in `engine/dist`. */
const CORES = ["hosts/browser/dist/core.wasm"];

function buildModule({ entry, module, options }) {
  return bundle(join(root, entry), join(root, module), options);
}

function copyCores() {
  const core = readFileSync(join(root, "engine/dist/core.wasm"));
  for (const place of CORES) writeWhole(join(root, place), core);
}

function buildTypes() {
  const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));
  const project = join(root, "hosts/tsconfig.types.json");
  // Those of a source that is gone would be published.
  rmSync(join(root, "hosts/dist/types"), { recursive: true, force: true });
  execFileSync(process.execPath, [join(typescript, "bin/tsc"), "-p", project], { stdio: "inherit" });
}

try {
  copyCores();
  await Promise.all(MODULES.map(buildModule));
  buildTypes();
} catch (error) {
  if (!Array.isArray(error.errors)) console.error(`hosts/build.mjs: ${error.message}`);
  process.exitCode = 1;
}
