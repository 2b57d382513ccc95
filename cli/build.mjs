/** Builds the command: `cli/main.ts` and all it imports into the single file `cli/dist/faramesh.mjs`. */
import { join } from "node:path";
import { bundle, root } from "../hosts/bundle.mjs";

try {
  await bundle(join(root, "cli/main.ts"), join(root, "cli/dist/faramesh.mjs"), {
    minify: true,
    legalComments: "eof",
  });
} catch (error) {
  if (!Array.isArray(error.errors)) console.error(`cli/build.mjs: ${error.message}`);
  process.exitCode = 1;
}
