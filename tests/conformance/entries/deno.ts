/** `deno run --allow-read BUNDLE corpus.jsonl core.wasm`: prints the report. */
import { reportOn } from "../corpus/report.ts";

interface Deno {
  args: string[];
  version: { deno: string };
  readFile(path: string): Promise<Uint8Array<ArrayBuffer>>;
  exit(code: number): never;
}

const { Deno } = globalThis as unknown as { Deno: Deno };
const [corpus, core] = Deno.args as [string, string];
const report = await reportOn({
  host: "deno",
  version: Deno.version.deno,
  corpus: new TextDecoder().decode(await Deno.readFile(corpus)),
  wasm: await Deno.readFile(core),
});
console.log(JSON.stringify(report));
Deno.exit(report.difference === null ? 0 : 1);
