/**
 * Checks the built core: two further builds, each from a copy of the sources in another folder with another time zone and home, give the
 * same bytes; it imports nothing, has no floating-point type or instruction, and its memory has a maximum. Exit 1 when one fails.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import binaryen from "assemblyscript/binaryen";

const CHECKOUT = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const SOURCES = ["asconfig.json", "engine/assembly", "engine/build.mjs", "engine/constants.ts"];
const CORE = "engine/dist/core.wasm";
const PLACES = [
  { folder: "a", timeZone: "Pacific/Chatham", locale: "C" },
  { folder: "a folder/nested deeper/б", timeZone: "America/St_Johns", locale: "tr_TR.UTF-8" },
];

function digest(bytes) {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Builds from a copy of the sources below `root`; the digest of what came out. */
function buildElsewhere(root, place) {
  const folder = join(root, place.folder);
  for (const source of SOURCES) cpSync(join(CHECKOUT, source), join(folder, source), { recursive: true });
  symlinkSync(join(CHECKOUT, "node_modules"), join(folder, "node_modules"), "dir");
  const home = join(folder, "home");
  mkdirSync(home);
  const env = {
    PATH: process.env.PATH,
    HOME: home,
    TZ: place.timeZone,
    LANG: place.locale,
    LC_ALL: place.locale,
  };
  const run = spawnSync(process.execPath, [join(folder, "engine", "build.mjs")], {
    cwd: home,
    env,
    encoding: "utf8",
  });
  if (run.status !== 0) throw new Error(`the build in a copy of the sources failed: ${run.stderr}`);
  return digest(readFileSync(join(folder, CORE)));
}

/** What the module must not hold, as lines for a reader; empty when it is well. */
export function findFaults(wasm) {
  const faults = [];
  if (WebAssembly.Module.imports(new WebAssembly.Module(wasm)).length > 0)
    faults.push("it imports something");
  const module = binaryen.readBinary(wasm);
  // Strings hold names and data, no instructions.
  const text = module.emitText().replace(/"(?:[^"\\]|\\.)*"/g, '""');
  module.dispose();
  const float = /\bf(?:32|64)(?:x\d)?\b[^\s()]*/.exec(text);
  if (float !== null) faults.push(`it has the floating-point word ${float[0]}`);
  if (/\(import /.test(text)) faults.push("it has an import section");
  if (!/\(memory \S+ \d+ \d+\)/.test(text)) faults.push("its memory has no maximum");
  return faults;
}

function main() {
  const file = join(CHECKOUT, CORE);
  if (!existsSync(file)) throw new Error(`${CORE} is missing: run \`node engine/build.mjs\` first`);
  const wasm = readFileSync(file);
  const expected = digest(wasm);
  const faults = findFaults(wasm);
  const root = mkdtempSync(join(tmpdir(), "reproducible-"));
  try {
    for (const place of PLACES) {
      const actual = buildElsewhere(root, place);
      if (actual !== expected) faults.push(`another folder gives ${actual}, not ${expected}`);
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  if (faults.length > 0) throw new Error(`${CORE}: ${faults.join("; ")}`);
  process.stdout.write(`${CORE}: ${expected}, the same from ${PLACES.length} other folders\n`);
}

if (process.argv[1] !== undefined && fileURLToPath(import.meta.url) === resolve(process.argv[1])) {
  try {
    main();
  } catch (error) {
    process.stderr.write(`engine/reproducible.mjs: ${error.message}\n`);
    process.exitCode = 1;
  }
}
