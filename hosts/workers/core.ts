import { type Core, instantiate } from "../../engine/binding/index.ts";

/** Workers compile no bytes: the core is imported as a module, and its digest comes with it from the build. */
export interface CoreModule {
  readonly module: WebAssembly.Module;
  /** SHA-256 of the module's bytes, 64 hexadecimal digits: `faramesh/core.sha256` has it. */
  readonly digest: string;
}

const DIGEST = /^[0-9a-f]{64}$/;

/** @throws RangeError for what is no digest. */
export function coresOf({ module, digest }: CoreModule): () => Promise<Core> {
  if (!DIGEST.test(digest)) throw new RangeError("digest: 64 lower-case hexadecimal digits");
  const bytes = Uint8Array.from(digest.match(/../g)!, (pair) => Number.parseInt(pair, 16));
  return () => instantiate(module, { digest: bytes });
}
