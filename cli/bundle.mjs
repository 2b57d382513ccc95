/**
 * What the two bundling scripts share: TypeScript sources become one ES module, and `import.meta.url` keeps meaning
 * the place of the source file, so that a source finds its neighbours (`engine/dist/core.wasm`) from inside a bundle.
 */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, relative, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

export const root = fileURLToPath(new URL("..", import.meta.url));

/** Rewrites `import.meta.url` of the project's own sources to their place below the project's folder. */
const keepPlaces = {
  name: "keep-places",
  setup(builder) {
    builder.onLoad({ filter: /\.(ts|mjs)$/ }, ({ path }) => {
      const place = relative(root, path).split(sep).join("/");
      if (place.startsWith("..") || place.startsWith("node_modules/")) return null;
      const source = readFileSync(path, "utf8");
      if (!source.includes("import.meta.url")) return null;
      const contents = source.replaceAll(
        "import.meta.url",
        `new URL(${JSON.stringify(place)}, __faramesh_root).href`,
      );
      return { contents, loader: path.endsWith(".ts") ? "ts" : "js", resolveDir: dirname(path) };
    });
  },
};

/**
 * Bundles `entry` into the file `out`, written by temporary name and rename: several builds may run at once.
 * `options` go to esbuild. Errors are printed by esbuild and thrown.
 */
export async function bundle(entry, out, options) {
  const toRoot = `${relative(dirname(out), root).split(sep).join("/")}/`;
  const result = await build({
    entryPoints: [entry],
    outfile: out,
    absWorkingDir: root,
    bundle: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20.19",
    charset: "utf8",
    logLevel: "warning",
    plugins: [keepPlaces],
    ...options,
    banner: {
      js: [
        `import { createRequire as __faramesh_require } from "node:module";`,
        `const require = __faramesh_require(import.meta.url);`,
        `const __faramesh_root = new URL(${JSON.stringify(toRoot)}, import.meta.url);`,
      ].join("\n"),
    },
  });
  mkdirSync(dirname(out), { recursive: true });
  const temporary = `${out}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, result.outputFiles.find(({ path }) => path === resolve(root, out)).contents);
    renameSync(temporary, out);
  } finally {
    rmSync(temporary, { force: true });
  }
  return pathToFileURL(out).href;
}
