/** Where a policy comes from: bundles and trust files by their paths or as bytes. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type SourceOptions, sourcesOf } from "../../control/policy/source.ts";
import { newCore } from "./core.ts";
import { stateFile } from "./state.ts";

/** `trust` may be a path; `state` is the path of a state file. */
export type PolicyOptions = SourceOptions<string>;

export const prepareSource = sourcesOf<string>({
  read: (path) => readFile(path),
  memory: stateFile,
  now: () => Date.now(),
  machinery: {
    openCore: newCore,
    sha256Hex: (bytes) => createHash("sha256").update(bytes).digest("hex"),
  },
});
