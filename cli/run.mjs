/**
 * `node cli/run.mjs ENTRY.ts [ARGUMENT ...]`: bundles a TypeScript entry and runs it in this process, with the
 * remaining arguments in `process.argv`. Packages stay outside of the bundle.
 */
import { randomUUID } from "node:crypto";
import { rmSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { bundle, root } from "../hosts/bundle.mjs";

const [entry, ...rest] = process.argv.slice(2);
if (entry === undefined || entry.startsWith("-")) {
  console.error("usage: node cli/run.mjs ENTRY.ts [ARGUMENT ...]");
  process.exit(2);
}
const out = join(root, "node_modules/.cache/faramesh", `${basename(entry, ".ts")}-${randomUUID()}.mjs`);
try {
  const url = await bundle(resolve(entry), out, { packages: "external", sourcemap: "inline" });
  process.on("exit", () => rmSync(out, { force: true }));
  process.setSourceMapsEnabled(true);
  process.argv = [process.argv[0], resolve(entry), ...rest];
  await import(url);
} catch (error) {
  if (!Array.isArray(error?.errors)) throw error;
  process.exitCode = 1;
}
