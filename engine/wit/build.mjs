/**
 * Builds engine/dist/faramesh.component.wasm around engine/dist/core.wasm as it is: engine/wit/README.md. Needs the packages of this
 * folder (`npm ci --prefix engine/wit`); prints size and digest.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import binaryen from "assemblyscript/binaryen";
import { compile } from "../build.mjs";
import { compose } from "./compose.mjs";

const CHECKOUT = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const ADAPTER = "engine/wit/adapter/index.ts";
const INTERFACE = "faramesh:engine/decisions@0.1.0";
const POST = `cabi_post_${INTERFACE}#`;
const REALLOC = "cabi_realloc";

/** The adapter's export for each function of the WIT. */
const FUNCTIONS = {
  "engine-digest": "engineDigest",
  load: "loadPolicy",
  decide: "decide",
  "decide-recorded": "decideRecorded",
  "apply-event": "applyEvent",
  refuse: "refuse",
  canonicalize: "canonicalize",
};

const sha256 = (bytes) => createHash("sha256").update(bytes).digest();

/** Source text that holds the core's digest as four little-endian words: records name the core by it. */
function digestSource(core) {
  const view = new DataView(new Uint8Array(sha256(core)).buffer);
  const words = [0, 1, 2, 3].map((index) => `0x${view.getBigUint64(8 * index, true).toString(16)}`);
  return words.map((word, index) => `export const ENGINE_${index}: u64 = ${word};\n`).join("");
}

/** Throws when the adapter has static data, which would stand in the core's, or a floating-point instruction. */
async function compileAdapter(root, core) {
  const sources = { "engine/wit/adapter/digest.ts": digestSource(core) };
  const wasm = await compile(root, ADAPTER, sources, { importMemory: true });
  const module = binaryen.readBinary(wasm);
  const text = module.emitText();
  module.dispose();
  if (/\((?:data|start) /.test(text)) throw new Error("the adapter has static data");
  if (/\bf(?:32|64)\./.test(text)) throw new Error("the adapter has a floating-point instruction");
  return wasm;
}

/** A module with the adapter's signatures under the names of the canonical ABI, without imports: what wit-component checks against the WIT. */
function standIn(adapter) {
  const source = binaryen.readBinary(adapter);
  const stub = new binaryen.Module();
  stub.setFeatures(source.getFeatures());
  stub.setMemory(1, 16384, "memory");
  const add = (name, from) => {
    const { value } = binaryen.getExportInfo(source.getExport(from));
    const { params, results } = binaryen.getFunctionInfo(source.getFunction(value));
    stub.addFunction(name, params, results, [], stub.unreachable());
    stub.addFunctionExport(name, name);
  };
  add(REALLOC, "reallocate");
  for (const [name, from] of Object.entries(FUNCTIONS)) {
    add(`${INTERFACE}#${name}`, from);
    add(`${POST}${name}`, "returned");
  }
  const bytes = stub.emitBinary();
  source.dispose();
  stub.dispose();
  return bytes;
}

/** The adapter's export that a name of the canonical ABI stands for. */
function adapterName(name) {
  if (name === REALLOC) return "reallocate";
  if (name.startsWith(POST)) return "returned";
  const known = FUNCTIONS[name.slice(INTERFACE.length + 1)];
  if (known === undefined) throw new Error(`the frame asks for \`${name}\``);
  return known;
}

/** The component's bytes. `root` is a folder holding asconfig.json and engine/. Throws with the compiler's or the tools' messages. */
export async function buildComponent(core, root = CHECKOUT) {
  const { componentEmbed, componentNew } = await import("@bytecodealliance/jco-transpile/wasm-tools");
  const adapter = await compileAdapter(root, core);
  const witSource = readFileSync(join(root, "engine/wit/faramesh.wit"), "utf8");
  const binary = await componentEmbed({ binary: standIn(adapter), witSource, worldName: "engine" });
  return compose(await componentNew(binary, []), core, adapter, adapterName);
}

async function main() {
  const coreFile = join(CHECKOUT, "engine/dist/core.wasm");
  if (!existsSync(coreFile)) throw new Error("engine/dist/core.wasm is missing: run `npm run build` first");
  const core = new Uint8Array(readFileSync(coreFile));
  const component = await buildComponent(core);
  const file = join(CHECKOUT, "engine/dist/faramesh.component.wasm");
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.${process.pid}.tmp`, component);
  renameSync(`${file}.${process.pid}.tmp`, file);
  process.stdout.write(
    `engine/dist/faramesh.component.wasm: ${component.length} bytes, sha256 ${sha256(component).toString("hex")}\n`,
  );
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  main().catch((error) => {
    process.stderr.write(`engine/wit/build.mjs: ${error.payload ?? error.message}\n`);
    process.exitCode = 1;
  });
}
