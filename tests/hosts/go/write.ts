/** Writes the tables and the test data of the Go host: `node cli/run.mjs tests/hosts/go/write.ts`. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ROOT } from "../../docs/pages.ts";
import { files } from "./files.ts";

for (const [path, bytes] of files()) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true });
  writeFileSync(join(ROOT, path), bytes);
}
