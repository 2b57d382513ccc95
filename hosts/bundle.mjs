/**
 * What the bundling scripts share: TypeScript sources become one ES module. For Node and runtimes like it, `import.meta.url` keeps
 * meaning the place of the source file, so that a source finds its neighbours (`engine/dist/core.wasm`) from inside a bundle.
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

const REQUIRE = [
  `import { createRequire as __faramesh_require } from "node:module";`,
  `const require = __faramesh_require(import.meta.url);`,
];

/** What esbuild needs to know of each platform. */
const PLATFORMS = {
  node: { platform: "node", target: "node20.19" },
  /** A runtime that reads files, and has nothing of Node. */
  neutral: { platform: "neutral", target: "es2022", mainFields: ["module", "main"] },
  /** What a bundle needs stands beside it, under the names that its sources write. */
  browser: { platform: "browser", target: "es2022" },
};

/**
 * Bundles `entry` into the file `out`, written by temporary name and rename: several builds may run at once.
 * `options` go to esbuild; their `platform` is one of PLATFORMS. Errors are printed by esbuild and thrown.
 */
export async function bundle(entry, out, { platform = "node", ...options }) {
  const result = await build({
    entryPoints: [entry],
    outfile: out,
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: "esm",
    charset: "utf8",
    logLevel: "warning",
    ...PLATFORMS[platform],
    ...(platform === "browser" ? {} : { plugins: [keepPlaces] }),
    ...options,
    banner: { js: bannerOf(platform, out) },
  });
  writeWhole(out, result.outputFiles.find(({ path }) => path === resolve(root, out)).contents);
  return pathToFileURL(out).href;
}

function bannerOf(platform, out) {
  if (platform === "browser") return "";
  const toRoot = `${relative(dirname(out), root).split(sep).join("/")}/`;
  const place = `const __faramesh_root = new URL(${JSON.stringify(toRoot)}, import.meta.url);`;
  return [...(platform === "node" ? REQUIRE : []), place].join("\n");
}

/** Writes a file by temporary name and rename. */
export function writeWhole(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    writeFileSync(temporary, bytes);
    renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}
