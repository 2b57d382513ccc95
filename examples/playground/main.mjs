/** `npm run playground [-- --build | --port N]`: builds the playground, and serves it unless only the build is asked for. */
import { relative } from "node:path";
import { parseArgs } from "node:util";
import { build, DIST } from "./build.mjs";
import { serve } from "./serve.mjs";

const PORT = 4173;

try {
  const { values } = parseArgs({ options: { build: { type: "boolean" }, port: { type: "string" } } });
  const files = await build();
  const total = { name: "all", bytes: 0, gzipped: 0 };
  for (const { bytes, gzipped } of files) {
    total.bytes += bytes;
    total.gzipped += gzipped;
  }
  for (const { name, bytes, gzipped } of [...files, total]) {
    console.log(
      `${name.padEnd(12)} ${String(bytes).padStart(9)} bytes ${String(gzipped).padStart(9)} gzipped`,
    );
  }
  if (values.build) console.log(`\nbuilt into ${relative(process.cwd(), DIST)}`);
  else {
    const { address } = await serve(DIST, values.port === undefined ? PORT : Number(values.port));
    console.log(`\n${address}  (Ctrl C ends it)`);
  }
} catch (error) {
  console.error(`playground: ${error.message}`);
  process.exitCode = 1;
}
