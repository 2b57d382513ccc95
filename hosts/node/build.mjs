/** Builds the library for Node: one ES module and its declarations, in `hosts/node/dist`. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { bundle, root } from "../../cli/bundle.mjs";

const typescript = dirname(createRequire(import.meta.url).resolve("typescript/package.json"));

try {
  await bundle(join(root, "hosts/node/index.ts"), join(root, "hosts/node/dist/index.mjs"), {
    packages: "external",
  });
  await bundle(
    join(root, "hosts/node/checkpoints/worker.ts"),
    join(root, "hosts/node/dist/checkpoints.mjs"),
    {
      packages: "external",
    },
  );
  execFileSync(
    process.execPath,
    [join(typescript, "bin/tsc"), "-p", join(root, "hosts/node/tsconfig.types.json")],
    {
      stdio: "inherit",
    },
  );
} catch (error) {
  if (!Array.isArray(error.errors)) console.error(`hosts/node/build.mjs: ${error.message}`);
  process.exitCode = 1;
}
