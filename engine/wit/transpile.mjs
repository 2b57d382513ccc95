/**
 * Makes JavaScript of engine/dist/faramesh.component.wasm with jco, in engine/dist/component: `faramesh.js`, which exports
 * `instantiate`, its types, and the component's two modules. Needs the packages of this folder.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = resolve(dirname(fileURLToPath(import.meta.url)), "../dist");
const OUT = join(DIST, "component");
/** jco reads the environment several times a call; that is slow in Node and needs a permission in Deno. */
const READS_ENVIRONMENT = "!globalThis?.process?.env?.JCO_DEBUG";

async function main() {
  const { transpileBytes } = await import("@bytecodealliance/jco-transpile");
  const component = readFileSync(join(DIST, "faramesh.component.wasm"));
  // A refusal is thrown as an error that holds it in `payload`, so that it is told apart from a trap.
  const options = { name: "faramesh", instantiation: "sync", noComponentErrorWrapping: false };
  const { files } = await transpileBytes(component, options);
  rmSync(OUT, { recursive: true, force: true });
  for (const [name, bytes] of Object.entries(files)) {
    const file = join(OUT, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, name === "faramesh.js" ? withoutEnvironment(bytes) : bytes);
  }
  process.stdout.write(`engine/dist/component: ${Object.keys(files).sort().join(" ")}\n`);
}

function withoutEnvironment(bytes) {
  const text = new TextDecoder().decode(bytes);
  if (text.split(READS_ENVIRONMENT).length !== 2)
    throw new Error("jco writes its debug switch another way now");
  return text.replace(READS_ENVIRONMENT, "true");
}

main().catch((error) => {
  process.stderr.write(`engine/wit/transpile.mjs: ${error.message}\n`);
  process.exitCode = 1;
});
