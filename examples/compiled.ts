/** Opens a policy straight from its text, unsigned: for replays and tests. Deployments load signed bundles. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { compile } from "../bundles/compile/compile.ts";
import { type Core, instantiate } from "../engine/binding/index.ts";
import { check } from "../fpl-grammar/index.ts";
import type { Diagnostic, SourceFile } from "../fpl-grammar/program.ts";

const CORE = new URL("../engine/dist/core.wasm", import.meta.url);

let wasm: Uint8Array<ArrayBuffer> | undefined;

/** Checks and compiles; `bundle` is null when any diagnostic is an error. */
export function compileSources(files: SourceFile[]): {
  bundle: Uint8Array | null;
  diagnostics: Diagnostic[];
} {
  const checked = check(files);
  if (checked.program === null) return { bundle: null, diagnostics: checked.diagnostics };
  const compiled = compile(checked.program);
  return { bundle: compiled.bundle, diagnostics: [...checked.diagnostics, ...compiled.diagnostics] };
}

/** A core with that bundle loaded. Throws when the core refuses it. */
export async function openBundle(bundle: Uint8Array): Promise<Core> {
  wasm ??= new Uint8Array(readFileSync(CORE));
  const core = await instantiate(wasm);
  const loaded = core.load(bundle, { signed: false });
  if (!loaded.ok) throw new Error(`the core refuses the bundle: ${JSON.stringify(loaded)}`);
  return core;
}

/** Throws with the first error of the policy. */
export async function policyFrom(path: string): Promise<Core> {
  const { bundle, diagnostics } = compileSources([
    { name: basename(path), text: readFileSync(path, "utf8") },
  ]);
  const error = diagnostics.find(({ severity }) => severity === "error");
  if (bundle === null) throw new Error(`${path}:${error?.span.line}: ${error?.code} ${error?.message}`);
  return openBundle(bundle);
}
