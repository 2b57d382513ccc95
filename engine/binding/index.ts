/**
 * The core for any runtime with WebAssembly: instantiate once, load a bundle, decide many times.
 *
 *     const core = await instantiate(wasm);
 *     const loaded = core.load(bundle, { signed: true });
 *     const verdict = core.decide('{"agent":"support","tool":"stripe/refund","args":{"amount":20}}');
 */
import { instantiate as instantiateModule } from "@assemblyscript/loader";
import { Core } from "./core.ts";
import { DIGEST_BYTES, Instance } from "./instance.ts";

export type { Code, CodeName, Effect } from "./codes.ts";
export { CODES, codeNamed, codeOf } from "./codes.ts";
export type {
  CanonicalRefusal,
  CanonicalResult,
  Recorded,
  RecordPlace,
  Text,
  Traced,
  TraceEvent,
} from "./core.ts";
export { Core } from "./core.ts";
export type { StateBlobs } from "./instance.ts";
export type { LoadRefusalCode, LoadResult } from "./load.ts";
export type { CredentialObligation, Detail, Obligations, RuleIdentity, Verdict } from "./verdict.ts";

/** The bytes of engine/dist/core.wasm. */
export type WasmBytes = Uint8Array<ArrayBuffer> | ArrayBuffer;

/**
 * A core without a policy: every decision is a deny with `no_policy` until a bundle is loaded.
 * Records name the core by the SHA-256 of its bytes, so a compiled module comes with that `digest` (32 bytes).
 * Rejects with TypeError for a module without one, and with the runtime's error for bytes that are no module.
 */
export function instantiate(wasm: WasmBytes): Promise<Core>;
export function instantiate(
  module: WebAssembly.Module,
  options: { readonly digest: Uint8Array },
): Promise<Core>;
export async function instantiate(
  wasm: WasmBytes | WebAssembly.Module,
  options?: { readonly digest: Uint8Array },
): Promise<Core> {
  if (wasm instanceof WebAssembly.Module) {
    const digest = options?.digest;
    if (!(digest instanceof Uint8Array) || digest.byteLength !== DIGEST_BYTES) {
      throw new TypeError(`options.digest: the SHA-256 of the module's bytes, ${DIGEST_BYTES} bytes`);
    }
    return new Core(wasm, digest);
  }
  // Copied, so that what is compiled is what is digested.
  const bytes = new Uint8Array(wasm instanceof ArrayBuffer ? wasm.slice(0) : wasm);
  const { module } = await instantiateModule(bytes);
  const hasher = new Instance(module);
  hasher.exports.digest(hasher.writeHashed(bytes));
  return new Core(module, hasher.readHash());
}
