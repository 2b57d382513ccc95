/** The transpiled component in Node: `npm run component` makes it. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ComponentCore } from "./core.ts";
import type { Decisions } from "./decisions.ts";

interface Transpiled {
  instantiate(
    getCoreModule: (name: string) => WebAssembly.Module,
    imports: Record<string, never>,
  ): { decisions: Decisions };
}

/** @param folder engine/dist/component. Rejects when `npm run component` has not made it. */
export async function openComponent(folder: string): Promise<ComponentCore> {
  const file = join(folder, "faramesh.js");
  if (!existsSync(file)) throw new Error(`${file} is missing: run \`npm run component\``);
  const { instantiate } = (await import(pathToFileURL(file).href)) as Transpiled;
  const modules = new Map<string, WebAssembly.Module>();
  const compiled = (name: string): WebAssembly.Module => {
    const known =
      modules.get(name) ?? new WebAssembly.Module(new Uint8Array(readFileSync(join(folder, name))));
    modules.set(name, known);
    return known;
  };
  return new ComponentCore(() => instantiate(compiled, {}).decisions);
}
