/** `deno run --allow-read=… BUNDLE corpus.jsonl LIBRARY`: prints the report. LIBRARY is a `file:` address. */
import { type Library, reportOnLibrary } from "./library.ts";

interface Deno {
  args: string[];
  version: { deno: string };
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  exit(code: number): never;
}

const { Deno } = globalThis as unknown as { Deno: Deno };
const [corpus, library] = Deno.args as [string, string];
const report = await reportOnLibrary({
  host: "deno",
  version: Deno.version.deno,
  library: (await import(library)) as Library,
  corpus: new TextDecoder().decode(await Deno.readFile(corpus)),
});
console.log(JSON.stringify(report));
Deno.exit(report.difference === null ? 0 : 1);
