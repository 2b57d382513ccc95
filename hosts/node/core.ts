import { hash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type Core, coreFrom, type Sha256 } from "../../engine/binding/index.ts";
import { errorText } from "./files.ts";
import { type HostRefusal, refusal } from "./refusals.ts";

const CORE = new URL("../../engine/dist/core.wasm", import.meta.url);

/** Two to three times as fast as in WebAssembly for a record. As text of one byte a character it costs half of what a new Buffer does. */
export const sha256: Sha256 = (message, target) => {
  const digest = hash("sha256", message, "binary");
  for (let index = 0; index < target.length; index++) target[index] = digest.charCodeAt(index);
};

/** A new instance of the core that was built with this library, compiled once per process. Each policy has its own. Rejects when there is none. */
export const newCore: () => Promise<Core> = coreFrom(() => readFile(CORE), sha256);

/** The same; refused with `core_unusable`. */
export async function openCore(): Promise<{ ok: true; core: Core } | HostRefusal> {
  try {
    return { ok: true, core: await newCore() };
  } catch (error) {
    return refusal("core_unusable", errorText(error));
  }
}
