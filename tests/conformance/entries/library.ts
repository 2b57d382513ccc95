/** Runs the corpus on the core of a built library. For any runtime. */
import type { Core } from "../../../engine/binding/index.ts";
import type { HostReport } from "../corpus/report.ts";
import { runCorpus } from "../corpus/run.ts";

/** What each library has of it. */
export interface Library {
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

export async function reportOnLibrary(subject: LibrarySubject): Promise<HostReport> {
  const { host, version, library, corpus } = subject;
  const openCore = async (): Promise<Core> => {
    const { policy, close } = await library.followPolicy({ origin: NOWHERE, insecure: true });
    close();
    return policy.core;
  };
  return { host, version, ...(await runCorpus({ openCore }, corpus)) };
}
