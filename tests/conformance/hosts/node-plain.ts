/** The binding alone, as any runtime may use it: the core hashes its own records. */
import { readFileSync } from "node:fs";
import { reportOn } from "../corpus/report.ts";
import { CORE_FILE, CORPUS_FILE, type Host } from "../host.ts";

const host: Host = {
  name: "node-plain",
  run: () =>
    reportOn({
      host: "node-plain",
      version: process.versions.node,
      corpus: readFileSync(CORPUS_FILE, "utf8"),
      wasm: new Uint8Array(readFileSync(CORE_FILE)),
    }),
};

export default host;
