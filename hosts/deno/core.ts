import { type Core, coreFrom } from "../../engine/binding/index.ts";
import { Deno } from "./runtime.ts";

const CORE = new URL("../../engine/dist/core.wasm", import.meta.url);

/** A new instance of the core that was built with this library, compiled once per process. Each policy has its own. Rejects when there is none. */
export const newCore: () => Promise<Core> = coreFrom(() => Deno.readFile(CORE));
