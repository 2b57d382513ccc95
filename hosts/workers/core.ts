/** Workers compile no bytes: the core is imported as a module, and its digest comes with it from the build. */

import { type Core, instantiate } from "../../engine/binding/index.ts";
import { digest } from "../../engine/dist/core.sha256.mjs";
import module from "../../engine/dist/core.wasm";

const DIGEST = Uint8Array.from(digest.match(/../g)!, (pair) => Number.parseInt(pair, 16));

/** A new instance of the core that was built with this library. Each policy has its own. */
export const newCore = (): Promise<Core> => instantiate(module, { digest: DIGEST });
