/** What a user of each entry loads, with the core: bytes, gzipped and with brotli. Exit 1 when the browser's is over its limit. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";

const root = fileURLToPath(new URL("..", import.meta.url));
const CORE = "engine/dist/core.wasm";
const ENTRIES = {
  core: [CORE],
  "faramesh/browser": ["hosts/browser/dist/index.mjs", "hosts/browser/dist/core.wasm"],
  "faramesh/deno": ["hosts/deno/dist/index.mjs", CORE],
  faramesh: ["hosts/node/dist/index.mjs", CORE],
  "faramesh/codes": ["engine/dist/codes.mjs"],
};
/** Gzipped: the core, the binding and what verifies a bundle. The compiler is in no host. */
const MAX_GZIP_BYTES = { "faramesh/browser": 60 * 1024 };

const COLUMNS = [
  ["bytes", (bytes) => bytes.length],
  ["gzip", (bytes) => gzipSync(bytes, { level: 9 }).length],
  ["brotli", (bytes) => brotliCompressSync(bytes).length],
];

/** Each file is sent by itself. */
function sizesOf(files) {
  const contents = files.map((file) => readFileSync(join(root, file)));
  return COLUMNS.map(([, size]) => contents.reduce((sum, bytes) => sum + size(bytes), 0));
}

console.log(["entry".padEnd(18), ...COLUMNS.map(([title]) => title.padStart(8))].join(""));
for (const [name, files] of Object.entries(ENTRIES)) {
  const sizes = sizesOf(files);
  console.log([name.padEnd(18), ...sizes.map((size) => String(size).padStart(8))].join(""));
  const limit = MAX_GZIP_BYTES[name];
  if (limit === undefined || sizes[1] <= limit) continue;
  console.error(`${name}: ${sizes[1]} bytes gzipped, more than ${limit}`);
  process.exitCode = 1;
}
