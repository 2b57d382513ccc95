#!/usr/bin/env node
/** The launcher: runs the built command, or says how to build it. */
import { existsSync } from "node:fs";

const built = new URL("./dist/faramesh.mjs", import.meta.url);
if (existsSync(built)) {
  await import(built);
} else {
  process.stderr.write(
    "faramesh: the command is not built yet\n  help: run `npm run build` in the checkout, once\n",
  );
  process.exitCode = 2;
}
