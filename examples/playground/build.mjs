/** Builds the playground: a script and its worker, a style sheet, the page and the core, all static. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build as bundle } from "esbuild";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = fileURLToPath(new URL("page", import.meta.url));
export const DIST = fileURLToPath(new URL("dist", import.meta.url));

const AS_THEY_ARE = ["index.html", "icon.svg"];

/** The example of `npm start`, and each pack. */
function examples() {
  const packs = readdirSync(join(root, "bundles/packs"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ({ name, title: name, folder: join(root, "bundles/packs", name) }))
    .sort((left, right) => (left.name < right.name ? -1 : 1));
  const first = { name: "first-run", title: "small shop", folder: join(root, "examples/first-run") };
  return [first, ...packs].map(({ name, title, folder }) => ({
    name,
    title,
    policy: readFileSync(join(folder, "policy.fpl"), "utf8"),
    cases: readFileSync(join(folder, "policy.cases"), "utf8"),
  }));
}

const withExamples = {
  name: "examples",
  setup(builder) {
    builder.onResolve({ filter: /^playground:examples$/ }, ({ path }) => ({ path, namespace: "playground" }));
    builder.onLoad({ filter: /./, namespace: "playground" }, () => ({
      contents: JSON.stringify(examples()),
      loader: "json",
    }));
  },
};

/** Writes the page into `folder`, which is emptied, and returns its files with their sizes in bytes. */
export async function build(folder = DIST) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundle({
    entryPoints: ["main.ts", "worker.ts", "page.css"].map((name) => join(page, name)),
    outdir: folder,
    bundle: true,
    minify: true,
    // Fails on an import of Node's, which no browser has.
    platform: "browser",
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    plugins: [withExamples],
  });
  for (const name of AS_THEY_ARE) copyFileSync(join(page, name), join(folder, name));
  copyFileSync(join(root, "engine/dist/core.wasm"), join(folder, "core.wasm"));
  return readdirSync(folder)
    .sort()
    .map((name) => {
      const bytes = readFileSync(join(folder, name));
      return { name, bytes: bytes.length, gzipped: gzipSync(bytes, { level: 9 }).length };
    });
}
