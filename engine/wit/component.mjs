/**
 * `npm run component`: installs the tools of this folder when they are not there or of other versions, builds the component twice, the second time from a copy of
 * the sources in another folder, and makes JavaScript of it. Exit 1 when the two differ.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const CHECKOUT = resolve(HERE, "../..");
const DIST = join(CHECKOUT, "engine/dist");
const SOURCES = ["asconfig.json", "engine/constants.ts", "engine/wit/adapter", "engine/wit/faramesh.wit"];

function run(command, words, cwd) {
  const { status, error } = spawnSync(command, words, { cwd, stdio: "inherit" });
  if (status !== 0)
    throw new Error(`\`${command} ${words.join(" ")}\`: ${error?.message ?? `exit ${status}`}`);
}

/** What npm has installed, by its own list, is what the lock file pins. */
function areToolsThere() {
  const [lock, installed] = ["package-lock.json", "node_modules/.package-lock.json"].map((name) =>
    join(HERE, name),
  );
  if (!existsSync(installed)) return false;
  const { packages } = JSON.parse(readFileSync(lock, "utf8"));
  const there = JSON.parse(readFileSync(installed, "utf8")).packages;
  return Object.entries(there).every(([name, { version }]) => packages[name]?.version === version);
}

/** Throws when the sources in another folder give other bytes. */
async function compareBuilds() {
  const { buildComponent } = await import("./build.mjs");
  const core = new Uint8Array(readFileSync(join(DIST, "core.wasm")));
  const folder = mkdtempSync(join(tmpdir(), "component-"));
  try {
    for (const source of SOURCES) cpSync(join(CHECKOUT, source), join(folder, source), { recursive: true });
    const again = await buildComponent(core, folder);
    const built = readFileSync(join(DIST, "faramesh.component.wasm"));
    if (!built.equals(again)) throw new Error("another folder gives another component");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

try {
  if (!areToolsThere()) run("npm", ["ci", "--no-audit", "--no-fund"], HERE);
  run(process.execPath, [join(HERE, "build.mjs")], CHECKOUT);
  await compareBuilds();
  run(process.execPath, [join(HERE, "transpile.mjs")], CHECKOUT);
} catch (error) {
  process.stderr.write(`engine/wit/component.mjs: ${error.message}\n`);
  process.exitCode = 1;
}
