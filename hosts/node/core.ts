import { createHash, hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Core, instantiate, type Sha256 } from "../../engine/binding/index.ts";
import { errorText } from "./files.ts";
import { type HostRefusal, refusal } from "./refusals.ts";

const CORE = new URL("../../engine/dist/core.wasm", import.meta.url);

let compiled: Promise<{ module: WebAssembly.Module; digest: Uint8Array }> | null = null;

async function compile(): Promise<{ module: WebAssembly.Module; digest: Uint8Array }> {
  const bytes = await readFile(CORE);
  const module = await WebAssembly.compile(bytes);
  return { module, digest: createHash("sha256").update(bytes).digest() };
}

/** Two to three times as fast as in WebAssembly for a record. As text of one byte a character it costs half of what a new Buffer does. */
const sha256: Sha256 = (message, target) => {
  const digest = hash("sha256", message, "binary");
  for (let index = 0; index < target.length; index++) target[index] = digest.charCodeAt(index);
};

/** A new instance of the core that was built with this library, compiled once per process. Each policy has its own. Rejects when there is none. */
export async function newCore(): Promise<Core> {
  try {
    compiled ??= compile();
    const { module, digest } = await compiled;
    return await instantiate(module, { digest, sha256 });
  } catch (error) {
    compiled = null;
    throw error;
  }
}

/** The same; refused with `core_unusable`. */
export async function openCore(): Promise<{ ok: true; core: Core } | HostRefusal> {
  try {
    return { ok: true, core: await newCore() };
  } catch (error) {
    return refusal("core_unusable", errorText(error));
  }
}
