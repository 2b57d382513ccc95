/** The binding in Deno, from the npm package `deno`. */
import { bundleNeutral, CORE_FILE, CORPUS_FILE, type Host, programOf, reportOf } from "../host.ts";

const host: Host = {
  name: "deno",
  async run() {
    const program = programOf("deno", ["deno", "deno.exe"]);
    if (program === null) return { skipped: "the package `deno` is not installed for this platform" };
    const bundle = await bundleNeutral("tests/conformance/entries/deno.ts", "deno");
    return reportOf(program, ["run", "--no-config", "--allow-read", bundle, CORPUS_FILE, CORE_FILE]);
  },
};

export default host;
