/** Runs the suite in Node, Deno, Bun or a page, on the library whose address is given, and prints what came of it. */
import { type PortableLibrary, runSuite, type Surroundings } from "./portable-suite.ts";

interface Runtime {
  Deno?: { args: string[]; readFile(path: string): Promise<Uint8Array> };
  /** Of Node and Bun. */
  process?: { argv: string[]; getBuiltinModule(name: "fs/promises"): { readFile: Surroundings["read"] } };
  location?: { search: string };
}

const { Deno, process, location } = globalThis as unknown as Runtime;

const readPage = async (place: string): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(place)).arrayBuffer());

/** Arguments of the program, or of the page's address: the library, the present, and a state or nothing. */
function started(): { args: string[]; read: Surroundings["read"] } {
  if (Deno !== undefined) return { args: Deno.args, read: (place) => Deno.readFile(place) };
  if (location !== undefined)
    return { args: decodeURIComponent(location.search.slice(1)).split(" "), read: readPage };
  const { argv, getBuiltinModule } = process!;
  return { args: argv.slice(2), read: getBuiltinModule("fs/promises").readFile };
}

const { args, read } = started();
const [library, nowMs, state] = args as [string, string, string?];
const found = await runSuite({
  library: (await import(library)) as PortableLibrary,
  read,
  nowMs: Number(nowMs),
  state: state ?? null,
});
console.log(JSON.stringify(found));
