/** Runs the corpus on the core of a built library. For any runtime. */
import type { TrustFile } from "../../../bundles/trust/index.ts";
import type { Core } from "../../../engine/binding/index.ts";
import { type OpeningHost, openedBy, type Refusal } from "../corpus/opening.ts";
import type { HostReport } from "../corpus/report.ts";
import { runCorpus } from "../corpus/run.ts";

/** What each library has of it. */
export interface Library {
  parseTrustFile: OpeningHost["parseTrustFile"];
  openPolicy(
    file: Uint8Array,
    options: { insecure: true } | { trust: TrustFile; nowMs: () => number },
  ): Promise<unknown>;
  PolicyRefused: new (...given: never[]) => Error & Pick<Refusal, "code" | "coreCode">;
  followPolicy(options: {
    origin: string;
    insecure: true;
  }): Promise<{ policy: { readonly core: Core }; close(): void }>;
}

export interface LibrarySubject {
  host: string;
  version: string;
  library: Library;
  /** Text of corpus.jsonl. */
  corpus: string;
}

/** Where there is no bundle, a policy that follows it has a core without one. */
const NOWHERE = "there-is-no-bundle";

/** What was accepted before is remembered by a state of the library's own, which no line has. */
function openingOf({ parseTrustFile, openPolicy, PolicyRefused }: Library): OpeningHost {
  return {
    parseTrustFile,
    async open(file, verified, highest) {
      if (highest !== null) return null;
      const { trust, nowMs } = verified.insecure ? { trust: null, nowMs: 0 } : verified;
      try {
        await openPolicy(file, trust === null ? { insecure: true } : { trust, nowMs: () => nowMs });
        return { ok: true };
      } catch (error) {
        if (!(error instanceof PolicyRefused)) throw error;
        return { ok: false, code: error.code, coreCode: error.coreCode };
      }
    },
  };
}

export async function reportOnLibrary(subject: LibrarySubject): Promise<HostReport> {
  const { host, version, library, corpus } = subject;
  const openCore = async (): Promise<Core> => {
    const { policy, close } = await library.followPolicy({ origin: NOWHERE, insecure: true });
    close();
    return policy.core;
  };
  const open = openedBy(openingOf(library));
  return { host, version, ...(await runCorpus({ openCore, open }, corpus)) };
}
