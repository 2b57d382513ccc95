/** The binding in workerd, from the npm package `miniflare`: the core as the library for Workers imports it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Miniflare } from "miniflare";
import { modulesOf, scriptOf } from "../../hosts/workers/script.ts";
import type { CorpusOutcome } from "../corpus/run.ts";
import { CORPUS_FILE, type Host, ROOT } from "../host.ts";

const { version } = createRequire(join(ROOT, "package.json"))("workerd/package.json") as { version: string };

const host: Host = {
  name: "workers",
  async run() {
    const miniflare = new Miniflare({
      modules: modulesOf(await scriptOf("tests/conformance/entries/workers.ts")),
      modulesRoot: "/",
      cf: false,
      compatibilityDate: "2026-04-01",
    });
    try {
      const body = readFileSync(CORPUS_FILE, "utf8");
      const response = await miniflare.dispatchFetch("http://localhost", { method: "POST", body });
      if (!response.ok) throw new Error(`workerd answers ${response.status}: ${await response.text()}`);
      return { host: "workers", version, ...((await response.json()) as CorpusOutcome) };
    } finally {
      await miniflare.dispose();
    }
  },
};

export default host;
