/** The library for Node, in Bun of the npm package `bun`. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleNeutral, CORPUS_FILE, type Host, programOf, ROOT, reportOf } from "../host.ts";

const host: Host = {
  name: "bun",
  async run() {
    const program = programOf("bun", ["bin/bun", "bin/bun.exe"]);
    if (program === null) return { skipped: "the package `bun` is not installed for this platform" };
    const bundle = await bundleNeutral("tests/conformance/entries/bun.ts", "bun");
    const library = pathToFileURL(join(ROOT, "hosts/node/dist/index.mjs")).href;
    return reportOf(program, [bundle, CORPUS_FILE, library]);
  },
};

export default host;
