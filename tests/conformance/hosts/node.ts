/** The library for Node: its core, whose records are hashed by Node's own SHA-256. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { load as loadFile } from "../../../bundles/load.ts";
import { parseTrustFile } from "../../../bundles/trust/index.ts";
import { openCore as openNodeCore } from "../../../hosts/node/core.ts";
import { prepareSource } from "../../../hosts/node/source.ts";
import { openedBy } from "../corpus/opening.ts";
import type { Load } from "../corpus/player.ts";
import { runCorpus } from "../corpus/run.ts";
import { CORPUS_FILE, type Host } from "../host.ts";

const sha256Hex = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const load: Load = (file, options) =>
  loadFile(file, options.insecure === true ? options : { ...options, sha256Hex });

async function openCore() {
  const opened = await openNodeCore();
  if (!opened.ok) throw new Error(opened.message);
  return opened.core;
}

const open = openedBy({
  parseTrustFile,
  open: (file, verified, highest) => {
    const { trust, nowMs } = verified.insecure ? { trust: null, nowMs: 0 } : verified;
    const options = trust === null ? { insecure: true as const } : { trust, nowMs: () => nowMs };
    return prepareSource(file, options, highest);
  },
});

const host: Host = {
  name: "node",
  async run() {
    const outcome = await runCorpus({ openCore, load, open }, readFileSync(CORPUS_FILE, "utf8"));
    return { host: "node", version: process.versions.node, ...outcome };
  },
};

export default host;
