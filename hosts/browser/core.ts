import { type Core, coreFrom } from "../../engine/binding/index.ts";

/** Beside the built module. Bundlers know this form of an address, and bring the file along. */
const CORE = new URL("core.wasm", import.meta.url);

async function readCore(): Promise<ArrayBuffer> {
  const response = await fetch(CORE);
  if (!response.ok) throw new Error(`${CORE.href} answers ${response.status}`);
  return response.arrayBuffer();
}

/** A new instance of the core that was built with this library, compiled once per page. Each policy has its own. Rejects when there is none. */
export const newCore: () => Promise<Core> = coreFrom(readCore);
