/**
 * The core for any runtime with WebAssembly: instantiate once, load a bundle, decide many times.
 *
 *     const core = await instantiate(wasm);
 *     const loaded = core.load(bundle, { signed: true });
 *     const verdict = core.decide('{"agent":"support","tool":"stripe/refund","args":{"amount":20}}');
 */
import { instantiate as instantiateModule } from "@assemblyscript/loader";
import { Core } from "./core.ts";
import { DIGEST_BYTES, Instance, type Sha256 } from "./instance.ts";

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
export type { Sha256, StateBlobs } from "./instance.ts";
export type { LoadRefusalCode, LoadResult } from "./load.ts";
export type { CredentialObligation, Detail, Obligations, RuleIdentity, Verdict } from "./verdict.ts";

/** The bytes of engine/dist/core.wasm. */
export type WasmBytes = Uint8Array<ArrayBuffer> | ArrayBuffer;

export interface ModuleOptions {
  /** SHA-256 of the module's bytes, 32 bytes. */
  readonly digest: Uint8Array;
  /** Hashes records in the core's place, to the same bytes; compared with the core's own once. */
  readonly sha256?: Sha256;
}

/**
 * A core without a policy: every decision is a deny with `no_policy` until a bundle is loaded.
 * Records name the core by the SHA-256 of its bytes, so a compiled module comes with that `digest` (32 bytes).
 * Rejects with TypeError for a module without one or a `sha256` that is none, and with the runtime's error for bytes that are no module.
 */
export function instantiate(wasm: WasmBytes): Promise<Core>;
export function instantiate(module: WebAssembly.Module, options: ModuleOptions): Promise<Core>;
export async function instantiate(
  wasm: WasmBytes | WebAssembly.Module,
  options?: ModuleOptions,
): Promise<Core> {
  if (wasm instanceof WebAssembly.Module) {
    const digest = options?.digest;
    if (!(digest instanceof Uint8Array) || digest.byteLength !== DIGEST_BYTES) {
      throw new TypeError(`options.digest: the SHA-256 of the module's bytes, ${DIGEST_BYTES} bytes`);
    }
    const sha256 = options?.sha256 ?? null;
    if (sha256 !== null) checkSha256(new Instance(wasm), sha256);
    return new Core(wasm, digest, sha256);
  }
  // Copied, so that what is compiled is what is digested.
  const { module, digest } = await compiled(
    new Uint8Array(wasm instanceof ArrayBuffer ? wasm.slice(0) : wasm),
  );
  return new Core(module, digest);
}

/**
 * The same for a host that opens many: reads and compiles the core at the first call, and again only after a failure.
 * @param sha256 as in ModuleOptions.
 */
export function coreFrom(read: () => Promise<WasmBytes>, sha256?: Sha256): () => Promise<Core> {
  let compiling: ReturnType<typeof compiled> | null = null;
  return async () => {
    try {
      compiling ??= read().then((wasm) => compiled(new Uint8Array(wasm), sha256));
      const { module, digest } = await compiling;
      return new Core(module, digest, sha256);
    } catch (error) {
      compiling = null;
      throw error;
    }
  };
}

/** @param bytes nobody else's. @param sha256 compared with the core's own. */
async function compiled(
  bytes: Uint8Array<ArrayBuffer>,
  sha256?: Sha256,
): Promise<{ module: WebAssembly.Module; digest: Uint8Array }> {
  const { module } = await instantiateModule(bytes);
  const hasher = new Instance(module);
  if (sha256 !== undefined) checkSha256(hasher, sha256);
  hasher.exports.digest(hasher.writeHashed(bytes));
  return { module, digest: hasher.readHash() };
}

const PROBE_BYTES = 1_000;

function checkSha256(instance: Instance, sha256: Sha256): void {
  const probe = Uint8Array.from({ length: PROBE_BYTES }, (_, index) => index);
  instance.exports.digest(instance.writeHashed(probe));
  const expected = instance.readHash();
  const found = new Uint8Array(DIGEST_BYTES);
  sha256(probe, found);
  if (expected.some((byte, index) => byte !== found[index])) {
    throw new TypeError("options.sha256: SHA-256 of the message, written into the target");
  }
}
