/** The library for browsers, in the Chromium that is installed, under a strict content security policy. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHROMIUM, openSite, pageOf } from "../chromium.ts";
import type { HostReport } from "../corpus/report.ts";
import { bundleNeutral, CORPUS_FILE, type Host, ROOT } from "../host.ts";

const DIST = join(ROOT, "hosts/browser/dist");

const host: Host = {
  name: "browser",
  async run() {
    if (CHROMIUM === null) return { skipped: "there is no Chromium (Debian: chromium)" };
    const bundle = await bundleNeutral("tests/conformance/entries/browser.ts", "browser");
    const site = await openSite(
      new Map<string, Uint8Array | string>([
        ["index.html", pageOf("entry.mjs")],
        ["entry.mjs", readFileSync(bundle)],
        ["corpus.jsonl", readFileSync(CORPUS_FILE)],
        ["faramesh/index.mjs", readFileSync(join(DIST, "index.mjs"))],
        ["faramesh/core.wasm", readFileSync(join(DIST, "core.wasm"))],
      ]),
    );
    try {
      return JSON.parse(await site.hear("index.html")) as HostReport;
    } finally {
      await site.close();
    }
  },
};

export default host;
