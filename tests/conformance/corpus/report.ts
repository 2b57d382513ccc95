/** What a host prints of a run of the corpus. For any runtime. */
import { instantiate, type Sha256 } from "../../../engine/binding/index.ts";
import { type CorpusDifference, runCorpus } from "./run.ts";

/** One line of JSON. */
export interface HostReport {
  host: string;
  version: string;
  /** SHA-256 of the core, hex. */
  core: string;
  /** SHA-256 over all that the corpus gives, hex. */
  result: string;
  decisions: number;
  refusals: number;
  /** Left out by hosts that do not say. */
  difference?: CorpusDifference | null;
}

export interface Subject {
  host: string;
  version: string;
  /** Text of corpus.jsonl. */
  corpus: string;
  /** Bytes of core.wasm. */
  wasm: Uint8Array<ArrayBuffer>;
  /** Hashes records in the core's place. */
  sha256?: Sha256;
}

/** Runs the corpus on the binding in whatever runtime this is. */
export async function reportOn({ host, version, corpus, wasm, sha256 }: Subject): Promise<HostReport> {
  const openCore = async () => {
    if (sha256 === undefined) return instantiate(wasm);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", wasm));
    return instantiate(await WebAssembly.compile(wasm), { digest, sha256 });
  };
  return { host, version, ...(await runCorpus({ openCore }, corpus)) };
}
