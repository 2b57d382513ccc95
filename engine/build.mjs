/** Compiles engine/assembly to engine/dist/core.wasm with the options of asconfig.json, and prints its size and digest. */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import asc from "assemblyscript/asc";

const CHECKOUT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
/** The shipped core, gzipped. */
const MAX_GZIP_BYTES = 38 * 1024;

/**
 * Compiles an entry below `root` (a folder holding asconfig.json and engine/) and returns the module's bytes.
 * `sources` maps further paths, relative to `root`, to source text that is not on disk; `options` go over those of asconfig.json.
 * Throws with the compiler's messages.
 */
export async function compile(
  root = CHECKOUT,
  entry = "engine/assembly/index.ts",
  sources = {},
  options = {},
) {
  const config = JSON.parse(readFileSync(join(root, "asconfig.json"), "utf8"));
  let wasm = null;
  const { error, stderr } = await asc.main(
    [entry, "--config", "options.json", "--baseDir", ".", "--outFile", "core.wasm"],
    {
      readFile: (name) => {
        if (name === "options.json") return JSON.stringify({ options: { ...config.options, ...options } });
        if (Object.hasOwn(sources, name)) return sources[name];
        const path = join(root, name);
        return existsSync(path) ? readFileSync(path, "utf8") : null;
      },
      writeFile: (_name, contents) => {
        wasm = contents;
      },
      listFiles: () => [],
    },
  );
  if (error !== null || wasm === null) throw new Error(`${stderr}${error?.message ?? "no output"}`);
  return wasm;
}

/** `1,234 bytes, 567 gzipped, sha256 …` */
function describe(wasm, gzipBytes) {
  const digest = createHash("sha256").update(wasm).digest("hex");
  return `${wasm.length} bytes, ${gzipBytes} gzipped, sha256 ${digest}`;
}

async function main() {
  const wasm = await compile();
  const gzipBytes = gzipSync(wasm, { level: 9 }).length;
  if (gzipBytes > MAX_GZIP_BYTES) {
    throw new Error(`the core is ${gzipBytes} bytes gzipped, more than ${MAX_GZIP_BYTES}`);
  }
  const file = join(CHECKOUT, "engine", "dist", "core.wasm");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}.tmp`, wasm);
  renameSync(`${file}.${process.pid}.tmp`, file);
  process.stdout.write(`engine/dist/core.wasm: ${describe(wasm, gzipBytes)}\n`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().catch((error) => {
    process.stderr.write(`engine/build.mjs: ${error.message}\n`);
    process.exitCode = 1;
  });
}
