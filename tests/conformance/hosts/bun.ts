/** The binding in Bun, from the npm package `bun`. */
import { bundleNeutral, CORE_FILE, CORPUS_FILE, type Host, programOf, reportOf } from "../host.ts";

const host: Host = {
  name: "bun",
  async run() {
    const program = programOf("bun", ["bin/bun", "bin/bun.exe"]);
    if (program === null) return { skipped: "the package `bun` is not installed for this platform" };
    const bundle = await bundleNeutral("tests/conformance/entries/bun.ts", "bun");
    return reportOf(program, [bundle, CORPUS_FILE, CORE_FILE]);
  },
};

export default host;
