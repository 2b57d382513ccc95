/** The library for Deno, in that of the npm package `deno`: it may read the corpus and the core, and nothing else. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleNeutral, CORE_FILE, CORPUS_FILE, type Host, programOf, ROOT, reportOf } from "../host.ts";

const host: Host = {
  name: "deno",
  async run() {
    const program = programOf("deno", ["deno", "deno.exe"]);
    if (program === null) return { skipped: "the package `deno` is not installed for this platform" };
    const bundle = await bundleNeutral("tests/conformance/entries/deno.ts", "deno");
    const library = join(ROOT, "hosts/deno/dist/index.mjs");
    // That of the library too, which is imported by an address that is found while running.
    const read = `--allow-read=${[CORPUS_FILE, CORE_FILE, library].join(",")}`;
    const given = [bundle, CORPUS_FILE, pathToFileURL(library).href];
    return reportOf(program, ["run", "--no-config", "--no-prompt", read, ...given]);
  },
};

export default host;
